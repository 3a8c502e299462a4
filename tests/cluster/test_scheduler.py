"""The scheduler: fairness, bounds, and never a server that must not be used."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protobanana.cluster.estimates import Estimates
from protobanana.cluster.scheduler import Limits, Order, Placement, Scheduler
from protobanana.cluster.server import DEPTH, Server
from protobanana.errors import ServerBusyError

EDIT, DRAW = frozenset({"edit.safetensors", "vae"}), frozenset({"draw.safetensors", "vae"})
SERVICE = {"edit": 17.5, "draw": 9.5, "quick": 0.004}
KINDS = {"edit": EDIT, "draw": DRAW, "quick": frozenset[str]()}
SWAP = 8.0


def order(owner: str = "a", kind: str = "edit", priority: int = 0) -> Order:
    return Order(owner, kind, KINDS[kind], priority)


def taught() -> Estimates:
    """Estimates that have seen every kind of job warm."""
    estimates = Estimates()
    for kind, seconds in SERVICE.items():
        estimates.observe(kind, KINDS[kind], KINDS[kind], seconds)
    return estimates


def fleet(count: int, estimates: Estimates) -> list[Server]:
    return [Server(f"s{number}", Estimates(estimates)) for number in range(count)]


@dataclass
class World:
    """Servers that take exactly as long as they should; what was started when and where is in `log`."""

    servers: int = 1
    limits: Limits = field(default_factory=lambda: Limits(10_000, 10_000))
    loaded: Any = EDIT

    def __post_init__(self) -> None:
        estimates = taught()
        self.fleet = fleet(self.servers, estimates)
        for server in self.fleet:
            server.loaded = self.loaded
        self.scheduler = Scheduler(self.fleet, estimates, self.limits)
        self.now = 0.0
        self.running: list[tuple[float, int, Placement]] = []
        self.log: list[tuple[float, Placement]] = []

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        """Put a job in line; what `order` takes."""
        ticket = self.scheduler.submit(order(*args, **kwargs), self.now)
        self.pump()
        return ticket

    def pump(self) -> None:
        """Start what may start now."""
        while (placement := self.scheduler.next(self.now)) is not None:
            assert placement.server.usable
            assert len(placement.server.jobs) <= DEPTH
            self.log.append((self.now, placement))
            ahead = [end for end, _, other in self.running if other.server is placement.server]
            real = SWAP if placement.swap else 0.0
            end = max([self.now, *ahead]) + real + SERVICE[placement.ticket.workflow]
            self.running.append((end, len(self.log), placement))

    def advance(self, until: float = float("inf")) -> None:
        """Let jobs end up to a time, or all of them."""
        while self.running or self.scheduler.look_again < until:
            end = min(self.running)[0] if self.running else float("inf")
            if min(end, self.scheduler.look_again) > until:
                break
            if self.scheduler.look_again < end:
                self.now = max(self.now, self.scheduler.look_again)
            else:
                entry = min(self.running)
                self.running.remove(entry)
                self.now, placement = end, entry[2]
                seconds = SERVICE[placement.ticket.workflow] + (SWAP if placement.swap else 0.0)
                self.scheduler.finish(placement.ticket, self.now, seconds)
                self.scheduler.forget(placement.ticket)
            self.pump()
        if until < float("inf"):
            self.now = until

    def start_of(self, ticket: Any) -> float:
        """When a job was sent."""
        return next(at for at, placement in self.log if placement.ticket is ticket)

    def owners(self) -> str:
        """Owners of the jobs that were sent, in order."""
        return "".join(placement.ticket.owner for _, placement in self.log)


class TestFairness:
    """Between owners by time used, within one by arrival."""

    def test_owners_take_turns(self):
        """Equal jobs of two owners alternate, however many one of them has sent first."""
        world = World()
        for _ in range(5):
            world.submit("a")
        for _ in range(3):
            world.submit("b")
        world.advance()

        assert world.owners() == "abababaa"

    def test_turns_are_by_time(self):
        """While an owner of long jobs gets two turns, one of short jobs gets as many as fit into that time."""
        world = World(loaded=EDIT | DRAW)
        for _ in range(20):
            world.submit("a", "draw")
            world.submit("b", "edit")
        world.advance(20 * 9.5 + 10 * 17.5)

        assert abs(world.owners().count("a") * 9.5 - world.owners().count("b") * 17.5) <= 2 * 17.5

    @pytest.mark.parametrize("servers", [1, 3, 8])
    @pytest.mark.parametrize("kind", ["edit", "draw"])
    def test_greedy_owner(self, servers, kind):
        """An owner with a thousand jobs delays another's single job by at most one job's length."""
        world = World(servers)
        for number in range(1000):
            world.submit("greedy", "edit" if number % 3 else "draw")
        world.advance(100.0)

        ticket = world.submit("b", kind)
        world.advance(100.0 + SERVICE["edit"] + SWAP)

        assert world.start_of(ticket) <= 100.0 + SERVICE["edit"] + SWAP

    @pytest.mark.parametrize("kind", ["edit", "draw", "quick"])
    def test_newcomer_is_next(self, kind):
        """A newcomer's job is the very next one that a single server gets."""
        world = World()
        for _ in range(50):
            world.submit("greedy", "edit")
        world.advance(1.0)

        ticket = world.submit("b", kind)
        world.advance(20.0)

        assert world.log[1][1].ticket is ticket

    def test_first_come_first_served(self):
        """Jobs of one owner with the same models keep their order."""
        world = World(2)
        tickets = [world.submit() for _ in range(10)]
        world.advance()

        assert [placement.ticket for _, placement in world.log] == tickets

    def test_priority(self):
        """A higher priority goes first, whoever has waited longer."""
        world = World()
        world.submit("a")
        low, high = world.submit("b"), world.submit("c", priority=5)
        world.advance()

        assert world.start_of(high) < world.start_of(low)

    def test_low_priority_does_not_starve(self):
        """Under endless work of a higher priority a low one is served about once a minute."""
        world = World()
        for _ in range(200):
            world.submit("high", priority=9)
        low = [world.submit(f"low{number}") for number in range(3)]
        world.advance()

        starts = [world.start_of(ticket) for ticket in low]
        assert all(start <= 80.0 * turn for turn, start in enumerate(starts, 1))

    def test_used_time_is_corrected(self):
        """What counts is the time a job took, not the time it was expected to take."""
        world = World()
        scheduler, server = world.scheduler, world.fleet[0]
        for _ in range(3):
            scheduler.submit(order("a"), 0.0)
            scheduler.submit(order("b"), 0.0)
        turns = []
        for now in range(6):
            placement = scheduler.next(float(now))
            assert placement is not None
            assert placement.server is server
            turns.append(placement.ticket.owner)
            scheduler.finish(placement.ticket, now + 0.5, 1.0 if placement.ticket.owner == "a" else 60.0)

        assert turns == ["a", "b", "a", "a", "b", "b"]


