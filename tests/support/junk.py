"""Bad requests without end: OpenAI's bodies with wrong things in right places, and bytes that are no body at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import PIL.Image
from hypothesis import strategies as st

from support.pictures import png

GENERATE, EDIT, CHAT = "protolabs/qwen-image", "protolabs/qwen-image-edit", "protolabs/qwen-image-chat"
PICTURE = png(PIL.Image.new("RGB", (64, 48), "teal"))
SECRET = "sk-5ecret5ecret5ecret"
"""A key that somebody sends by mistake; it must not turn up anywhere."""


@dataclass(frozen=True)
class Shot:
    """One request."""

    path: str
    content: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


def _url(data: bytes, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


FILES = (
    b"", b"x", b"this is no picture", PICTURE[:40], PICTURE[:-20], PICTURE[:60] + b"\0" * 60,
    b"GIF89a" + b"\0" * 20,
    b"\xff\xd8\xff\xe0" + bytes(range(256)), b"RIFF\x10\0\0\0WEBPVP8 ", b"BM" + b"\xff" * 60,
    b"II*\0\x08\0\0\0\xff\xff",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n" + b"\xff" * 40, b"%PDF-1.4",
    b"\0" * 4096, PICTURE,
)  # fmt: skip
"""Things that are sent as pictures; the last one is one."""
WORDS = (
    "", " ", "%date%", "__colour__", "{a|b}", '["3", 0]', '{"class_type": "LoadImage"}', "../../etc/passwd",
    "file:///etc/passwd",
    "/etc/passwd", "http://127.0.0.1:9/a.png", "http://[::1]/", "http://169.254.169.254/", "ftp://a/b",
    "https://", "data:",
    "data:image/png;base64,", "data:image/png;base64,@@@", "data:text/html,hi", "null", "NaN", "-1", "0x10",
    "1e999", "9" * 400,
    "\0", "\u202e", "\ud800", "👩‍👩‍👧", "a" * 70_000, "1024x1024", "0x0", "99999x1", "auto", "<script>",
    "${jndi:ldap://x}", SECRET,
    *(_url(data) for data in FILES),
)  # fmt: skip
NUMBERS = (0, -1, 1, 11, 10**6, 2**31, 2**63, 2**64, -(2**64), 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf"))
scalars = st.one_of(st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(WORDS), st.text(max_size=20))


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(("type", "url", "a", "text", ""))
    return st.one_of(inner, st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3))


values = _nested(_nested(scalars))

_IMAGE_FIELDS = [
    "prompt", "model", "n", "size", "quality", "style", "user", "response_format", "background", "moderation",
    "stream", "output_format", "output_compression", "partial_images", "seed", "negative_prompt", "input_fidelity",
    "mask", "image", "images", "extra_body", "steps", "loras", "workflow", "return_mask", "image_output",
    "strength",
]  # fmt: skip
_CHAT_FIELDS = [
    "model", "messages", "stream", "stream_options", "n", "seed", "temperature", "top_p", "max_tokens", "stop",
    "tools", "user", "tool_choice", "response_format", "modalities", "audio", "metadata", "size", "quality",
    "reasoning_effort", "logit_bias", "max_completion_tokens", "image_output", "partial_images", "functions",
    "prediction", "store", "service_tier",
]  # fmt: skip
_GATEWAY_FIELDS = [
    "api_base", "api_key", "timeout", "metadata", "litellm_metadata", "litellm_logging_obj", "user_config",
    "headers", "tags", "proxy_server_request", "num_retries", "max_retries", "fallbacks", "litellm_params",
    "model_info", "client", "cache", "custom_llm_provider", "base_model", "extra_headers", "self",
    "specific_deployment", "protobanana_params", "drop_params", "additional_drop_params", "allowed_openai_params",
    "mock_response", "callbacks", "request_timeout", "prompt_id",
]  # fmt: skip
_TYPES = (
    "application/json", "text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data",
    "image/png", "a/b; c=d",
    "multipart/form-data; boundary=x", "multipart/form-data; boundary=", "application/json; charset=utf-16",
    "audio/wav",
)  # fmt: skip
_HEADERS = (
    ("x-litellm-timeout", "soon"), ("x-litellm-num-retries", "{"), ("x-litellm-tags", "[1,"),
    ("content-encoding", "gzip"),
    ("x-litellm-spend-logs-metadata", "{"), ("traceparent", "00-0-0-0"), ("anthropic-beta", "x"),
    ("range", "bytes=9-1"),
    ("x-protobanana-image-output", "pigeon"), ("x-openwebui-user-id", "../x"), ("accept", "nothing/at-all"),
    ("expect", "x"),
)  # fmt: skip


def _bad(body: dict[str, Any], fields: list[str], draw: Callable[..., Any]) -> dict[str, Any]:
    """A good body with one to three fields spoilt, left out or added."""
    for name in draw(st.lists(st.sampled_from(fields + _GATEWAY_FIELDS), min_size=1, max_size=3)):
        if draw(st.integers(0, 5)):
            body[name] = draw(values)
        else:
            body.pop(name, None)
    if body.get("n") in range(2, 11):
        body["n"] = 0  # an engine that computes nothing cannot draw several
    return body


@st.composite
def _message(draw: Callable[..., Any]) -> Any:
    part = st.one_of(
        values,
        st.builds(lambda text: {"type": "text", "text": text}, values),
        st.builds(lambda url: {"type": "image_url", "image_url": {"url": url}}, values),
        st.builds(lambda kind, rest: {"type": kind, "image_url": rest}, values, values),
    )
    role = draw(st.sampled_from(("user", "user", "assistant", "system", "tool", "developer", "?", None, 5)))
    message = {"role": role, "content": draw(st.one_of(values, st.lists(part, max_size=3)))}
    for name in draw(
        st.lists(st.sampled_from(("name", "images", "tool_calls", "tool_call_id", "function_call")), max_size=2)
    ):
        message[name] = draw(values)
    return draw(st.sampled_from((message, message, message, 5, None, [], {"content": "x"})))


@st.composite
def bodies(draw: Callable[..., Any]) -> Shot:
    """Structured: JSON of OpenAI's shape, with one to three things wrong."""
    kind = draw(st.sampled_from(("images/generations", "images/edits", "chat/completions", "chat/completions")))
    if kind == "images/generations":
        body = _bad({"model": GENERATE, "prompt": "a cat", "size": "256x256"}, _IMAGE_FIELDS, draw)
    elif kind == "images/edits":
        picture = {"image_url": _url(PICTURE)}
        body = _bad({"model": EDIT, "prompt": "make it red", "images": [picture]}, _IMAGE_FIELDS, draw)
    else:
        messages = [{"role": "user", "content": "draw a cat"}]
        if draw(st.booleans()):
            messages += draw(st.lists(_message(), min_size=1, max_size=3))
        body = {"model": CHAT, "messages": messages, "stream": draw(st.booleans())}
        body = _bad(body, _CHAT_FIELDS, draw) if draw(st.booleans()) else body
    headers = tuple(draw(st.lists(st.sampled_from(_HEADERS), max_size=1)))
    return Shot(f"/v1/{kind}", json.dumps(body).encode(), "application/json", headers)


