"""What the agent needs of a language model: messages and tools in, a streamed reply out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Message: TypeAlias = Mapping[str, Any]
"""One message in the form of OpenAI's chat completions."""
Tool: TypeAlias = Mapping[str, Any]
"""One tool in the form of OpenAI's chat completions: `{"type": "function", "function": {...}}`."""

MAX_ARGUMENTS = 32_768
"""Characters of one call's arguments; what is longer is answered with an error instead of being read."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete call; `arguments` is the JSON text as the LLM wrote it, valid or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ModelDelta:
    """A piece of a reply. Tokens are counted once per reply, by whichever delta carries them."""

    text: str = ""
    reasoning: str = ""
    """The LLM thinking aloud; never shown to the user."""
    calls: tuple[ToolCall, ...] = ()
    prompt_tokens: int = 0
    answer_tokens: int = 0


class ChatModel(Protocol):
    """A language model. `protobanana.testing.ScriptedModel` is one for tests."""

    def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[ModelDelta]:
        """Reply to `messages`, perhaps by calling `tools`. Closing the generator stops the LLM.

        Raises LanguageModelError for every failure.
        """
        ...
