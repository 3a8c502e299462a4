"""Stopping: what the page gives up, ComfyUI gives up too."""

from __future__ import annotations

import time

from support.browser import Studio, eventually
from support.gateways import Gateway


def test_stop(studio: Studio, gateway: Gateway) -> None:
    """The stop button ends the job in ComfyUI, not only the page's interest in it."""
    studio.tab("Generate")
    studio.ready("generate")
    studio.prompt("generate", "a castle")
    studio.page.get_by_label("number input for Variants").locator("visible=true").fill("10")
    studio.page.get_by_role("radio", name="high").locator("visible=true").first.check()
    studio.run("generate")
    eventually(lambda: gateway.waiting() or None)
    _stop("generate", studio, gateway)

    studio.stage("generate").get_by_text("Stopped").wait_for()
    studio.page.locator("#run-generate").wait_for()


def _stop(name: str, studio: Studio, gateway: Gateway) -> None:
    """Press stop, and say how long ComfyUI's queue took to be empty."""
    begun = time.monotonic()
    studio.page.click(f"#stop-{name}")
    eventually(lambda: gateway.waiting() == 0 or None)
    print(f"the queue was empty {time.monotonic() - begun:.2f} s after the click")


def test_stop_a_chat(studio: Studio, gateway: Gateway) -> None:
    """Stopping a turn ends its job and brings the words back into the box."""
    studio.prompt("chat", "draw a castle")
    studio.run("chat")
    eventually(lambda: gateway.waiting() or None)
    _stop("chat", studio, gateway)

    eventually(lambda: studio.page.input_value("#prompt-chat textarea") == "draw a castle" or None)
    assert studio.page.locator("#pb-chat .message").count() == 0
