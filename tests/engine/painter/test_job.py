"""The painter as a whole: same job, same picture; marks; no crash."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protobanana.engine.painter import Job, paint

SCRIPT = """
import hashlib
from protobanana.engine.painter import Job, paint
picture = paint(Job("a cat in a hat, watercolor", "", 7, 0, 128, 128))[0]
print(hashlib.sha256((picture * 255).round().astype("uint8").tobytes()).hexdigest())
"""


def test_same_picture_in_another_process() -> None:
    """Nothing depends on the process (string hashing, caches, time)."""
    picture = paint(Job("a cat in a hat, watercolor", "", 7, 0, 128, 128))[0]
    here = hashlib.sha256((picture * 255).round().astype("uint8").tobytes()).hexdigest()
    there = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=100)

    assert there.stdout.strip() == here


def test_mark_is_small_faint_and_left_out_below_128() -> None:
    """Only the bottom right corner differs, by less than half; small pictures carry none."""
    plain, large = (paint(Job("a blue background", "", 1, 0, side, side))[0] for side in (120, 512))
    changed = np.abs(large - large[0, 0]).max(-1) > 0.01
    rows, columns = np.nonzero(changed)

    assert np.ptp(plain.reshape(-1, 3), axis=0).max() == 0
    assert 0 < changed.mean() < 0.004
    assert rows.min() > 480
    assert columns.min() > 400
    assert np.abs(large - large[0, 0]).max() < 0.45


def test_mark_stays_inside_the_mask() -> None:
    """An inpainting outside the corner leaves the corner alone."""
    start = np.full((256, 256, 3), 0.3, np.float32)
    mask = np.zeros((256, 256), np.float32)
    mask[50:120, 50:120] = 1
    picture = paint(Job("a yellow star", "", 1, 0, 256, 256, start=start, mask=mask))[0]

    assert np.array_equal(picture[mask == 0], start[mask == 0])
    assert np.abs(picture - start)[mask == 1].mean() > 0.05


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60), st.integers(0, 2**64 - 1), st.sampled_from([(64, 64), (16, 200), (136, 72)]))
def test_any_job_gives_a_picture(text: str, seed: int, size: tuple[int, int]) -> None:
    """Any text, seed and size, drawn or as an edit, gives a finite picture of that size in 0..1."""
    reference = np.random.default_rng(0).random((50, 70, 3), dtype=np.float32)
    for references in ((), (reference,), (reference, reference)):
        picture = paint(Job(text, "", seed, 0, *size, references=references))[0]
        assert picture.shape == (size[1], size[0], 3)
        assert np.isfinite(picture).all()
        assert 0 <= picture.min() <= picture.max() <= 1
