"""A side that is named alone: it is judged like a size, and the other side follows the picture's proportions."""

from __future__ import annotations

from typing import Any

import PIL.Image
import pytest

from protobanana.errors import InvalidRequestError
from protobanana.pictures.image import Image
from protobanana.turn.plan import Plan, drawable_words, plan
from protobanana.turn.request import ImageRequest, Picture, Wishes
from protobanana.turn.runner import target_of
from protobanana.workflows.library import WorkflowLibrary, bundled
from support.pictures import png

WIDE = Image.from_bytes(png(PIL.Image.new("RGB", (400, 200), "red")))


async def planned(model: str, picture: Image | None = None, **extra: Any) -> Plan:
    pictures = (Picture.of(picture),) if picture else ()
    endpoint: Any = "edits" if picture else "generations"
    request = ImageRequest(endpoint, model, "a fox", pictures, wishes=Wishes(extra=extra))
    made = await plan(request, WorkflowLibrary(None))

    assert isinstance(made, Plan)
    return made


@pytest.mark.parametrize(
    ("model", "picture", "extra", "size"),
    [
        ("qwen_image_2512", None, {"width": 1000}, (1000, 1000)),
        ("qwen_image_2512", None, {"height": 512}, (512, 512)),
        ("qwen_image_edit_2511", WIDE, {"width": 1000}, (1000, 500)),
        ("qwen_image_edit_2511", WIDE, {"height": 512}, (1024, 512)),
        ("qwen_image_2512", None, {"width": 640, "height": 512}, (640, 512)),
    ],
)
async def test_the_other_side_follows(
    model: str, picture: Image | None, extra: dict[str, int], size: tuple[int, int]
) -> None:
    """Of the model's default size without a picture, of the picture with one."""
    made = await planned(model, picture, **extra)
    slots: dict[str, object] = {}

    assert target_of(made.operation, made.inputs, made.workflow, slots) == size
    assert {"width", "height"} == set(slots)


@pytest.mark.parametrize("side", ["width", "height"])
async def test_a_lone_side_has_limits_too(side: str) -> None:
    """Too large is refused before anything is submitted, whichever way it was said."""
    made = await planned("qwen_image_2512", **{side: 30_000})

    with pytest.raises(InvalidRequestError) as caught:
        target_of(made.operation, made.inputs, made.workflow, {})
    assert caught.value.param == "size"


async def test_outpaint_reads_a_lone_side_itself() -> None:
    """There one side means room on that axis, and none on the other."""
    made = await planned("outpaint_qwen_image_2511", WIDE, width=600, left=0)

    assert made.operation.pads(WIDE) == {"left": 100, "top": 0, "right": 100, "bottom": 0}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("read", "kept"),
    [
        ({"prompt": "a", "width": 1000}, {"prompt": "a", "width": 1000}),
        ({"prompt": "a", "width": 30_000}, {"prompt": "a"}),
        ({"prompt": "a", "width": 7680, "height": 4320}, {"prompt": "a", "width": 1664, "height": 928}),
        ({"prompt": "a"}, {"prompt": "a"}),
    ],
)
def test_words_never_fail_by_their_size(read: dict[str, Any], kept: dict[str, Any]) -> None:
    """What words say and a model cannot draw becomes the nearest it can, or its default."""
    assert drawable_words(read, bundled()["qwen_image_2512"]) == kept


def test_words_of_size_for_a_workflow_without_one() -> None:
    """They are left out, one side as well as two."""
    assert drawable_words({"prompt": "a", "height": 900}, bundled()["inpaint_qwen_image_2511"]) == {"prompt": "a"}
