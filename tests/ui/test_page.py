"""The page as a whole: how it opens, what it looks like, whom it shuts out, and what it does when things are down."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import PIL.Image
import pytest
from playwright.sync_api import Browser

from support.axe import axe_source, serious
from support.browser import Studio, disc, eventually
from support.engines import EngineProcess
from support.gateways import KEY, Gateway, serve, stop

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "tests" / "data" / "templates"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TABS = ("Chat", "Generate", "Edit", "Outpaint", "Region edit", "Remove background", "Compose", "Workflows", "History")


def test_it_opens_fast(studio: Studio, record_property: Callable[[str, object], None]) -> None:
    """The page says how soon something was to be seen, in the browser's own measure; the report has the number."""
    paint = studio.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    record_property("first_contentful_paint_ms", round(paint))
    print(f"first contentful paint after {paint:.0f} ms")

    assert paint > 0


def test_a_tab_for_each_operation(studio: Studio, gateway: Gateway) -> None:
    """The tabs are those of the schema, but for one that another has beside it for masks; then the page's own."""
    known = httpx.get(f"{gateway.url}/protobanana/operations").json()["operations"]
    titles = [one["title"] for one in known if not one["mask"]]

    shown = [tab.inner_text() for tab in studio.page.get_by_role("tab").all()]
    assert shown == ["Chat", *titles, "Workflows", "History"]


def test_without_a_key_nothing_is_drawn(browser: Browser, gateway: Gateway) -> None:
    """Whoever has no key sees the page and can do nothing with it; a wrong one is told apart."""
    stranger = Studio(browser, f"{gateway.url}/studio")
    stranger.prompt("chat", "draw a cat")
    stranger.run("chat")
    stranger.page.get_by_role("alert").get_by_text("Enter the key of the gateway").wait_for()
    stranger.page.fill("#key input", "sk-wrong")
    stranger.page.press("#key input", "Enter")
    stranger.page.locator("#pb-told").get_by_text("does not accept this key").wait_for()
    stranger.page.fill("#key input", KEY)
    stranger.page.press("#key input", "Enter")
    eventually(lambda: "accept" not in stranger.page.locator("#pb-told").inner_text() or None)
    stranger.say("draw a cat")

    assert stranger.page.locator("#pb-chat .bot.message img").count() == 1
    stranger.close()


@pytest.mark.parametrize("file", ["api", "editor"])
def test_a_dropped_workflow_is_run(studio: Studio, file: str, tmp_path: Path) -> None:
    """A workflow file is a model a moment after it was dropped, with a form of its own, and draws."""
    dropped = tmp_path / f"my_{file}.json"
    dropped.write_bytes((TEMPLATES / f"01_get_started_text_to_image.{file}.json").read_bytes())
    studio.tab("Workflows")
    studio.page.set_input_files("#workflow-drop input[type=file]", dropped)
    studio.page.locator("#workflow-told").get_by_text("is a model of the gateway now").wait_for()
    studio.page.get_by_text(f"protobanana/my_{file}").locator("visible=true").first.wait_for()
    studio.prompt("workflows", "a red lighthouse")
    studio.run("workflows")
    studio.result("workflows")

    assert studio.saved("workflows").width >= 256


def test_a_broken_workflow_is_refused(studio: Studio, tmp_path: Path) -> None:
    """What is wrong with a file is said, and the file is not kept."""
    broken = tmp_path / "broken.json"
    broken.write_text('{"1": {"class_type": "NoSuchNode", "inputs": {}}}', "utf-8")
    studio.tab("Workflows")
    studio.page.set_input_files("#workflow-drop input[type=file]", broken)

    studio.page.locator("#workflow-told").get_by_text("broken.json:").wait_for()


def test_down_and_up_again(browser: Browser, tmp_path: Path) -> None:
    """While ComfyUI is down the page says so in words; when it is back the same page draws, without a reload."""
    with EngineProcess(pace=0.01) as engine:
        gateway = serve(tmp_path, engine)
        studio = Studio(browser, f"{gateway.url}/studio", KEY)
        engine.kill()
        studio.tab("Generate")
        studio.ready("generate")
        studio.prompt("generate", "a cat")
        studio.run("generate")
        studio.stage("generate").get_by_role("alert").wait_for()
        assert "Traceback" not in studio.stage("generate").inner_text()
        engine.start()
        eventually(lambda: _drawn(studio))

        assert studio.errors == []
        studio.close()
        stop(gateway)


@pytest.mark.parametrize("command", [["protobanana", "ui", "--port", "0"], ["app"]], ids=["ui", "app"])
def test_alone(browser: Browser, gateway: Gateway, command: list[str], tmp_path: Path) -> None:
    """`protobanana ui` and `python -m app` are the page for any gateway; with a key of their own they ask for none."""
    environment = {**os.environ, "GATEWAY_URL": gateway.url, "GATEWAY_API_KEY": KEY, "PYTHONPATH": str(ROOT)}
    log = tmp_path / "ui.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=output, stderr=subprocess.STDOUT, cwd=tmp_path, env=environment
        )
    try:
        told = eventually(lambda: re.search(r"studio at (\S+)", log.read_text("utf-8")))
        studio = Studio(browser, told[1].replace("0.0.0.0", "127.0.0.1"))
        studio.say("draw a red apple")

        assert studio.page.locator("#key").count() == 0
        assert studio.errors == []
        studio.close()
    finally:
        process.terminate()
        process.wait()


