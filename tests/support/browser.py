"""The studio in a real browser: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np
import PIL.Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from support.pictures import png

T = TypeVar("T")
LEFT = "AbortError: signal is aborted without reason"
PATIENCE = 60_000
"""Milliseconds: a bound for broken code, not for slow machines."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, as root too."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "the browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        )
        yield browser
        browser.close()


class Studio:
    """An open page, and everything that it said and asked for."""

    def __init__(self, browser: Browser, url: str, key: str | None = None, **context: Any) -> None:
        self._context = browser.new_context(
            accept_downloads=True, **{"viewport": {"width": 1280, "height": 900}, **context}
        )
        self._context.set_default_timeout(PATIENCE)
        self.page: Page = self._context.new_page()
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        # Gradio breaks its own event stream off when the page is left, and says so if it is still there to say it.
        self.page.on("pageerror", lambda error: LEFT in str(error) or self.errors.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{url}#key={key}" if key else url)
        self.page.wait_for_selector("#run-chat")

    def close(self) -> None:
        """Close the window and forget its profile."""
        self._context.close()

    def strangers(self, url: str) -> set[str]:
        """Hosts other than the gateway's that the page has asked for anything."""
        hosts = {urlsplit(one).netloc for one in self.asked if one.startswith(("http", "ws"))}
        return hosts - {urlsplit(url).netloc}

    def tab(self, title: str) -> None:
        """Open a tab, also when it hides in the overflow menu of a narrow window."""
        found = self.page.get_by_role("tab", name=title, exact=True)
        if not found.count() or not found.first.is_visible():
            self.page.locator(".overflow-menu > button").first.click()
            self.page.locator(".overflow-dropdown").get_by_text(title, exact=True).click()
            return
        found.first.click()

    def ready(self, name: str) -> None:
        """Wait until the tab knows its models."""
        eventually(lambda: self.page.locator(f"#model-{name} input").input_value() or None)

    def prompt(self, name: str, words: str) -> None:
        """Type what is wanted."""
        self.page.fill(f"#prompt-{name} textarea", words)

    def give(self, name: str, *files: tuple[str, bytes]) -> None:
        """Attach pictures to a tab."""
        payload = [{"name": file, "mimeType": "image/png", "buffer": data} for file, data in files]
        before = self.page.locator(f"#pictures-{name} .pb-chosen img").count()
        self.page.set_input_files(f"#pictures-{name} input[type=file]", payload)  # type: ignore[arg-type]
        eventually(lambda: self.page.locator(f"#pictures-{name} .pb-chosen img").count() >= before + len(files) or None)

    def run(self, name: str) -> None:
        """Press the button."""
        self.page.click(f"#run-{name}")

    def stage(self, name: str) -> Locator:
        """Where the outcome is shown."""
        return self.page.locator(f"#stage-{name}")

    def result(self, name: str) -> Locator:
        """The picture on the stage, once there is one."""
        found = self.stage(name).locator(".pb-result .pb-surface img").first
        found.wait_for()
        self.page.wait_for_function(f"document.querySelector('#stage-{name} .pb-surface img').naturalWidth > 0")
        return found

    def saved(self, name: str, format_: str = "PNG") -> PIL.Image.Image:
        """The picture on the stage as the button saves it."""
        with self.page.expect_download() as download:
            self.stage(name).get_by_role("button", name=f"Save {format_}").click()
        return PIL.Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))

    def say(self, words: str) -> None:
        """A turn of the chat, and the answer waited for."""
        before = self.page.locator("#pb-chat .bot.message").count()
        self.prompt("chat", words)
        self.run("chat")
        eventually(lambda: self.page.locator("#pb-chat .bot.message").count() > before or None)
        eventually(lambda: self.page.locator("#stage-chat progress").count() == 0 or None)


def disc(colour: str) -> bytes:
    """A PNG of 512 x 512 pixels: a disc of that colour on white."""
    picture = PIL.Image.new("RGB", (512, 512), "white")
    y, x = np.mgrid[:512, :512]
    inside = PIL.Image.fromarray(((x - 256) ** 2 + (y - 256) ** 2 < 150**2).astype("uint8") * 255)
    picture.paste(PIL.Image.new("RGB", (512, 512), colour), mask=inside)
    return png(picture)


def eventually(ask: Callable[[], T | None], seconds: float = PATIENCE / 1000) -> T:
    """What `ask` gives once it gives anything."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := ask()) is not None and found != "":
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")
