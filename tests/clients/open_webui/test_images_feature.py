"""Open WebUI's own Images feature on the image endpoints: pictures in a chat with another model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from clients.open_webui.program import Site
from clients.open_webui.window import Window
from support.browser import disc
from support.llm import LanguageServer, Reply, call
from support.pictures import close_to, mean, opened

pytestmark = [pytest.mark.clients, pytest.mark.timeout(1800)]
RED, BLUE = (220, 40, 40), (37, 86, 214)
MIDDLE = (0.45, 0.45, 0.55, 0.55)


def _make_it_blue(body: dict[str, Any]) -> Reply:
    """The edit of the newest picture that the conversation names."""
    # An upload is named by the id of its file alone.
    newest = re.findall(r'/api/v1/files/[\w-]+/content|(?<=url=\\")[\w-]+', json.dumps(body["messages"]))[-1]
    return [call("edit_image", prompt="make it blue", image_urls=[newest])]


def test_another_model_draws_and_edits(browser: Browser, theirs: Site, talker: LanguageServer, shots: Path) -> None:
    """A language model that calls Open WebUI's tools gets one picture drawn, and that picture changed."""
    window = Window(browser, theirs.webui)
    window.choose("talker")
    window.switch_images_on()
    before = theirs.jobs()
    talker.replies += [[call("generate_image", prompt="a red square")], ["Here."], _make_it_blue, ["Changed."]]
    (drawn,) = window.pictures(window.say("please give me a red square"))
    (changed,) = window.pictures(window.say("please make it blue"))
    window.page.screenshot(path=shots / "images-feature.png")
    window.close()

    assert close_to(mean(drawn, MIDDLE), RED, 60)
    assert close_to(mean(changed, MIDDLE), BLUE, 60)
    assert theirs.jobs() == before + 2
    assert talker.replies == []


def test_another_model_edits_an_upload(browser: Browser, theirs: Site, talker: LanguageServer) -> None:
    """A picture that the person has attached is the one that the tool changes."""
    window = Window(browser, theirs.webui)
    window.choose("talker")
    window.switch_images_on()
    window.attach("disc.png", disc("red"))
    talker.replies += [_make_it_blue, ["Changed."]]
    (changed,) = window.pictures(window.say("please make the disc blue"))
    window.close()

    assert close_to(mean(changed, MIDDLE), BLUE, 60)
    assert close_to(mean(changed, (0, 0, 0.1, 0.1)), (255, 255, 255), 30)


def test_the_models_of_the_tutorial(window: Window, site: Site) -> None:
    """The engine that the tutorial sets draws and edits, in the size that Open WebUI asks for."""
    before = site.jobs()
    drawn = window.asked("POST", "images/generations", data={"prompt": "a red square", "size": "640x512"}).json()
    picture = opened(window.content(drawn[0]["url"]))
    changed = window.asked("POST", "images/edit", data={"prompt": "make it blue", "image": drawn[0]["url"]}).json()

    assert len(drawn) == len(changed) == 1
    assert picture.size == (640, 512)
    assert close_to(mean(picture, MIDDLE), RED, 60)
    assert close_to(mean(opened(window.content(changed[0]["url"])), MIDDLE), BLUE, 60)
    assert site.jobs() == before + 2
