"""Progress messages."""

from __future__ import annotations

from typing import Any

from protobanana.engine.progress import Progress


class Wire:
    """Collects what is sent."""

    def __init__(self, *, modern: bool = False) -> None:
        self.modern = modern
        self.sent: list[tuple[str, Any, str | None]] = []

    def send(self, event: str, data: dict[str, Any], client_id: str | None) -> None:
        """A JSON message."""
        self.sent.append((event, data, client_id))

    def send_frame(self, frame: bytes, client_id: str | None) -> None:
        """A binary message."""
        self.sent.append((f"frame {frame[3]}", frame, client_id))

    def takes_metadata(self, client_id: str) -> bool:
        """The negotiated flag."""
        return self.modern

    def events(self) -> list[str]:
        """Names of what was sent."""
        return [event for event, _, _ in self.sent]


def test_throttle() -> None:
    """Without previews, the first and last step are sent, others only 0.1 s and 0.5 % after the one before."""
    wire, now = Wire(), [0.0]
    progress = Progress(wire, "p", "me", clock=lambda: now[0])
    progress.start("3")
    for step in range(1, 1001):
        now[0] += 0.03
        progress.update("3", step, 1000)

    values = [data["value"] for event, data, _ in wire.sent if event == "progress"]
    assert values[:3] == [1, 6, 11]
    assert values[-1] == 1000


def test_slow_steps_are_all_sent() -> None:
    """Steps that take longer than the throttle are all sent."""
    wire, now = Wire(), [0.0]
    progress = Progress(wire, "p", "me", clock=lambda: now[0])
    progress.start("3")
    for step in range(1, 5):
        now[0] += 1
        progress.update("3", step, 4)

    assert [data["value"] for event, data, _ in wire.sent if event == "progress"] == [1, 2, 3, 4]


def test_preview_with_metadata_comes_before_progress() -> None:
    """A client that negotiated metadata gets frame 4 before the progress message."""
    wire = Wire(modern=True)
    Progress(wire, "p", "me").update("3", 1, 4, b"jpeg", "image/jpeg")

    assert wire.events() == ["progress_state", "frame 4", "progress"]


def test_legacy_preview_comes_after_progress() -> None:
    """Any other client gets frame 1 after it."""
    wire = Wire()
    Progress(wire, "p", "me").update("3", 1, 4, b"jpeg", "image/jpeg")

    assert wire.events() == ["progress_state", "progress", "frame 1"]


def test_without_client_everybody_hears_legacy_frames() -> None:
    """A prompt without client_id is broadcast, in the old form even to modern clients."""
    wire = Wire(modern=True)
    Progress(wire, "p", None).update("3", 1, 4, b"jpeg", "image/jpeg")

    assert wire.events() == ["progress_state", "progress", "frame 1"]
    assert {client for _, _, client in wire.sent} == {None}


def test_finish() -> None:
    """A finished node shows its last total; one found in the cache shows 1 of 1."""
    wire = Wire()
    progress = Progress(wire, "p", "me")
    progress.start("3")
    progress.update("3", 1, 4)
    progress.finish("3")
    progress.finish("9")

    nodes = wire.sent[-1][1]["nodes"]
    assert (nodes["3"]["state"], nodes["3"]["value"], nodes["3"]["max"]) == ("finished", 4, 4)
    assert (nodes["9"]["state"], nodes["9"]["value"], nodes["9"]["max"]) == ("finished", 1, 1)
