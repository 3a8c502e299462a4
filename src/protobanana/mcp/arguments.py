"""Arguments of a tool against its schema: what is wrong with them in words that an LLM can act upon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]  # it ships no types
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]  # as above

from protobanana.errors import InvalidRequestError

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object of names and values",
}


def checked(given: Mapping[str, Any] | None, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are set; null stands for one that is not.

    Raises InvalidRequestError naming the argument and what is allowed. Values are not repeated: they may be megabytes.
    """
    found = {name: value for name, value in (given or {}).items() if value is not None}
    error = best_match(Draft202012Validator(schema).iter_errors(found))
    if error is not None:
        field, problem = _problem(error, found)
        raise InvalidRequestError(f"'{field}' {problem}.", param=field)
    return found


def _problem(error: ValidationError, given: Mapping[str, Any]) -> tuple[str, str]:
    """The argument's name, and what is wrong with it."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        about = error.schema["properties"][missing].get("description", "").rstrip(".")
        return ".".join([*path, missing]), f"is missing. {about}".rstrip(". ")
    if error.validator == "additionalProperties" and not path:
        known = error.schema["properties"]
        unknown = next(name for name in given if name not in known)
        return unknown[:60], f"is no argument of this tool, which takes {', '.join(known)}"
    return ".".join(path), f"must be {_allowed(error.schema)}"


def _allowed(schema: Mapping[str, Any]) -> str:
    """The values that a schema allows, in words."""
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    kinds = schema.get("type", "string")
    words = " or ".join(_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
    for least, most, unit in (
        ("minimum", "maximum", ""),
        ("minItems", "maxItems", " entries"),
        ("minLength", "maxLength", " characters"),
    ):
        low, high = schema.get(least), schema.get(most)
        if low is not None and high is not None:
            words += f" of {low} to {high}{unit}" if unit else f" from {low} to {high}"
        elif low is not None:
            words += f" of at least {low}{unit}"
        elif high is not None:
            words += f" of at most {high}{unit}"
    return words
