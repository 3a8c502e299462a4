"""One request for pictures as the page sends it, and as others can send it: `curl`, or Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protobanana.client.picture import Reference
from protobanana.errors import InvalidRequestError

NATIVE = frozenset(
    {"model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression", "user"}
)
"""Parameters that OpenAI's SDK has itself; all others go into its `extra_body`."""
_MASK = "mask.png"


@dataclass(frozen=True)
class Order:
    """Fields of `/v1/images/generations`, or of `/v1/images/edits` where there are pictures."""

    model: str
    prompt: str
    wishes: Mapping[str, Any] = field(default_factory=dict)
    pictures: Sequence[Reference] = ()
    mask: str | None = None
    """A data URL, white where the picture shall change."""

    @property
    def path(self) -> str:
        """Where it is sent."""
        return "/v1/images/edits" if self.pictures else "/v1/images/generations"

    @property
    def fields(self) -> dict[str, Any]:
        """What is set, pictures apart."""
        return {"model": self.model, "prompt": self.prompt, **self.wishes}

    def form(self) -> dict[str, str]:
        """The fields as those of a form, for edits."""
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in self.fields.items()}

    def check(self, fewest: int, *, mask: bool = False) -> None:
        """Raises InvalidRequestError when something is missing that the gateway would only ask back for."""
        if not self.model:
            raise InvalidRequestError("This gateway has no model for that, or does not know your key.")
        if len(self.pictures) < fewest:
            amount = "a picture" if fewest == 1 else f"{fewest} pictures"
            raise InvalidRequestError(f"Choose {amount} first.")
        if mask and not self.mask:
            raise InvalidRequestError("Paint over what shall change first.")


def as_curl(order: Order, url: str) -> str:
    """The request for a shell. The key is the environment's, never the page's."""
    start = f'curl {url}{order.path} \\\n  -H "Authorization: Bearer $GATEWAY_API_KEY"'
    if not order.pictures:
        body = json.dumps(order.fields, ensure_ascii=False)
        return f"{start} \\\n  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(body)}"
    parts = [shlex.quote(f"{name}={value}") for name, value in order.form().items()]
    parts += [shlex.quote(f"{_field(order)}=@{name}") for name in _names(order)]
    parts += [f"mask=@{_MASK}"] if order.mask else []
    return " \\\n  ".join([start, *(f"-F {part}" for part in parts)])


def as_python(order: Order, url: str) -> str:
    """The request for OpenAI's SDK."""
    native = [f"{name}={value!r}" for name, value in order.fields.items() if name in NATIVE]
    files = [f"open({name!r}, 'rb')" for name in _names(order)]
    if files:
        native.append(f"image={files[0]}" if len(files) == 1 else f"image=[{', '.join(files)}]")
    native += [f"mask=open({_MASK!r}, 'rb')"] if order.mask else []
    extra = {name: value for name, value in order.fields.items() if name not in NATIVE}
    native += [f"extra_body={extra!r}"] if extra else []
    lines = ",\n    ".join(native)
    return (
        "import base64, os\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{url}/v1", api_key=os.environ["GATEWAY_API_KEY"])\n'
        f"answer = client.images.{'edit' if order.pictures else 'generate'}(\n    {lines},\n)\n"
        'open("picture.png", "wb").write(base64.b64decode(answer.data[0].b64_json))'
    )


def chat_as_python(body: Mapping[str, Any], url: str) -> str:
    """A chat for OpenAI's SDK."""
    extra = {name: value for name, value in body.items() if name not in ("model", "messages", "stream")}
    return (
        "import os\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{url}/v1", api_key=os.environ["GATEWAY_API_KEY"])\n'
        f"answer = client.chat.completions.create(\n    model={body['model']!r},\n"
        f"    messages={body['messages']!r},\n    extra_body={extra!r},\n)\n"
        "print(answer.choices[0].message.content)"
    )


def chat_as_curl(body: Mapping[str, Any], url: str) -> str:
    """A chat for a shell."""
    return (
        f'curl {url}/v1/chat/completions \\\n  -H "Authorization: Bearer $GATEWAY_API_KEY" \\\n'
        f"  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(json.dumps(dict(body), ensure_ascii=False))}"
    )


def _field(order: Order) -> str:
    return "image" if len(order.pictures) == 1 else "image[]"


def _names(order: Order) -> list[str]:
    """Names under which the pictures are expected to lie beside the script: those that the page saves them by."""
    return [f"{one.get('id') or f'picture-{number}'}.png" for number, one in enumerate(order.pictures, start=1)]
