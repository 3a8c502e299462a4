"""The scheduler in simulated time, beside other ways to share work among servers."""

from protobanana.cluster.simulate.traffic import SHAPES, Mix, Request, measured, without_greedy
from protobanana.cluster.simulate.world import Result, compare, simulate

__all__ = ["SHAPES", "Mix", "Request", "Result", "compare", "measured", "simulate", "without_greedy"]
