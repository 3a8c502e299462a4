"""A provider that does nothing, for LiteLLM to load: the rest of a call's cost is LiteLLM's own."""

from __future__ import annotations

import time
from typing import Any

from litellm import CustomLLM
from litellm.types.utils import ImageObject, ImageResponse


class Nothing(CustomLLM):
    """Answers with an address at once."""

    async def aimage_generation(self, *_args: Any, **_kwargs: Any) -> ImageResponse:
        """`POST /v1/images/generations`."""
        return ImageResponse(created=int(time.time()), data=[ImageObject(url="http://127.0.0.1/images/none")])


handler = Nothing()
