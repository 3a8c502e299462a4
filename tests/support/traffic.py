"""Many mixed requests at once, each with words of its own, and what became of each."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import httpx
import openai
from PIL import Image

PROMISED = {429, 503}
"""What a caller may be told while servers come and go: come back later."""
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


@dataclass
class Answer:
    """One request: when it was sent and answered (seconds of one clock), and with what."""

    words: str
    sent: float
    done: float
    status: int
    right: bool = False
    """Whether the picture says that it was drawn from these words."""
    said: str = ""


@dataclass
class Traffic:
    """`async for answer in Traffic(clients).run(2000, 32)`."""

    clients: Sequence[openai.AsyncOpenAI]
    tag: str
    answers: list[Answer] = field(default_factory=list)

    async def run(self, count: int, at_once: int) -> AsyncIterator[Answer]:
        """Send `count` requests, `at_once` at any time, and pass on what became of them as they end."""
        numbers, ended = iter(range(count)), asyncio.Queue[Answer]()

        async def work() -> None:
            for number in numbers:
                await ended.put(await self._request(number))

        workers = [asyncio.create_task(work()) for _ in range(at_once)]
        for _ in range(count):
            answer = await ended.get()
            self.answers.append(answer)
            yield answer
        await asyncio.gather(*workers)

    async def _request(self, number: int) -> Answer:
        client = self.clients[number % len(self.clients)]
        kind = (self._generate, self._edit, self._generate, self._chat, self._generate)[number % 5]
        answer = Answer(f"a red circle number {self.tag}{number}x", time.monotonic(), 0.0, 200)
        try:
            answer.right = answer.words in drawn_from(await kind(client, answer.words))
        except openai.APIStatusError as error:
            answer.status, answer.said = error.status_code, error.message
        except openai.APIError as error:
            # An error in the middle of a stream has its status in the body.
            body = error.body if isinstance(error.body, dict) else {}
            answer.status, answer.said = int(body.get("status_code") or body.get("status") or 599), repr(error.body)
        answer.done = time.monotonic()
        return answer

    @staticmethod
    async def _generate(client: openai.AsyncOpenAI, words: str) -> bytes:
        made = await client.images.generate(model="turbo", prompt=words, size="256x256")
        return base64.b64decode((made.data or [])[0].b64_json or "")

    @staticmethod
    async def _edit(client: openai.AsyncOpenAI, words: str) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (256, 256), "blue").save(buffer, "PNG")
        made = await client.images.edit(
            model="edit", prompt=f"make it {words}", image=("blue.png", buffer.getvalue(), "image/png"),
            extra_body={"quality": "low"},
        )  # fmt: skip
        return base64.b64decode((made.data or [])[0].b64_json or "")

    @staticmethod
    async def _chat(client: openai.AsyncOpenAI, words: str) -> bytes:
        stream = await client.chat.completions.create(
            model="chat", messages=[{"role": "user", "content": f"draw {words}, 256x256"}], stream=True
        )
        said = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
        found = _PICTURE.search(said)
        assert found, said[:300]
        return base64.b64decode(found[1])


def drawn_from(picture: bytes) -> str:
    """The words in the graph that ComfyUI has written into a PNG."""
    return str(Image.open(io.BytesIO(picture)).info.get("prompt", ""))


def executions(urls: Sequence[str], tag: str) -> Counter[str]:
    """How often each request was drawn to its end by the engines that are there."""
    found: Counter[str] = Counter()
    for url in urls:
        for entry in httpx.get(f"{url}/history", timeout=60).json().values():
            found.update(set(re.findall(rf"number {tag}\d+x", json.dumps(entry["prompt"][2]))))
    return found
