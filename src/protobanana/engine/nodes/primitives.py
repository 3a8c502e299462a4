"""Constants and text: values that travel along links without a picture."""

from __future__ import annotations

from typing import Any

from protobanana.engine.nodes.base import Context, Outputs, node


@node("PrimitiveInt")
def primitive_int(_ctx: Context, *, value: int) -> Outputs:
    """A whole number."""
    return (value,)


@node("PrimitiveFloat")
def primitive_float(_ctx: Context, *, value: float) -> Outputs:
    """A number."""
    return (value,)


@node("PrimitiveString")
@node("PrimitiveStringMultiline")
def primitive_string(_ctx: Context, *, value: str) -> Outputs:
    """A text."""
    return (value,)


@node("PrimitiveBoolean")
def primitive_boolean(_ctx: Context, *, value: bool) -> Outputs:
    """Yes or no."""
    return (value,)


@node("StringConcatenate")
def string_concatenate(_ctx: Context, *, string_a: str, string_b: str, delimiter: str) -> Outputs:
    """Two texts joined."""
    return (delimiter.join((string_a, string_b)),)


@node("StringReplace")
def string_replace(_ctx: Context, *, string: str, find: str, replace: str) -> Outputs:
    """Every `find` in the text replaced."""
    return (string.replace(find, replace),)


@node("StringTrim")
def string_trim(_ctx: Context, *, string: str, mode: str) -> Outputs:
    """White space cut off at one side or both."""
    trims = {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}
    return (trims.get(mode, str.strip)(string),)


@node("CaseConverter")
def case_converter(_ctx: Context, *, string: str, mode: str) -> Outputs:
    """Upper, lower, capitalised or title case."""
    cases = {"UPPERCASE": str.upper, "lowercase": str.lower, "Capitalize": str.capitalize, "Title Case": str.title}
    return (cases.get(mode, str)(string),)


@node("StringLength")
def string_length(_ctx: Context, *, string: str) -> Outputs:
    """Number of characters."""
    return (len(string),)


@node("ColorToRGBInt")
def color_to_rgb_int(_ctx: Context, *, color: str) -> Outputs:
    """`#rrggbb` as a number."""
    return (int(color.lstrip("#"), 16),)


@node("AILab_ColorInput")
def color_input(_ctx: Context, *, preset: str, color: str) -> Outputs:
    """A colour code: the written one, else the preset's name."""
    return (color or preset,)


def _chosen(*, switch: bool, **_known: Any) -> tuple[str, ...]:
    return ("on_true" if switch else "on_false",)


@node("ComfySwitchNode", lazy=_chosen)
def switch_node(_ctx: Context, *, switch: bool, on_false: Any = None, on_true: Any = None) -> Outputs:
    """One of two inputs."""
    return (on_true if switch else on_false,)
