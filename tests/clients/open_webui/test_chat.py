"""The chat model in Open WebUI: one picture for each answer, and what else a person can press."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from clients.open_webui.program import Site
from clients.open_webui.window import Window, extent, finished
from support.browser import disc, eventually
from support.engines import EngineProcess, outcomes
from support.gateways import KEY
from support.pictures import close_to, mean, opened

pytestmark = [pytest.mark.clients, pytest.mark.timeout(1800)]
RED, BLUE, ORANGE = (220, 40, 40), (37, 86, 214), (245, 140, 30)
MIDDLE = (0.45, 0.45, 0.55, 0.55)


def test_draw_and_change(window: Window, site: Site, shots: Path) -> None:
    """A red square is drawn, then made blue where it stands; each answer has one picture, also after a reload."""
    before = site.jobs()
    (drawn,) = window.pictures(window.say("draw a red square"))
    (changed,) = window.pictures(window.say("make it blue"))
    window.page.screenshot(path=shots / f"{site.name}-changed.png")

    assert close_to(mean(drawn, MIDDLE), RED, 60)
    assert close_to(mean(changed, MIDDLE), BLUE, 60)
    assert np.abs(extent(drawn, RED) - extent(changed, BLUE)).max() < 0.02
    assert site.jobs() == before + 2

    window.page.reload()
    window.answers.nth(1).locator("img:not([alt=profile])").wait_for()
    again = [window.pictures(window.answers.nth(number)) for number in (0, 1)]
    assert [one.tobytes() for (one,) in again] == [drawn.tobytes(), changed.tobytes()]


def test_signing_in_again(window: Window, site: Site) -> None:
    """Who signs out and in again finds the chat with its picture in the list, and goes on with it."""
    window.say("draw a red square")
    chat = window.page.url
    window.sign_in(site.webui.url)
    window.page.goto(chat)
    window.answers.first.locator("img:not([alt=profile])").wait_for()

    (changed,) = window.pictures(window.say("make it blue"))
    assert close_to(mean(changed, MIDDLE), BLUE, 60)


def test_progress(window: Window, site: Site) -> None:
    """While it is drawn the answer says that it is thought about; its fold holds the steps, and stays."""
    answer = window.send("draw a castle")
    answer.get_by_text("Thinking").click()
    answer.get_by_text("Sampler 5/20").wait_for()
    assert site.gateway.waiting() == 1
    assert window.pictures(answer) == []

    finished(answer)
    assert len(window.pictures(answer)) == 1
    assert answer.get_by_text("Thought for").is_visible()


def test_what_is_asked_behind_the_users_back(window: Window, site: Site, shots: Path) -> None:
    """Title, tags and follow-up questions come from the chat model too, as text, and nothing is drawn for them."""
    before = site.jobs()
    answer = window.say("draw a lighthouse in a storm")
    follow_ups = answer.get_by_label("Follow up:")
    follow_ups.first.wait_for()
    eventually(lambda: window.page.title().lower().startswith("draw a lighthouse") or None)
    eventually(lambda: window.stored()["meta"].get("tags") or None)
    window.page.screenshot(path=shots / f"{site.name}-tasks.png")

    assert follow_ups.count() == 3
    assert site.jobs() == before + 1


def test_a_follow_up_question_is_a_turn(window: Window, site: Site) -> None:
    """A proposed question, pressed, changes the picture that it was proposed for."""
    answer = window.say("draw a lighthouse in a storm")
    before = site.jobs()
    answer.get_by_label("Follow up:").nth(1).click()
    window.answers.nth(1).wait_for()
    finished(window.answers.nth(1))

    assert len(window.pictures(window.answers.nth(1))) == 1
    assert site.jobs() == before + 1


def test_talk(window: Window, site: Site) -> None:
    """A greeting is answered in words."""
    before = site.jobs()
    answer = window.say("hello!")

    assert window.pictures(answer) == []
    assert len(answer.locator(".chat-assistant").inner_text().split()) > 3
    assert site.jobs() == before


def test_another_variant(window: Window, site: Site) -> None:
    """Regenerate draws again: one more job, another picture, and still one in the answer."""
    answer = window.say("draw a red square")
    (first,) = window.pictures(answer)
    before = site.jobs()
    answer.get_by_label("Regenerate").click()
    window.page.get_by_text("Try Again", exact=True).click()
    eventually(lambda: site.jobs() == before + 1 or None)
    finished(window.answers.last)

    (second,) = window.pictures(window.answers.last)
    assert second.tobytes() != first.tobytes()
    assert close_to(mean(second, MIDDLE), RED, 60)


def test_stop(window: Window, site: Site) -> None:
    """The stop button ends the job in ComfyUI, and the conversation goes on."""
    window.say("draw a red square")
    answer = window.send("make it blue")
    eventually(lambda: site.gateway.waiting() or None)
    window.page.get_by_label("Stop", exact=True).click()
    eventually(lambda: site.gateway.waiting() == 0 or None)
    finished(answer)

    assert list(outcomes(site.gateway.engine.url).values())[-1] == "error"
    assert window.pictures(answer) == []
    (changed,) = window.pictures(window.say("make it blue"))
    assert close_to(mean(changed, MIDDLE), BLUE, 60)


def test_a_picture_of_the_users(window: Window, site: Site, shots: Path) -> None:
    """An uploaded picture is shown in the question and changed in the answer, and once more without a new upload."""
    window.attach("disc.png", disc("green"))
    answer = window.say("make the green disc orange")
    (sent,) = window.pictures(window.questions.last)
    (changed,) = window.pictures(answer)
    window.page.screenshot(path=shots / f"{site.name}-upload.png")

    assert sent.tobytes() == opened(disc("green")).tobytes()
    assert changed.size == sent.size
    assert close_to(mean(changed, MIDDLE), ORANGE, 60)
    assert close_to(mean(changed, (0, 0, 0.1, 0.1)), (255, 255, 255), 10)

    (again,) = window.pictures(window.say("now make it blue"))
    assert close_to(mean(again, MIDDLE), BLUE, 60)


def test_two_pictures_of_the_users(window: Window, site: Site) -> None:
    """Two uploads with one message become one picture."""
    window.attach("one.png", disc("green"))
    window.attach("two.png", disc("red"))
    before = site.jobs()
    answer = window.say("combine both pictures into one")

    assert len(window.pictures(window.questions.last)) == 2
    assert len(window.pictures(answer)) == 1
    assert site.jobs() == before + 1


def test_nobody_draws(window: Window, engine: EngineProcess, site: Site, shots: Path) -> None:
    """Without ComfyUI the answer says so; when it is back, the same conversation draws."""
    engine.kill()
    try:
        answer = window.send("draw a red square")
        answer.get_by_text("ComfyUI").first.wait_for()
        window.page.screenshot(path=shots / f"{site.name}-down.png")
        assert window.pictures(answer) == []
    finally:
        engine.start()

    (drawn,) = window.pictures(window.say("draw a red square"))
    assert close_to(mean(drawn, MIDDLE), RED, 60)


def test_in_two_windows_at_once(browser: Browser, window: Window, site: Site) -> None:
    """Two chats at the same time get each its own picture."""
    other = Window(browser, site.webui)
    other.choose(site.chat)
    here, there = window.send("draw a red square"), other.send("draw a blue square")
    finished(here)
    finished(there)
    ((red,), (blue,)) = window.pictures(here), other.pictures(there)
    other.close()

    assert close_to(mean(red, MIDDLE), RED, 60)
    assert close_to(mean(blue, MIDDLE), BLUE, 60)


def test_a_gateway_added_later(browser: Browser, ours: Site, theirs: Site) -> None:
    """An Open WebUI that runs already gets another gateway in its settings, and draws with that one's chat alias."""
    window = Window(browser, ours.webui)
    window.connect(f"{theirs.gateway.url}/v1", KEY)
    window.choose(theirs.chat)
    (drawn,) = window.pictures(window.say("draw a red square"))
    window.close()

    assert close_to(mean(drawn, MIDDLE), RED, 60)
