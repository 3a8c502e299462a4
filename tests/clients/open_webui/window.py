"""A browser window with Open WebUI in it, used as a person uses it: by what is written on the page."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import PIL.Image
from playwright.sync_api import APIResponse, Browser, Locator, Page

from clients.open_webui.program import OpenWebUI
from support.browser import PATIENCE
from support.pictures import opened

EMAIL, PASSWORD = "ann@example.org", "a-long-secret-9"


class Window:
    """`Window(browser, site)` is signed in: with the account that it makes in a new Open WebUI, or with that one."""

    def __init__(self, browser: Browser, site: OpenWebUI) -> None:
        kept = site.folder / "signed-in.json"
        self._context = browser.new_context(
            viewport={"width": 1280, "height": 900}, storage_state=kept if kept.exists() else None
        )
        self._context.set_default_timeout(PATIENCE)
        self.page: Page = self._context.new_page()
        self.page.goto(site.url)
        if not kept.exists():
            self._sign_up()
            self._context.storage_state(path=kept)
        self.page.wait_for_selector("#chat-input")

    def _sign_up(self) -> None:
        self.page.get_by_text("Get started", exact=True).click()
        self.page.fill("#name", "Ann")
        self.page.fill("#email", EMAIL)
        self.page.fill("#password", PASSWORD)
        self.page.get_by_role("button", name="Create Admin Account").click()
        self.page.get_by_text("Okay, Let's Go!").click()

    def sign_in(self, url: str) -> None:
        """Forget who is signed in, and sign in again."""
        self._context.clear_cookies()
        self.page.evaluate("localStorage.clear()")
        self.page.goto(url)
        self.page.fill("#email", EMAIL)
        self.page.fill("#password", PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("#chat-input")

    def close(self) -> None:
        """Close the window and forget its profile."""
        self._context.close()

    def choose(self, model: str) -> None:
        """Choose the model to talk to, by its name: of a long list only the beginning is on the page."""
        self.page.click("#model-selector-model-button")
        self.page.fill("#model-search-input", model)
        self.page.get_by_label(f"Select {model} model", exact=True).click()
        self.page.get_by_label(f"Selected model: {model}", exact=True).wait_for()

    def connect(self, url: str, key: str) -> None:
        """Add a gateway in the administrator's settings."""
        self.page.get_by_label("User menu").first.click()
        self.page.get_by_role("menu").get_by_text("Settings", exact=True).click()
        self.page.get_by_role("tab", name="Connections", exact=True).last.click()
        self.page.get_by_label("Add Connection").first.click()
        self.page.fill("#url-input", url)
        self.page.get_by_placeholder("API Key").fill(key)
        self.page.get_by_role("button", name="Save").last.click()
        self.page.get_by_text("OpenAI API settings updated").wait_for()
        self.page.reload()

    def switch_images_on(self) -> None:
        """Let the model of this chat use Open WebUI's own Images feature."""
        self.page.click("#integration-menu-button")
        self.page.get_by_role("menu").get_by_text("Image", exact=True).click()
        self.page.keyboard.press("Escape")

    def attach(self, name: str, data: bytes) -> None:
        """Attach a picture to the next message."""
        with self.page.expect_response(lambda response: "/api/v1/files/" in response.url) as uploaded:
            self.page.set_input_files(
                "input[type=file][multiple]", {"name": name, "mimeType": "image/png", "buffer": data}
            )
        assert uploaded.value.ok

    def send(self, words: str) -> Locator:
        """Send a message; the answer to it, which is still to come."""
        answer = self.answers.nth(self.answers.count())
        self.page.click("#chat-input")
        self.page.keyboard.type(words)
        self.page.keyboard.press("Enter")
        answer.wait_for()
        return answer

    def say(self, words: str) -> Locator:
        """Send a message; the whole answer."""
        answer = self.send(words)
        finished(answer)
        return answer

    @property
    def answers(self) -> Locator:
        """The assistant's messages."""
        return self.page.get_by_role("listitem").filter(has=self.page.locator(".chat-assistant"))

    @property
    def questions(self) -> Locator:
        """The user's messages."""
        return self.page.locator(".user-message")

    def stored(self) -> dict[str, Any]:
        """The chat as Open WebUI keeps it."""
        found: dict[str, Any] = self.asked("GET", f"chats/{self.page.url.rpartition('/')[2]}").json()
        return found

    def asked(self, method: str, path: str, **options: Any) -> APIResponse:
        """Ask Open WebUI's own API as the person who is signed in."""
        token = self.page.evaluate("localStorage.token")
        server = self.page.evaluate("location.origin")
        return self.page.request.fetch(
            f"{server}/api/v1/{path}", method=method, headers={"Authorization": f"Bearer {token}"}, **options
        )

    def content(self, path: str) -> bytes:
        """The bytes of a file that Open WebUI keeps."""
        return self.asked("GET", path.removeprefix("/api/v1/")).body()

    def pictures(self, message: Locator) -> list[PIL.Image.Image]:
        """The pictures that a message shows, as the browser has them."""
        shown = message.locator("img:not([alt=profile])")
        return [opened(self._bytes(shown.nth(number))) for number in range(shown.count())]

    def _bytes(self, image: Locator) -> bytes:
        image.scroll_into_view_if_needed()
        fetched: str = image.evaluate(
            """async image => {
                await image.decode();
                const blob = await (await fetch(image.src)).blob();
                return await new Promise(done => {
                    const reader = new FileReader();
                    reader.onload = () => done(reader.result.split(",")[1]);
                    reader.readAsDataURL(blob);
                });
            }"""
        )
        return base64.b64decode(fetched)


def finished(answer: Locator) -> None:
    """Wait until an answer is complete: only then can it be asked for again."""
    answer.get_by_label("Regenerate").wait_for()


def extent(picture: PIL.Image.Image, colour: tuple[int, int, int]) -> Any:
    """Left, top, right and bottom of what has that colour, in fractions of the picture; nothing has it: an error."""
    near = np.abs(np.asarray(picture.convert("RGB"), dtype=int) - colour).max(axis=-1) <= 70
    rows, columns = np.flatnonzero(near.mean(axis=1) > 0.05), np.flatnonzero(near.mean(axis=0) > 0.05)
    assert len(rows), f"nothing in the picture is {colour}"
    assert len(columns), f"nothing in the picture is {colour}"
    height, width = near.shape
    return np.array([columns[0] / width, rows[0] / height, columns[-1] / width, rows[-1] / height])
