"""What was wrong with a request that LiteLLM stumbled over, told from the request itself after the fact."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from functools import lru_cache
from typing import Any

import litellm
import orjson
from litellm.types.router import LiteLLM_Params
from litellm.types.utils import all_litellm_params

from protobanana.api.options import Options

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_TAKES_FILES = "/images/edits"
_NEEDED = {
    "/images/generations": "prompt",
    "/chat/completions": "messages",
    "/completions": "prompt",
    "/responses": "input",
    "/messages": "messages",
}
"""The field besides `model` that a path cannot do without, by the end of the path; the longest end counts."""
_KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("text", lambda value: isinstance(value, str)),
    "number": ("a number", lambda value: _number(value) is not None),
    "whole": ("a whole number", lambda value: (_number(value) or 0.5) % 1 == 0 or value == 0),
    "flag": ("true or false", lambda value: isinstance(value, bool)),
    "object": ("an object", lambda value: isinstance(value, dict)),
    "objects": ("a list of objects", lambda value: _list_of(value, dict)),
    "texts": ("a list of texts", lambda value: _list_of(value, str)),
}
_FIELDS = {
    "text": "model user api_key api_version organization safety_identifier base_model custom_llm_provider service_tier "
    "litellm_session_id litellm_trace_id litellm_call_id previous_response_id instructions verbosity",
    "number": "timeout stream_timeout request_timeout temperature top_p frequency_penalty presence_penalty "
    "keepalive_seconds",
    "whole": "n seed max_tokens max_completion_tokens max_output_tokens num_retries max_retries priority",
    "flag": "stream store logprobs parallel_tool_calls",
    "object": "metadata litellm_metadata headers extra_headers extra_body stream_options logit_bias cache audio "
    "prediction web_search_options thinking",
    "objects": "tools functions",
    "texts": "tags allowed_openai_params additional_drop_params modalities include",
}
KIND_OF = {name: kind for kind, names in _FIELDS.items() for name in names.split()}
"""What a field must be that LiteLLM reads itself, whatever the model; the model's own fields are judged elsewhere."""
_NUMERIC_HEADERS = {
    "x-litellm-timeout": "number",
    "x-litellm-stream-timeout": "number",
    "x-litellm-num-retries": "whole",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong, in words for the caller; `param` is the field, None for the body as a whole."""

    message: str
    param: str | None = None


def diagnose(path: str, headers: Mapping[str, str], body: bytes, said: str = "") -> Fault | None:
    """The first fault of a request; None when there is none to see. `said` is what LiteLLM said about it."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in FORMS:
        if not path.endswith(_TAKES_FILES):
            return Fault("Send the request as JSON, with 'Content-Type: application/json'.")
        form = _form(headers["content-type"], body) if media_type == FORMS[0] else {}
        if form is None:
            return Fault("The form cannot be read: its parts do not keep to the boundary of its Content-Type.")
        return next(_faults(path, headers, form, said), None)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return Fault(f"The request is not JSON: {error}." if body else "The request is empty; send a JSON object.")
    if not isinstance(document, dict):
        return Fault("The request must be a JSON object with fields such as 'model'.")
    return next(_faults(path, headers, document, said), None)


def _faults(path: str, headers: Mapping[str, str], document: dict[str, Any], said: str) -> Iterator[Fault]:
    if "/deployments/" not in path and "/engines/" not in path and not document.get("model"):
        yield Fault("'model' is missing; GET /v1/models lists the models.", "model")
    for name, kind in KIND_OF.items():
        yield from _kind_fault(f"'{name}'", kind, document.get(name), name)
    needed = next((field for end, field in _NEEDED.items() if path.endswith(end)), None)
    if needed is not None and not document.get(needed):
        yield Fault(f"'{needed}' is missing.", needed)
    if needed == "messages":
        yield from _message_faults(document["messages"])
        yield from _kind_fault("'response_format'", "object", document.get("response_format"), "response_format")
    elif path.endswith("/images/generations"):
        yield from _kind_fault("'prompt'", "text", document["prompt"], "prompt")
    elif "messages" in document:
        yield Fault("'messages' belongs into a call of /v1/chat/completions.", "messages")
    elif needed is not None and not isinstance(document[needed], str | list):
        yield Fault(f"'{needed}' must be text or a list.", needed)
    for name, kind in _NUMERIC_HEADERS.items():
        yield from _kind_fault(f"The header '{name}'", kind, headers.get(name), None)
    # What LiteLLM complains of by name; else what it has a use of its own for.
    named = set(re.findall(r"\w+", said))
    for name in sorted(document, key=lambda name: name not in named):
        if name in named | _own_names() and name not in _public_names():
            yield Fault(f"'{name[:60]}' is a name of the gateway's own, or has no such value; leave it out.", name[:60])


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    """Names that LiteLLM's functions give to things of their own: in a request they get in the way."""
    calls = (litellm.acompletion, litellm.completion, litellm.image_generation, litellm.image_edit, litellm.responses)
    functions = (*calls, *(value for value in vars(litellm.Router).values() if inspect.isfunction(value)))
    names = {name for function in functions for name in inspect.signature(function).parameters}
    return frozenset(names | set(all_litellm_params) | set(LiteLLM_Params.model_fields))


@lru_cache(maxsize=1)
def _public_names() -> frozenset[str]:
    """Fields that a request may well have."""
    others = "model messages prompt input image images mask tool_choice response_format stop reasoning text truncation"
    return frozenset((*others.split(), *KIND_OF, *Options.model_fields))


def _kind_fault(subject: str, kind: str, value: object, param: str | None) -> Iterator[Fault]:
    words, fits = _KINDS[kind]
    if value is not None and not fits(value):
        yield Fault(f"{subject} must be {words}.", param)


def _message_faults(messages: object) -> Iterator[Fault]:
    if not isinstance(messages, list):
        yield Fault("'messages' must be a list of messages.", "messages")
        return
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            yield Fault(f"'{where}' must be an object with role and content.", "messages")
            continue
        content = message.get("content")
        if content is not None and not isinstance(content, str | list):
            yield Fault(f"'{where}.content' must be text or a list of parts.", "messages")
        for place, part in enumerate(content if isinstance(content, list) else ()):
            if not isinstance(part, dict) or not isinstance(part.get("type"), str):
                yield Fault(f"'{where}.content[{place}]' must be an object with a type.", "messages")
        for field in ("tool_calls", "images"):
            if not _list_of(message.get(field) or [], dict):
                yield Fault(f"'{where}.{field}' must be a list of objects.", "messages")


def _form(content_type: str, body: bytes) -> dict[str, Any] | None:
    """The fields of a form, values that are JSON read; None when its parts cannot be told apart."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    if form.defects or not form.is_multipart():
        return None
    fields: dict[str, Any] = {}
    for part in form.iter_parts():
        name, value = part.get_param("name", header="content-disposition"), part.get_payload()
        with suppress(ValueError):
            if KIND_OF.get(str(name), "text") != "text":
                value = orjson.loads(str(value))
        fields[str(name)] = value
    return fields


def _list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(entry, kind) for entry in value)


def _number(value: object) -> float | None:
    """A number, also one written as text, as forms and headers have it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