@st.composite
def forms(draw: Callable[..., Any]) -> Shot:
    """Multipart forms: fields of text where others belong, files that are no pictures, boundaries that are not kept."""
    fields: dict[str, str] = {"model": EDIT, "prompt": "make it red", "size": "256x256"}
    for name in draw(st.lists(st.sampled_from(_IMAGE_FIELDS + _GATEWAY_FIELDS), max_size=3)):
        fields[name] = str(draw(scalars))
    if fields.get("n", "1") in {str(n) for n in range(2, 11)}:
        fields["n"] = "0"
    pieces = [f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode("utf-8", "replace")
              for k, v in fields.items()]  # fmt: skip
    for name in draw(st.lists(st.sampled_from(("image", "image[]", "mask", "prompt", "model", "extra")), max_size=4)):
        head = (
            f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        )
        pieces.append(head.encode() + draw(st.sampled_from(FILES)) + b"\r\n")
    content = b"".join(
        (*pieces, draw(st.sampled_from((b"--b--\r\n", b"--b--\r\n", b"--b--\r\n", b"", b"--b", b"--c--\r\n"))))
    )
    if not draw(st.integers(0, 7)):
        content = content[: draw(st.integers(0, len(content)))]
    boundary = draw(st.sampled_from(("b", "b", "b", "b", "x", '"b')))
    return Shot("/v1/images/edits", content, f"multipart/form-data; boundary={boundary}")


@st.composite
def noise(draw: Callable[..., Any]) -> Shot:
    """Raw: JSON that is cut off or of another shape, random bytes, content types that lie, no key or a wrong one."""
    path = draw(
        st.sampled_from(
            ("images/generations", "images/edits", "chat/completions", "responses", "completions", "messages")
        )
    )
    good = json.dumps({"model": CHAT, "messages": [{"role": "user", "content": "hello"}], "prompt": "x"}).encode()
    content = draw(
        st.one_of(
            st.binary(max_size=200),
            st.integers(0, len(good)).map(lambda end: good[:end]),
            values.map(lambda value: json.dumps(value).encode()),
            st.sampled_from((b"[" * 5000, b'{"a":' * 2000, b"\xef\xbb\xbf{}", b"{}{}", good, good + b"x", b"\0" * 100)),
        )
    )
    headers = draw(st.sampled_from(((), (), (), (("authorization", f"Bearer {SECRET}"),), (("authorization", "?"),))))
    return Shot(f"/v1/{path}", content, draw(st.sampled_from(_TYPES)), headers)


shots = st.one_of(bodies(), bodies(), forms(), noise())
