"""Preview frames: as many as were asked for, spread over the steps."""

from __future__ import annotations

import PIL.Image
import pytest

from protobanana.api.frames import Frames
from protobanana.events import Event, Preview, Produced, Progress
from protobanana.pictures.image import Image

ROUGH = Image.from_pil(PIL.Image.new("RGB", (4, 4), "grey"), format="jpeg")


def steps(total: int) -> list[Event]:
    return [event for done in range(1, total + 1) for event in (Preview(ROUGH), Progress(done, total, "Sampler"))]


@pytest.mark.parametrize(("most", "total", "expected"), [(0, 20, 0), (1, 20, 1), (3, 20, 3), (3, 4, 3), (2, 1, 0)])
def test_at_most_so_many(most: int, total: int, expected: int) -> None:
    """No more than asked for, and no more than there are."""
    frames = Frames(most)
    sent = [delta for event in steps(total) if (delta := frames.delta(event))]

    assert len(sent) == expected
    assert all(delta.provider_specific_fields["partial_image"]["output_format"] == "jpeg" for delta in sent)


def test_every_picture_has_its_own() -> None:
    """A finished picture starts the count anew."""
    frames = Frames(1)
    done = Produced(ROUGH, "edit", "w")
    sent = [frames.delta(event) for event in [*steps(8), done, *steps(8)]]

    assert sum(delta is not None for delta in sent) == 2
