"""Tools that draw, derived from what the gateway says: one per operation, and one per workflow that stands for none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protobanana.mcp import listing
from protobanana.mcp.catalogue import Catalogue, Form

EXACT = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly."""
_KEPT = ("type", "enum", "minimum", "maximum", "maxLength", "items")
_SIZES_NAMED = 7
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 64
_PICTURE = "the name of an earlier picture (img_...), an https address or a data: URL"
_SET_OTHERWISE = ("prompt", "seed", "batch")
"""Slots of a workflow that the schema of its tool has in another place, or for which `n` stands."""


@dataclass(frozen=True)
class Skill:
    """One tool that draws."""

    name: str
    title: str
    description: str
    workflows: Sequence[Form]
    """Those that can do it, the default first."""
    single: bool
    """Whether it takes one picture, as `image`; otherwise several, as `images`, or none."""
    properties: Mapping[str, Mapping[str, Any]]
    required: Sequence[str]

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        properties = {name: dict(schema) for name, schema in self.properties.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(self.required),
            "additionalProperties": False,
        }


def skills_of(known: Catalogue, *, local: bool) -> dict[str, Skill]:
    """All tools that draw, by name. `local`: whether files of this machine may be named as pictures."""
    picture = f"{_PICTURE}{', or the path of a file' if local else ''}"
    skills = {
        operation["name"]: _of_operation(operation, known.common, workflows, picture)
        for operation in known.operations
        if (workflows := known.workflows_of(operation["name"]))
    }
    for form in known.others():
        skill = _of_workflow(form, _free(form["name"], {*skills, listing.NAME}), picture)
        skills[skill.name] = skill
    return skills


def _free(name: str, taken: Collection[str]) -> str:
    """A name that every client takes, and no other tool has."""
    plain = _NOT_IN_A_NAME.sub("_", name)[:_LONGEST_NAME] or "workflow"
    number, free = 1, plain
    while free in taken:
        number += 1
        free = f"{plain[: _LONGEST_NAME - 4]}_{number}"
    return free


# From an operation ----------------------------------------------------------------------------------------------------


def _of_operation(
    operation: Mapping[str, Any], common: Sequence[str], workflows: Sequence[Form], picture: str
) -> Skill:
    single = operation["images"]["max"] == 1
    most = max(form["pictures"]["max"] for form in workflows) if operation["images"]["max"] else 0
    properties = _pictures(operation["images"]["min"], most, picture, single=single)
    if operation["mask"]:
        properties["mask"] = _mask(picture)
    required = list(properties)
    for name, schema, needed in _fields(operation, common, workflows):
        properties[name] = schema
        required += [name] if needed else []
    properties |= _choice(workflows) | _INPUTS
    return Skill(
        operation["name"], operation["title"], operation["description"], workflows, single, properties, required
    )


