"""What is learnt from the times that jobs took."""

from __future__ import annotations

from protobanana.cluster.estimates import COLD, SWAP, Estimates

EDIT, DRAW = frozenset({"edit"}), frozenset({"draw"})


def test_before_anything_ran() -> None:
    """Service times are unknown, swap times are those once measured elsewhere."""
    estimates = Estimates()

    assert estimates.service("w", EDIT) is None
    assert estimates.swap(EDIT, DRAW) == SWAP
    assert estimates.swap(None, DRAW) == COLD
    assert estimates.swap(EDIT, EDIT) == estimates.swap(EDIT | DRAW, DRAW) == estimates.swap(EDIT, frozenset()) == 0


def test_warm_jobs_tell_the_service_time() -> None:
    """The middle of the last measurements counts: one answer from a cache changes nothing."""
    estimates = Estimates()
    for seconds in (10.0, 11.0, 0.01, 12.0):
        estimates.observe("w", EDIT, EDIT, seconds)

    assert estimates.service("w", EDIT) == 10.0
    assert estimates.at_most("w", EDIT) == 11.0
    assert estimates.measured() == {"w": 10.0}


def test_cold_jobs_tell_the_swap_time() -> None:
    """A job that had to load, less the same job warm, is the time of the swap; each direction has its own."""
    estimates = Estimates()
    estimates.observe("w", DRAW, DRAW, 10.0)
    estimates.observe("w", DRAW, EDIT, 15.0)

    assert estimates.swap(EDIT, DRAW) == 5.0
    assert estimates.swap(DRAW, EDIT) == SWAP


def test_a_quick_cold_job_bounds_both() -> None:
    """Loading cannot have taken longer than the whole job did."""
    estimates = Estimates()
    estimates.observe("w", DRAW, EDIT, 0.3)

    assert estimates.swap(EDIT, DRAW) <= 0.3
    assert 0 < (estimates.service("w", DRAW) or 0) <= 0.3
    assert estimates.at_most("w", DRAW) is None


def test_a_server_falls_back_on_all() -> None:
    """What one server has not measured, all together answer; what it has is its own."""
    everybody = Estimates()
    mine = Estimates(everybody)
    everybody.observe("w", EDIT, EDIT, 10.0)
    assert mine.service("w", EDIT) == 10.0

    mine.observe("w", EDIT, EDIT, 3.0)
    assert (mine.service("w", EDIT), everybody.service("w", EDIT)) == (3.0, 10.0)