class TestModels:
    """What is loaded decides between servers, and within bounds between jobs."""

    def test_warm_server_first(self):
        """A job goes to the free server that has its models."""
        world = World(2)
        world.fleet[1].loaded = DRAW
        world.scheduler.refresh(world.fleet[1])

        world.submit("a", "draw")
        world.submit("b", "edit")

        assert [placement.server.key for _, placement in world.log] == ["s1", "s0"]
        assert not any(placement.swap for _, placement in world.log)

    def test_fresh_server_before_a_swap(self):
        """A server that never loaded anything is used before one that would lose its models."""
        world = World(3)
        world.fleet[2].loaded = None
        world.scheduler.refresh(world.fleet[2])

        world.submit("a", "draw")

        assert world.log[0][1].server is world.fleet[2]

    def test_waits_for_models(self):
        """Where the server with the models is free soon, no other one changes its models."""
        world = World(2)
        world.fleet[1].loaded = DRAW
        world.scheduler.refresh(world.fleet[1])
        world.submit("a", "draw")
        second = world.submit("b", "draw")
        world.advance()

        assert world.start_of(second) == SERVICE["draw"]
        assert not any(placement.swap for _, placement in world.log)

    def test_long_line_converts_a_server(self):
        """Where many wait for models that few servers have, another server loads them."""
        world = World(2)
        world.fleet[1].loaded = DRAW
        world.scheduler.refresh(world.fleet[1])
        for number in range(12):
            world.submit(f"o{number}", "draw")
        world.advance()

        assert sum(bool(placement.swap) for _, placement in world.log) == 1

    def test_batches_of_two_owners(self):
        """Two owners with much to do on one server do not change its models at every turn."""
        world = World()
        for _ in range(40):
            world.submit("a", "edit")
            world.submit("b", "draw")
        world.advance()

        assert 4 <= sum(bool(placement.swap) for _, placement in world.log) <= 50
        assert world.owners()[:20].count("b") >= 4

    def test_unloaded_models_do_not_starve(self):
        """A job whose models are never loaded is passed over for a bounded time only."""
        world = World()
        for _ in range(100):
            world.submit("a", "edit")
        rare = world.submit("a", "draw")
        for _ in range(100):
            world.submit("a", "edit")
        world.advance()

        before = [placement.ticket for _, placement in world.log].index(rare)
        assert 100 <= before <= 105

    def test_uploads_break_ties(self):
        """Of two equal servers the one that has the job's pictures is taken."""
        world = World(2)
        first = world.scheduler.submit(order("a"), 0.0, ["pic"])
        blocker = world.scheduler.submit(order("b"), 0.0)
        where = {p.ticket: p.server for p in (world.scheduler.next(0.0), world.scheduler.next(0.0)) if p}
        for ticket in (blocker, first):
            world.scheduler.finish(ticket, 20.0, 17.5)

        again = world.scheduler.submit(order("a"), 20.0, ["pic"])
        placement = world.scheduler.next(20.0)

        assert placement is not None
        assert placement.ticket is again
        assert placement.server is where[first]