def _fields(
    operation: Mapping[str, Any], common: Sequence[str], workflows: Sequence[Form]
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """(name, schema, required) of the parameters that one of the workflows can honour, its own words first."""
    declared = operation["schema"]["properties"]
    own = [name for name in declared if name not in common]
    wordy = [name for name in own if declared[name].get("type") == "string"]
    slots = {slot for form in workflows for slot in form["slots"]}
    for name in [*wordy, *(name for name in declared if name not in wordy)]:
        if name in own or _honoured(name, slots):
            needed = name in wordy or (name == "prompt" and operation["prompt"] and not wordy)
            yield name, _sized(name, _plain(declared[name]), workflows), needed


def _honoured(name: str, slots: set[str]) -> bool:
    """Variants come of chance, and there are tiers of quality wherever something is drawn from words."""
    return {"n": "seed", "quality": "prompt"}.get(name, name) in slots


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A field's schema without titles, null and numbers past 2**53, which clients stumble over."""
    allowed = next((part for part in schema.get("anyOf", ()) if part.get("type") != "null"), schema)
    plain = {key: allowed[key] for key in _KEPT if key in allowed}
    if "maximum" in plain:
        plain["maximum"] = min(plain["maximum"], EXACT)
    if schema.get("default") not in (None, ""):
        plain["default"] = schema["default"]
    return plain | ({"description": schema["description"]} if "description" in schema else {})


def _sized(name: str, schema: dict[str, Any], workflows: Sequence[Form]) -> dict[str, Any]:
    """The width's schema, with the sizes that the default workflow draws best."""
    if name == "width" and (sizes := workflows[0]["sizes"][:_SIZES_NAMED]):
        schema["description"] = f"{schema.get('description', '')} Sizes it draws best: {', '.join(sizes)}.".strip()
    return schema


# From a workflow ------------------------------------------------------------------------------------------------------


def _of_workflow(form: Form, name: str, picture: str) -> Skill:
    most = form["pictures"]["max"]
    properties = _pictures(form["pictures"]["min"], most, picture, single=most == 1)
    required = list(properties) if form["pictures"]["min"] else []
    slots = form["slots"]
    if "prompt" in slots:
        properties["prompt"] = {"type": "string", "description": "What to draw or to change, in plain words."}
    if "seed" in slots:
        properties["seed"] = {"type": "integer", "minimum": 0, "maximum": EXACT}
        properties["n"] = {"type": "integer", "minimum": 1, "maximum": 10, "description": "How many variants."}
    for slot, about in slots.items():
        if slot == "mask":
            properties["mask"] = _mask(picture)
        elif slot not in _SET_OTHERWISE and about.get("type") != "image":
            properties[slot] = _setting(about)
    required += [slot for slot, about in slots.items() if about["required"] and slot in properties]
    free = {key: _setting(about) for key, about in form["inputs"].items() if "slot" not in about}
    properties |= {"inputs": {**_INPUTS["inputs"], "properties": free}} if free else {}
    description = " ".join(part for part in (form["title"], form["description"]) if part)
    return Skill(name, form["title"], description, [form], most == 1, properties, list(dict.fromkeys(required)))


def _setting(about: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a slot or an input, which the gateway describes in its own words."""
    schema: dict[str, Any] = {"type": about.get("type", "string")}
    if choices := about.get("choices"):
        return {"enum": list(choices), **_default(about)}
    for ours, theirs in (("minimum", "min"), ("maximum", "max")):
        edge = about.get(theirs)
        if edge is not None and abs(edge) <= EXACT:
            schema[ours] = edge
    return schema | _default(about)


def _default(about: Mapping[str, Any]) -> dict[str, Any]:
    return {"default": about["default"]} if "default" in about else {}


# What both have -------------------------------------------------------------------------------------------------------

_INPUTS: dict[str, dict[str, Any]] = {
    "inputs": {
        "type": "object",
        "description": "Further inputs of the workflow, by the names that the tool `workflows` lists. Seldom needed.",
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    }
}


def _pictures(fewest: int, most: int, picture: str, *, single: bool) -> dict[str, dict[str, Any]]:
    if not most:
        return {}
    if single:
        return {"image": {"type": "string", "description": f"The picture to work on: {picture}."}}
    return {
        "images": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": fewest,
            "maxItems": most,
            "description": f"The pictures in order; the prompt calls them image 1, image 2, ... Each: {picture}.",
        }
    }


def _mask(picture: str) -> dict[str, Any]:
    return {
        "type": "string",
        "description": f"A picture that is transparent, or white on black, where it shall change: {picture}.",
    }


def _choice(workflows: Sequence[Form]) -> dict[str, dict[str, Any]]:
    names = [form["name"] for form in workflows]
    titles = "; ".join(f"{form['name']}: {form['title']}" for form in workflows)
    what = f"Which workflow draws; leave it out for the first. {titles}."
    return {"model": {"type": "string", "enum": names, "description": what}}
