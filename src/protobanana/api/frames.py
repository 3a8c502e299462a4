"""Preview frames for clients that ask: `partial_images`, as OpenAI's image endpoints call it."""

from __future__ import annotations

from typing import Any

from litellm.types.utils import Delta

from protobanana.events import Event, Preview, Produced, Progress


class Frames:
    """At most `most` frames per picture, spread evenly over its steps."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sent = 0
        self._share = 0.0

    def frame(self, event: Event) -> dict[str, Any] | None:
        """The fields of a frame that is due, None otherwise."""
        if isinstance(event, Produced):
            self._sent, self._share = 0, 0.0
        elif isinstance(event, Progress) and event.total > 1:
            self._share = event.done / event.total
        elif isinstance(event, Preview) and self._due():
            self._sent += 1
            return {
                "partial_image_index": self._sent - 1,
                "image_index": event.index,
                "output_format": event.image.format,
                "b64_json": event.image.base64(),
            }
        return None

    def delta(self, event: Event) -> Delta | None:
        """The chunk of a chat for a frame that is due, None otherwise.

        The frame travels in `provider_specific_fields.partial_image`, where no client takes it for a finished picture.
        """
        shown = self.frame(event)
        return Delta(provider_specific_fields={"partial_image": shown}) if shown else None

    def _due(self) -> bool:
        return self._sent < self._most and self._share >= (self._sent + 1) / (self._most + 1)