class TestDepth:
    """How many jobs one server gets at once."""

    def test_long_jobs_one_by_one(self):
        """A job of seconds is sent when the one before it is done, not earlier."""
        world = World()
        for _ in range(3):
            world.submit()

        assert len(world.fleet[0].jobs) == 1

    def test_short_jobs_keep_the_server_busy(self):
        """Jobs of milliseconds are sent ahead, up to a quarter second of work."""
        world = World()
        for _ in range(100):
            world.submit("a", "quick")

        assert len(world.fleet[0].jobs) == DEPTH

    def test_unknown_counts_as_long(self):
        """Before anything like it ran, a server gets one job at a time."""
        scheduler = Scheduler(fleet(1, Estimates()))
        for _ in range(3):
            scheduler.submit(order(), 0.0)

        assert scheduler.next(0.0) is not None
        assert scheduler.next(0.0) is None


class TestLimits:
    """Refusals."""

    @given(limit=st.integers(1, 20), servers=st.integers(1, 4))
    @settings(max_examples=30, deadline=None)
    def test_line_is_bounded(self, limit, servers):
        """Exactly `queue` jobs per server may wait; the next one is refused with an estimate."""
        world = World(servers, Limits(limit, 10_000))
        for number in range(servers * (limit + 1)):
            world.submit(str(number))

        with pytest.raises(ServerBusyError, match=f"takes {servers * limit} at a time") as caught:
            world.submit("late")
        assert caught.value.code == "queue_full"
        assert caught.value.retry_after == pytest.approx(17.5 * (limit + 1), rel=0.01)

    @given(limit=st.integers(1, 20))
    @settings(max_examples=20, deadline=None)
    def test_owner_is_bounded(self, limit):
        """Exactly `key` jobs of one owner wait or run; one that ends makes room for one."""
        world = World(1, Limits(1000, limit))
        for _ in range(limit):
            world.submit("a")
        with pytest.raises(ServerBusyError, match=f"{limit} jobs") as caught:
            world.submit("a")
        assert caught.value.code == "key_limit"
        assert caught.value.retry_after == pytest.approx(17.5 * limit, rel=0.01)
        world.submit("b")

        world.advance(18.0)
        world.submit("a")
        with pytest.raises(ServerBusyError):
            world.submit("a")

    def test_leaving_makes_room(self):
        """A job that leaves the line frees its place at once."""
        world = World(1, Limits(1, 2))
        world.submit("a")
        waiting = world.submit("a")
        world.scheduler.leave(waiting)
        world.scheduler.forget(waiting)

        world.submit("a")

        assert world.scheduler.waiting == 1


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.sampled_from("abcd"), st.sampled_from(list(KINDS)), st.integers(0, 2)),
        st.tuples(st.just("finish"), st.integers(0, 50), st.sampled_from([None, 0.001, 3.0, 30.0])),
        st.tuples(st.just("health"), st.integers(0, 3), st.sampled_from(["up", "down", "stuck"])),
        st.tuples(st.just("drain"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("leave"), st.integers(0, 50)),
        st.tuples(st.just("again"), st.integers(0, 50)),
    ),
    max_size=120,
)


