"""An LLM's tool call becomes a plan, or an error that tells the LLM what to do better."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from protobanana.errors import InvalidRequestError
from protobanana.operations.base import Inputs, Operation
from protobanana.turn.agent.gallery import Entry, Gallery, handles_of, quoted
from protobanana.turn.agent.model import MAX_ARGUMENTS, Tool, ToolCall
from protobanana.turn.agent.schemas import SHOW, offered, picture_field, tools
from protobanana.turn.plan import Plan, check_count, drawable_words, wished, workflow_for
from protobanana.turn.request import ImageRequest, Plain
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import WorkflowLibrary

Key: TypeAlias = tuple[str, tuple[str, ...]]
"""What a second try has in common with the first: the tool and the pictures it works on."""
MAX_PICTURES = 20
"""Pictures one turn may draw, whatever the LLM asks for."""


@dataclass(frozen=True)
class Wanted:
    """A call as understood: `kind` None means showing the one picture in `entries` again."""

    kind: type[Operation] | None
    entries: tuple[Entry, ...]
    params: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """By which a second try is known."""
        return (self.kind.name if self.kind else SHOW, handles_of(self.entries))


class Toolbox:
    """The tools of one turn."""

    def __init__(self, request: ImageRequest, library: WorkflowLibrary, gallery: Gallery) -> None:
        self._request = request
        self._library = library
        self._gallery = gallery
        self._kinds = offered(library, masked=request.mask is not None)
        self._planned = 0

    @property
    def names(self) -> frozenset[str]:
        """Names of the tools there are."""
        return frozenset({*self._kinds, SHOW})

    def schemas(self) -> list[Tool]:
        """The tools in OpenAI's form."""
        return tools(self._kinds, self._library)

    def understand(self, call: ToolCall) -> Wanted:
        """Read a call. Raises InvalidRequestError, written for the LLM, for whatever is wrong with it."""
        arguments = _arguments(call)
        if call.name == SHOW:
            return Wanted(None, (self._gallery.find(_one(arguments)),), {})
        kind = self._kinds.get(call.name)
        if kind is None:
            raise InvalidRequestError(
                f"There is no tool {quoted(call.name, 40)}. There are: {', '.join(sorted(self.names))}.", param="tool"
            )
        return Wanted(kind, self._meant(kind, arguments), _params(kind, arguments))

    async def plan(self, wanted: Wanted) -> Plan:
        """What will be drawn for a call of an operation; what the caller set explicitly wins over the LLM."""
        kind, request, entries = wanted.kind, self._request, wanted.entries
        if kind is None:
            raise TypeError(f"{SHOW} draws nothing")
        workflow = workflow_for(kind, len(entries), self._library)
        pictures = [entry.picture for entry in entries]
        check_count(kind, pictures, workflow, self._library)
        params = drawable_words(dict(wanted.params), workflow) if workflow.accepts("width") else dict(wanted.params)
        named = {name: value for name, value in request.wishes.extra.items() if name in kind.model_fields}
        operation = kind.parse(params | named | self._caller(kind, workflow))
        self._count(operation.n)
        images = tuple([await picture.load() for picture in pictures])
        mask = await request.mask.load() if request.mask and kind.needs_mask else None
        extra: dict[str, Plain] = {
            name: value for name, value in request.wishes.extra.items() if name not in named and workflow.accepts(name)
        }
        return Plan(operation, Inputs(images, mask), workflow, extra, handles_of(entries))

    def _meant(self, kind: type[Operation], arguments: dict[str, Any]) -> tuple[Entry, ...]:
        """The pictures a call names. Where one is enough and none is named, it is the current one."""
        named = arguments.get("images", arguments.get("image"))
        if picture_field(kind) is None:
            if named:
                raise InvalidRequestError(
                    f"{kind.name} draws from words alone: leave the picture out, or call a tool that changes pictures.",
                    param="image",
                )
            return ()
        listed = named if isinstance(named, list) else [named]
        if len(listed) > kind.max_images:
            raise InvalidRequestError(
                f"{kind.name} works on one picture at a time; call it once for each, or a tool for several pictures."
                if kind.max_images == 1
                else f"{kind.name} takes at most {kind.max_images} pictures.",
                param="image",
            )
        if named is None and kind.min_images > 1:
            raise InvalidRequestError(f"'images' is missing: the ids of {kind.min_images} or more.", param="images")
        return tuple(self._gallery.find(reference) for reference in listed)

    def _caller(self, kind: type[Operation], workflow: Workflow) -> dict[str, Any]:
        """Explicit wishes of the request, as far as this operation has a place for them."""
        wishes = wished(self._request, workflow)
        if wishes.get("n") == 1:
            del wishes["n"]  # the default of the request, not a wish
        if not workflow.accepts("width") and kind.target is Operation.target:
            wishes = {name: value for name, value in wishes.items() if name not in {"width", "height"}}
        return wishes

    def _count(self, n: int) -> None:
        if self._planned + n > MAX_PICTURES:
            raise InvalidRequestError(f"'n': at most {MAX_PICTURES} pictures can be drawn in one turn.", param="n")
        self._planned += n


def _arguments(call: ToolCall) -> dict[str, Any]:
    if len(call.arguments) > MAX_ARGUMENTS:
        raise InvalidRequestError(f"The arguments are longer than {MAX_ARGUMENTS} characters; be brief.")
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        raise InvalidRequestError("The arguments are not valid JSON; send one object.") from None
    if not isinstance(arguments, dict):
        raise InvalidRequestError("The arguments must be one JSON object.")
    return {name: value for name, value in arguments.items() if value is not None}


def _one(arguments: dict[str, Any]) -> object:
    named = arguments.get("image", arguments.get("id", arguments.get("images")))
    return named[0] if isinstance(named, list) and named else named


def _params(kind: type[Operation], arguments: dict[str, Any]) -> dict[str, Any]:
    """The operation's own parameters; unknown ones are refused with the list of known ones."""
    params = {name: value for name, value in arguments.items() if name not in {"image", "images"}}
    unknown = sorted(params.keys() - kind.model_fields.keys())
    if unknown:
        names = ", ".join([*filter(None, [picture_field(kind)]), *kind.model_fields])
        raise InvalidRequestError(f"{quoted(unknown[0], 40)} is not a parameter of {kind.name}. It takes: {names}.")
    if len({"width", "height"} & params.keys()) == 1:
        raise InvalidRequestError("'width' and 'height' go together; give both or neither.", param="width")
    if kind.needs_prompt and not any(isinstance(value, str) and value.strip() for value in params.values()):
        raise InvalidRequestError("'prompt' is missing: say in words what shall be seen.", param="prompt")
    return params
