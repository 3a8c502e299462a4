"""Tabs and forms follow from schemas."""

from __future__ import annotations

from typing import Any

from protobanana.ui.tabs import field_of, tabs_of


def operation(name: str, *, images: int = 1, mask: bool = False, **properties: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.capitalize(),
        "images": {"min": min(images, 1), "max": images},
        "mask": mask,
        "transparent": False,
        "schema": {"properties": {"prompt": {"type": "string"}, **properties}},
    }


def titles(*operations: dict[str, Any], hidden: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    return [tab.names for tab in tabs_of({"common": ["prompt"], "operations": list(operations)}, hidden)]


class TestTabsOf:
    """Which tabs there are."""

    def test_one_for_each(self) -> None:
        """Operations that differ in pictures or parameters have a tab each."""
        assert titles(operation("draw", images=0), operation("change")) == [("draw",), ("change",)]

    def test_a_mask_is_no_tab(self) -> None:
        """An operation that is another one with a mask shares its tab; one that is not stands alone."""
        fill = operation("fill", mask=True)

        assert titles(operation("change"), fill) == [("change", "fill")]
        assert titles(operation("draw", images=0), fill) == [("draw",), ("fill",)]

    def test_two_alike(self) -> None:
        """None is lost where several operations look alike."""
        alike = [operation("a"), operation("b"), operation("c", mask=True), operation("d", mask=True)]

        assert sorted(sum(titles(*alike), ())) == ["a", "b", "c", "d"]

    def test_hidden(self) -> None:
        """A tab is hidden by its name or title in any spelling."""
        assert titles(operation("far_away"), operation("b", images=0), hidden=("Far-Away",)) == [("b",)]

    def test_sides_are_dragged(self) -> None:
        """Four sides make a frame, with the schema's limit, and no form fields."""
        sides = {side: {"type": "integer", "maximum": 640} for side in ("left", "top", "right", "bottom")}
        (tab,) = tabs_of({"common": ["prompt"], "operations": [operation("grow", **sides, steps={"type": "integer"})]})

        assert (tab.sides, tab.side_most) == (("left", "top", "right", "bottom"), 640)
        assert [field.name for field in tab.fields] == ["steps"]


class TestFieldOf:
    """What a form has for a schema."""

    def test_optional(self) -> None:
        """What may be null is what it is otherwise."""
        field = field_of("top_k", {"anyOf": [{"type": "integer", "minimum": 2}, {"type": "null"}], "default": None})

        assert (field.kind, field.low, field.label) == ("integer", 2, "Top k")

    def test_choices(self) -> None:
        """An enumeration is a choice, in a JSON schema and in a workflow's slot."""
        assert field_of("a", {"type": "string", "enum": ["x", "y"]}).choices == ("x", "y")
        assert field_of("a", {"type": "string", "choices": ["x", "y"]}).kind == "choice"