def play(actions: list[Any]) -> list[tuple[int, str]]:
    """Carry actions out on four servers; which job went where, in order. Everything left ends in the end."""
    estimates = Estimates()
    servers = fleet(4, estimates)
    scheduler = Scheduler(servers, estimates, Limits(1000, 1000))
    now, waiting, running, placed = 0.0, [], [], []

    def pump() -> None:
        while (placement := scheduler.next(now)) is not None:
            assert placement.server.health == "up"
            assert not placement.server.draining
            assert not placement.ticket.waits
            waiting.remove(placement.ticket)
            running.append(placement.ticket)
            placed.append((placement.ticket.number, str(placement.server.key)))

    for action, *details in actions:
        now += 1.0
        if action == "submit":
            owner, kind, priority = details
            waiting.append(scheduler.submit(order(owner, kind, priority), now))
        elif action == "finish" and running:
            ticket = running.pop(details[0] % len(running))
            scheduler.finish(ticket, now, details[1])
            scheduler.forget(ticket)
        elif action == "again" and running:
            ticket = running.pop(details[0] % len(running))
            scheduler.finish(ticket, now, None, started=False)
            scheduler.again(ticket, now)
            waiting.append(ticket)
        elif action == "leave" and waiting:
            ticket = waiting.pop(details[0] % len(waiting))
            scheduler.leave(ticket)
            scheduler.forget(ticket)
        elif action in ("health", "drain"):
            setattr(servers[details[0]], {"health": "health", "drain": "draining"}[action], details[1])
            scheduler.refresh(servers[details[0]])
        assert scheduler.waiting == len(waiting) == len(list(scheduler.order()))
        pump()
    for server in servers:
        server.health, server.draining = "up", False
        scheduler.refresh(server)
    pump()
    for _ in range(2 * len(actions) + 10):
        now += 100.0
        for ticket in running[:]:
            running.remove(ticket)
            scheduler.finish(ticket, now, 1.0)
            scheduler.forget(ticket)
        pump()
    assert not waiting
    assert not running
    return placed


class TestProperties:
    """What holds for any course of events."""

    @given(ACTIONS)
    @settings(max_examples=200, deadline=None)
    def test_every_job_runs_on_a_usable_server(self, actions):
        """No job goes to a server that is down, stuck or draining; every job that stays is sent; all twice the same."""
        assert play(actions) == play(actions)

    @given(st.integers(0, 2**32), st.integers(1, 6))
    @settings(max_examples=25, deadline=None)
    def test_nobody_starves(self, seed, servers):
        """In a random mix no job waits longer than all work, swaps included, would take on one server."""
        chance = random.Random(seed)
        world = World(servers)
        waits: dict[str, list[float]] = defaultdict(list)
        tickets = []
        for _ in range(60):
            world.advance(world.now + chance.uniform(0, 10.0))
            tickets.append(
                world.submit(chance.choice("aaaab"), chance.choice(["edit", "draw"]), chance.choice([0, 0, 3]))
            )
        world.advance()
        for ticket in tickets:
            waits[ticket.owner].append(world.start_of(ticket) - ticket.arrived)

        assert sum(map(len, waits.values())) == 60
        assert max(max(each) for each in waits.values()) <= 60 * (17.5 + SWAP)

    @given(st.integers(0, 40))
    @settings(max_examples=20, deadline=None)
    def test_monotone_in_queue_depth(self, ahead):
        """With more jobs of its owner ahead a job does not start earlier, nor is a refused one told an earlier time."""
        starts, retries = [], []
        for number in (ahead, ahead + 1):
            world = World(2, Limits(1000, number + 1))
            for _ in range(number):
                world.submit("a")
            ticket = world.submit("a")
            with pytest.raises(ServerBusyError) as caught:
                world.submit("a")
            retries.append(caught.value.retry_after)
            world.advance()
            starts.append(world.start_of(ticket))

        assert starts[0] <= starts[1]
        assert retries[0] <= retries[1]
