"""The tool that draws nothing: which workflows there are, and what each one takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from protobanana.errors import InvalidRequestError
from protobanana.mcp.catalogue import Catalogue, Form

NAME = "workflows"
DESCRIPTION = (
    "List the workflows behind the other tools, with sizes and licence; with a name, all that this one takes, also "
    "what goes into `inputs`. Draws nothing."
)
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string", "description": "One workflow, for all that it takes."}},
    "required": [],
    "additionalProperties": False,
}
_BRIEF = ("name", "title", "description", "operations", "pictures", "sizes", "qualities", "license")


def told(known: Catalogue, name: str | None) -> str:
    """The answer as JSON. Raises InvalidRequestError naming what there is."""
    if name is None:
        return json.dumps([_brief(form) for form in known.forms.values()], ensure_ascii=False)
    if name not in known.forms:
        raise InvalidRequestError(f"'name' must be one of {', '.join(known.forms)}.", param="name")
    form = known.forms[name]
    return json.dumps(_brief(form) | {"slots": form["slots"], "inputs": form["inputs"]}, ensure_ascii=False)


def _brief(form: Form) -> dict[str, Any]:
    return {key: form[key] for key in _BRIEF if form.get(key)}
