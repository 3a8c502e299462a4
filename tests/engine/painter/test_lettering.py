"""The mark of the engine."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from protobanana.engine.painter.lettering import marked


@pytest.mark.parametrize(("drawn", "edited"), [(1328, 1024), (1024, 1328), (1664, 1024)])
def test_marks_lie_one_on_the_other(drawn: int, edited: int) -> None:
    """A marked picture that is brought to another size and marked again still shows one mark."""
    first = marked(np.full((drawn, drawn, 3), 0.9, np.float32))
    picture = PIL.Image.fromarray((first * 255).astype(np.uint8)).resize((edited, edited), PIL.Image.Resampling.LANCZOS)
    again = np.asarray(picture, dtype=np.float32) / np.float32(255)
    darker = again.mean(axis=2) - marked(again).mean(axis=2)

    assert (darker > 0.1).sum() > 200
    assert (again.mean(axis=2)[darker > 0.1] < 0.88).all()


def test_a_small_picture_has_none() -> None:
    """There is no room for it."""
    small = np.full((100, 400, 3), 0.9, np.float32)

    assert (marked(small) == small).all()
