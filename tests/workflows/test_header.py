"""Reading a header: what its short forms mean, and what a wrong key is told."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from protobanana.workflows import header as module
from protobanana.workflows.header import Header, Limits, ModelFile, header_problems

MINIMAL = {"schema": 1, "operation": "generate", "outputs": {"image": "9"}}


def problems(**changes: object) -> list[str]:
    """What the author of a minimal header with these changes is told."""
    raw = {**MINIMAL, **changes}
    with pytest.raises(ValidationError) as caught:
        Header.model_validate(raw)
    return header_problems(raw, caught.value)


class TestHeader:
    """A header that is read."""

    def test_short_forms_are_spread(self) -> None:
        """A lone operation and a lone slot target are lists of one."""
        header = Header.model_validate({**MINIMAL, "slots": {"prompt": "6.text", "width": ["5.width", "7.width"]}})

        assert header.operations == ("generate",)
        assert header.slots["prompt"].to == ("6.text",)
        assert header.slots["width"].to == ("5.width", "7.width")

    def test_a_workflow_may_serve_several_operations(self) -> None:
        """`operation` may be a list."""
        assert Header.model_validate({**MINIMAL, "operation": ["edit", "compose"]}).operations == ("edit", "compose")

    def test_patch_values_keep_their_kind(self) -> None:
        """Whole numbers, decimals, truth values, text, null and links come through a patch unchanged."""
        patch = {"3.a": 4, "3.b": 4.0, "3.c": True, "3.d": "x", "3.e": None, "3.f": ["101", 0]}
        header = Header.model_validate({**MINIMAL, "tiers": {"low": {"set": patch}}})

        read = header.tiers["low"].set
        assert [(type(value), value) for value in read.values()] == [
            (int, 4),
            (float, 4.0),
            (bool, True),
            (str, "x"),
            (type(None), None),
            (tuple, ("101", 0)),
        ]

    @pytest.mark.parametrize("part", [value for value in vars(module).values() if isinstance(value, type)])
    def test_every_field_is_described(self, part: type) -> None:
        """The reference documentation is generated from the descriptions, so none may be missing."""
        if not issubclass(part, BaseModel):
            return
        assert all(field.description for field in part.model_fields.values())

    def test_json_schema_can_be_made(self) -> None:
        """Editors can complete headers from the JSON schema, which speaks of `operation` and `schema`."""
        assert {"operation", "schema", "slots"} <= Header.model_json_schema()["properties"].keys()


class TestHeaderProblems:
    """A header that is refused."""

    def test_a_misspelt_key_is_named_with_the_right_one(self) -> None:
        """An unknown key is an error that suggests the key that was meant."""
        assert problems(titel="x") == ["_protobanana.titel: unknown key, did you mean 'title'?"]

    def test_a_misspelt_key_inside_a_slot_is_found(self) -> None:
        """Unknown keys of a slot are named with their place."""
        (line,) = problems(slots={"image_2": {"to": "4.image", "abscent": {}}})
        assert line == "_protobanana.slots.image_2.abscent: unknown key, did you mean 'absent'?"

    def test_a_bad_patch_value_is_said_once(self) -> None:
        """A patch value of no allowed kind gives one line, not one per alternative."""
        (line,) = problems(tiers={"low": {"set": {"3.model": ["101", "0", 3]}}})
        assert line.startswith("_protobanana.tiers.low.set.3.model: must be text, a number")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"outputs": {"mask": "9"}}, "`outputs` has no `image`"),
            ({"outputs": {}}, "`outputs` has no `image`"),
            ({"default_tier": "turbo"}, "'turbo' is not one of low, medium, high"),
            ({"sizes": [[1000, 1000]], "limits": {"multiple_of": 16}}, "multiples of 16"),
            ({"limits": {"min_side": 512, "max_side": 256}}, "larger than max_side"),
            ({"limits": {"min_images": 2, "max_images": 1}}, "larger than max_images"),
            ({"schema": 2}, "_protobanana.schema"),
            ({"operation": "Generate!"}, "_protobanana.operation"),
            ({"slots": {"prompt": 6}}, "_protobanana.slots.prompt"),
            ({"slots": {"prompt": []}}, "_protobanana.slots.prompt"),
            ({"default": "yes"}, "_protobanana.default"),
        ],
    )
    def test_contradictions_are_named(self, changes: dict[str, object], expected: str) -> None:
        """A header that cannot be meant says where and why."""
        assert expected in "; ".join(problems(**changes))

    def test_a_missing_key_is_named(self) -> None:
        """A header without outputs says that the key is required."""
        raw = {"schema": 1, "operation": "generate"}
        with pytest.raises(ValidationError) as caught:
            Header.model_validate(raw)
        assert header_problems(raw, caught.value) == ["_protobanana.outputs: Field required"]

    @pytest.mark.parametrize("raw", [None, [], "text", 3])
    def test_a_header_that_is_no_object_is_refused(self, raw: object) -> None:
        """Anything but an object is one problem of the header itself."""
        with pytest.raises(ValidationError) as caught:
            Header.model_validate(raw)
        assert len(header_problems(raw, caught.value)) == 1


class TestLimits:
    """Which sizes the limits allow."""

    @pytest.mark.parametrize(
        ("size", "allowed"),
        [((1024, 1024), True), ((1024, 1030), False), ((16, 1024), False), ((2048, 16), False), ((2048, 2048), False)],
    )
    def test_refusal(self, size: tuple[int, int], allowed: bool) -> None:
        """Step, range and area each refuse a size; a fitting one is not refused."""
        limits = Limits(multiple_of=16, min_side=64, max_side=2048, max_pixels=2_000_000)
        assert (limits.refusal(*size) is None) is allowed


def test_model_url() -> None:
    """A model file knows where it is downloaded from."""
    model = ModelFile(folder="vae", name="v.safetensors", repo="owner/repo", path="a/v.safetensors")
    assert model.url == "https://huggingface.co/owner/repo/resolve/main/a/v.safetensors"