def test_on_a_phone(browser: Browser, gateway: Gateway) -> None:
    """On a narrow touch screen a tab can be opened and draws, and nothing sticks out of the page."""
    studio = Studio(browser, f"{gateway.url}/studio", KEY, **PHONE)
    studio.tab("Generate")
    studio.ready("generate")
    studio.prompt("generate", "a cat")
    studio.run("generate")
    studio.result("generate")

    assert studio.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    studio.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(browser: Browser, gateway: Gateway, scheme: Any, pytestconfig: pytest.Config) -> None:
    """Axe finds nothing serious on any tab, neither in light nor in dark."""
    source = axe_source(pytestconfig.cache.mkdir("axe"))
    studio = Studio(browser, f"{gateway.url}/studio", KEY, color_scheme=scheme)
    found = {}
    for title in TABS:
        studio.tab(title)
        studio.page.wait_for_function("!document.querySelector('.wrap.generating')")
        found[title] = serious(studio.page, source)

    assert {title: what for title, what in found.items() if what} == {}
    studio.close()


def test_tabs_can_be_left_out(browser: Browser, engine: Any, tmp_path: Path) -> None:
    """PROTOBANANA_DISABLE_TABS takes tabs away, by title or name."""
    gateway = serve(tmp_path, engine, environment={"PROTOBANANA_DISABLE_TABS": "workflows, Region edit,compose"})
    studio = Studio(browser, f"{gateway.url}/studio", KEY)

    titles = {tab.inner_text() for tab in studio.page.get_by_role("tab").all()}
    assert titles == set(TABS) - {"Workflows", "Region edit", "Compose"}
    studio.close()
    stop(gateway)


def _drawn(studio: Studio) -> bool | None:
    """Try once more, as a person would; whether it was drawn."""
    studio.run("generate")
    studio.page.wait_for_timeout(1000)
    eventually(lambda: studio.stage("generate").locator("progress").count() == 0 or None)
    return bool(studio.stage("generate").locator(".pb-result").count()) or None


def _chat(studio: Studio) -> None:
    studio.say("draw a red fox on a green meadow")
    studio.say("make it winter")


def _generate(studio: Studio) -> None:
    studio.ready("generate")
    studio.prompt("generate", "a lighthouse at the sea, evening")
    studio.page.locator("#sizes-generate").get_by_text("1664 × 928").click()
    studio.run("generate")
    studio.result("generate")


def _one(name: str, words: str) -> Callable[[Studio], None]:
    def shot(studio: Studio) -> None:
        studio.ready(name)
        studio.give(name, ("disc.png", disc("red")))
        studio.prompt(name, words)
        if name == "region_edit":
            studio.page.fill("#field-region_edit-region textarea", "the red circle")
        if name == "outpaint":
            studio.page.locator("#pictures-outpaint").get_by_label("Right").fill("256")
            studio.page.locator("#pictures-outpaint").get_by_label("Right").press("Tab")
        studio.run(name)
        studio.result(name)

    return shot


def _cut_out(studio: Studio) -> None:
    studio.ready("remove_background")
    studio.give("remove_background", ("disc.png", disc("red")))
    studio.run("remove_background")
    studio.result("remove_background")


def _compose(studio: Studio) -> None:
    studio.ready("compose")
    studio.give("compose", ("blue.png", disc("blue")), ("yellow.png", disc("yellow")))
    studio.prompt("compose", "put both discs side by side")
    studio.run("compose")
    studio.result("compose")


def _workflows(studio: Studio) -> None:
    studio.page.locator("#prompt-workflows textarea").wait_for()
    studio.prompt("workflows", "a yellow sailing boat on a calm lake, mountains")
    studio.run("workflows")
    studio.result("workflows")


SHOTS: dict[str, Callable[[Studio], None]] = {
    "Chat": _chat,
    "Generate": _generate,
    "Edit": _one("edit", "make the disc blue"),
    "Outpaint": _one("outpaint", "extend the picture"),
    "Region edit": _one("region_edit", "make the red circle green"),
    "Remove background": _cut_out,
    "Compose": _compose,
    "Workflows": _workflows,
    "History": lambda studio: None,
}


def test_screenshots(studio: Studio, shots: Path) -> None:
    """One picture of each tab in use, for the documents; the chat in dark and on a phone's width, too."""

    def shoot(name: str) -> None:
        studio.page.evaluate("window.scrollTo(0, 0)")
        studio.page.mouse.move(0, 0)
        studio.page.wait_for_timeout(300)
        shot = PIL.Image.open(io.BytesIO(studio.page.screenshot(animations="disabled"))).convert("RGB")
        shot.quantize(256, dither=PIL.Image.Dither.NONE).save(shots / f"studio-{name}.png", optimize=True)

    for title, use in SHOTS.items():
        studio.tab(title)
        use(studio)
        shoot(title.lower().replace(" ", "-"))
    studio.tab("Chat")
    studio.page.emulate_media(color_scheme="dark")
    studio.page.reload()
    studio.page.locator("#pb-chat .bot.message img").last.wait_for()
    studio.page.wait_for_function("studio.all().length")
    shoot("dark")
    studio.page.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
    shoot("phone")

    assert {file.stem for file in shots.glob("studio-*.png") if file.stat().st_size < 150_000} == {
        *(f"studio-{title.lower().replace(' ', '-')}" for title in TABS),
        "studio-dark",
        "studio-phone",
    }
