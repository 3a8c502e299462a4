"""Schedules and guiders."""

from __future__ import annotations

from typing import Any

import pytest

from protobanana.engine.values import Conditioning, Model
from protobanana.errors import InvalidRequestError


def test_schedules_have_one_sigma_more_than_steps(bench: Any) -> None:
    """They fall from 1 to 0; a lower denoise starts lower."""
    model = Model("z_image.safetensors")
    full = bench.call("BasicScheduler", model=model, scheduler="simple", steps=8, denoise=1.0)
    half = bench.call("BasicScheduler", model=model, scheduler="simple", steps=8, denoise=0.5)
    flux = bench.call("Flux2Scheduler", steps=4, width=1024, height=1024)

    assert full.steps == half.steps == 8
    assert full.values[0] == 1
    assert full.values[-1] == 0
    assert (full.share, half.share) == (1.0, 0.5)
    assert flux.steps == 4
    assert list(flux.values) == sorted(flux.values, reverse=True)


def test_splitting_and_editing(bench: Any) -> None:
    """Two parts share the cut; the second part of a split keeps less noise."""
    sigmas = bench.call("KarrasScheduler", steps=10, sigma_max=14.6, sigma_min=0.03, rho=7.0)
    high, low = bench.call("SplitSigmas", sigmas=sigmas, step=4)
    _, tail = bench.call("SplitSigmasDenoise", sigmas=sigmas, denoise=0.3)

    assert (high.steps, low.steps, tail.steps) == (4, 6, 3)
    assert high.values[-1] == low.values[0]
    assert sigmas.share == pytest.approx(1)
    assert low.share < 0.5
    assert bench.call("FlipSigmas", sigmas=sigmas).values[0] == 0
    assert bench.call("SetFirstSigma", sigmas=sigmas, sigma=20.0).values[0] == 20
    assert bench.call("ManualSigmas", sigmas="1, 0.5").steps == 1


def test_impossible_rho_is_refused(bench: Any) -> None:
    """The message names the input."""
    with pytest.raises(InvalidRequestError, match="rho"):
        bench.call("KarrasScheduler", steps=4, sigma_max=10, sigma_min=0.1, rho=0.0)


def test_guiders_carry_model_and_words(bench: Any) -> None:
    """A basic guider has no negative, a CFG guider has both, a dual one both positives."""
    model, one, two = Model("m"), Conditioning("a cat"), Conditioning("a dog")

    assert bench.call("BasicGuider", model=model, conditioning=one).negative.text == ""
    assert bench.call("CFGGuider", model=model, positive=one, negative=two, cfg=5.0).negative.text == "a dog"
    dual = bench.call(
        "DualCFGGuider", model=model, cond1=one, cond2=two, negative=two, cfg_conds=2.0, cfg_cond2_negative=2.0,
        style="regular",
    )  # fmt: skip
    assert dual.positive.text == "a cat. a dog"
