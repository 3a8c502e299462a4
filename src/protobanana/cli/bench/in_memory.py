"""What LiteLLM itself costs: a custom provider that draws nothing and answers from memory, as short as one can be.

Its model's name is the size of the picture: `picture/2` answers with the instant engine's picture of 2 MB.
"""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import Any

from litellm import CustomLLM
from litellm.types.utils import (
    Choices,
    Delta,
    ImageObject,
    ImageResponse,
    Message,
    ModelResponse,
    ModelResponseStream,
    StreamingChoices,
    Usage,
)

from protobanana.engine.instant import noise


@lru_cache(maxsize=1)
def encoded(megabytes: float) -> str:
    """The picture in base64."""
    return base64.b64encode(noise(megabytes)).decode()


class InMemory(CustomLLM):  # type: ignore[misc]  # litellm is not type-checked
    """One picture for everything."""

    async def aimage_generation(self, *_args: Any, **kwargs: Any) -> ImageResponse:
        """`POST /v1/images/generations`."""
        return ImageResponse(created=int(time.time()), data=[ImageObject(b64_json=encoded(float(kwargs["model"])))])

    async def aimage_edit(self, *_args: Any, **kwargs: Any) -> ImageResponse:
        """`POST /v1/images/edits`."""
        return await self.aimage_generation(**kwargs)

    async def acompletion(self, *_args: Any, **kwargs: Any) -> ModelResponse:
        """`POST /v1/chat/completions`."""
        answer = kwargs["model_response"]
        url = _data_url(kwargs["model"])
        message = Message(role="assistant", content=f"![picture]({url})")
        # The same bytes as ours, and so both of the places where clients look for a picture.
        message.images = [{"type": "image_url", "image_url": {"url": url}, "index": 0}]
        answer.choices = [Choices(index=0, message=message, finish_reason="stop")]
        answer.usage = Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)
        return answer

    async def astreaming(self, *_args: Any, **kwargs: Any) -> AsyncGenerator[ModelResponseStream]:
        """`POST /v1/chat/completions` with `stream: true`."""
        # LiteLLM drops what comes with the finish, and without usage before it counts the picture's letters as tokens.
        usage = Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)
        yield _chunk(Delta(role="assistant", content=f"![picture]({_data_url(kwargs['model'])})"), usage=usage)
        yield _chunk(Delta(), finish="stop")


def _data_url(size: str) -> str:
    return f"data:image/png;base64,{encoded(float(size))}"


def _chunk(delta: Delta, finish: str | None = None, usage: Usage | None = None) -> ModelResponseStream:
    choices = [StreamingChoices(index=0, delta=delta, finish_reason=finish)]
    return ModelResponseStream(choices=choices, **({"usage": usage} if usage else {}))


handler = InMemory()
