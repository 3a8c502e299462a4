"""Language models through LiteLLM: any provider, or the router of the gateway we run in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from protobanana.errors import LanguageModelError
from protobanana.telemetry import current, traced
from protobanana.turn.agent.model import MAX_ARGUMENTS, Message, ModelDelta, Tool, ToolCall

FIRST_PIECE_SECONDS = 120.0
"""A cold model may have to be loaded before it says the first word."""
NEXT_PIECE_SECONDS = 60.0
REPLY_SECONDS = 300.0
MAX_CALLS = 32
"""Tool calls collected from one reply."""
MAX_REASON = 200
"""Characters of a provider's own words in an error; some answer with whole pages."""
_THINK_END = "</think>"


class LiteLLMModel:
    """A model by LiteLLM's name, at `base` or at its provider's own address, or an alias of `router`."""

    def __init__(self, model: str, base: str | None = None, key: str | None = None, router: Any = None) -> None:
        self._model = _qualified(model) if base else model
        self._router = router
        self._access = {name: value for name, value in (("api_base", base), ("api_key", key)) if value}
        if base and not key:
            self._access["api_key"] = "none"  # local servers want no key, the client insists on one
        self._begins_thinking = False

    @traced("chat", kind="generation")
    async def stream(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[ModelDelta]:
        """See `ChatModel`. Waits are bounded: for the first piece, between pieces, and in all."""
        reply = _Reply()
        current().set(model=self._model, input="\n".join(_texts(messages[-1])))
        if self._begins_thinking:
            yield ModelDelta(text="<think>")
        async with aclosing(_bounded(self._chunks(messages, tools))) as chunks:
            async for chunk in chunks:
                if delta := reply.add(chunk):
                    yield delta
        # Templates of some models open the thinking themselves, so that only its end is in the text.
        self._begins_thinking = _THINK_END in reply.text and "<think>" not in reply.text
        counts = reply.usage
        if counts is None:
            counts = await asyncio.to_thread(_counted, messages, reply)
        calls = reply.calls()
        current().set(
            output=reply.text + "".join(f"\n{call.name}({call.arguments})" for call in calls),
            input_tokens=counts[0],
            output_tokens=counts[1],
        )
        yield ModelDelta(calls=calls, prompt_tokens=counts[0], answer_tokens=counts[1])

    async def _chunks(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[Any]:
        """LiteLLM's chunks; the one place where its failures become ours."""
        import httpx  # noqa: PLC0415 - comes with LiteLLM, which takes seconds to import
        import litellm  # noqa: PLC0415
        import openai  # noqa: PLC0415

        call = (self._router or litellm).acompletion
        options: dict[str, Any] = {"tools": list(tools)} if tools else {}
        if (recorded := current().native) is not None:
            # What LiteLLM records of the call itself belongs under our span of it.
            options["metadata"] = {"litellm_parent_otel_span": recorded}
        stream = None
        try:
            stream = await call(
                model=self._model,
                messages=[dict(message) for message in messages],
                stream=True,
                stream_options={"include_usage": True},
                temperature=0,
                timeout=REPLY_SECONDS,
                drop_params=True,
                num_retries=0,
                **options,
                **self._access,
            )
            async for chunk in stream:
                yield chunk
        except (openai.OpenAIError, httpx.HTTPError, litellm.BudgetExceededError) as error:
            reason = str(error).partition("\n")[0][:MAX_REASON]
            raise LanguageModelError(f"{type(error).__name__} from '{self._model}': {reason}") from error
        except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError) as error:
            # LiteLLM's own parsing of a provider's malformed answer fails in all of these ways.
            raise LanguageModelError(f"'{self._model}' answered in a form that is not understood.") from error
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()


async def _bounded(chunks: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
    """The same chunks; raises LanguageModelError when one is overdue."""
    loop = asyncio.get_running_loop()
    end = loop.time() + REPLY_SECONDS
    wait = FIRST_PIECE_SECONDS
    async with aclosing(chunks):
        while True:
            try:
                async with asyncio.timeout_at(min(loop.time() + wait, end)):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise LanguageModelError("The language model takes too long.") from None
            wait = NEXT_PIECE_SECONDS
            yield chunk


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class _Reply:
    """A reply put together from OpenAI's chunks."""

    text: str = ""
    usage: tuple[int, int] | None = None
    _calls: list[_Call] = field(default_factory=list)
    _at: dict[int, _Call] = field(default_factory=dict)

    def add(self, chunk: Any) -> ModelDelta | None:
        """Take a chunk in; what of it can be passed on at once."""
        usage = getattr(chunk, "usage", None)
        if usage is not None and (usage.prompt_tokens or usage.completion_tokens):
            self.usage = (usage.prompt_tokens or 0, usage.completion_tokens or 0)
        delta = chunk.choices[0].delta if chunk.choices else None
        if delta is None:
            return None
        for piece in getattr(delta, "tool_calls", None) or []:
            self._add_call(piece)
        text = delta.content if isinstance(delta.content, str) else ""
        reasoning = getattr(delta, "reasoning_content", None) or ""
        self.text += text
        return ModelDelta(text=text, reasoning=reasoning) if text or reasoning else None

    def _add_call(self, piece: Any) -> None:
        index, function = piece.index or 0, piece.function
        known = self._at.get(index)
        # Some providers number every call 0; then only a new id tells them apart.
        if known is None or (piece.id and known.id and piece.id != known.id):
            if len(self._calls) == MAX_CALLS:
                return
            known = self._at[index] = _Call()
            self._calls.append(known)
        known.id = known.id or piece.id or ""
        known.name += (getattr(function, "name", None) or "") if not known.name else ""
        if len(known.arguments) <= MAX_ARGUMENTS:
            known.arguments += getattr(function, "arguments", None) or ""

    def calls(self) -> tuple[ToolCall, ...]:
        """The complete calls, each with an id."""
        return tuple(
            ToolCall(call.id or f"call_{number}", call.name, call.arguments) for number, call in enumerate(self._calls)
        )


def _qualified(model: str) -> str:
    """The name with a provider; at an address of one's own, OpenAI's protocol is meant where none is named."""
    import litellm  # noqa: PLC0415 - seconds; only where an LLM is configured

    providers = {str(getattr(provider, "value", provider)) for provider in litellm.provider_list}
    return model if "/" in model and model.split("/", 1)[0] in providers else f"openai/{model}"


def _counted(messages: Sequence[Message], reply: _Reply) -> tuple[int, int]:
    """Tokens where the provider does not count them."""
    import litellm  # noqa: PLC0415

    written = reply.text + "".join(call.name + call.arguments for call in reply.calls())
    said = "\n".join(text for message in messages for text in _texts(message))
    prompt = litellm.token_counter(model="", text=said) if said else 0
    return int(prompt), int(litellm.token_counter(model="", text=written)) if written else 0


def _texts(message: Message) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    return [str(part["text"]) for part in content or [] if "text" in part]


__all__ = ["LiteLLMModel"]
