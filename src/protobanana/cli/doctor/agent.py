"""The agent's LLM: whether it answers, and whether it calls a tool when it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing

from protobanana.cli.doctor.config import OURS, GatewayConfig
from protobanana.cli.doctor.finding import Finding, ok, problem, warning
from protobanana.errors import LanguageModelError
from protobanana.settings import get_settings
from protobanana.turn.agent.configured import configured
from protobanana.turn.agent.model import ChatModel, Message, Tool, ToolCall

PATIENCE = 90.0
"""Seconds for one small call; a cold model may have to be loaded first."""
_SLOW = 15.0
_TOOL: Tool = {
    "type": "function",
    "function": {
        "name": "set_lamp",
        "description": "Switch a lamp on or off.",
        "parameters": {
            "type": "object",
            "properties": {"room": {"type": "string"}, "on": {"type": "boolean"}},
            "required": ["room", "on"],
        },
    },
}
_MESSAGES: list[Message] = [
    {"role": "system", "content": "You control lamps. Use the tool, say nothing else."},
    {"role": "user", "content": "Switch the lamp in the kitchen on."},
]


async def check_agent(config: GatewayConfig | None) -> list[Finding]:
    """One real call with one tool, where an LLM is configured."""
    settings = get_settings()
    if settings.intent_mode == "keyword":
        return [ok("agent", "PROTOBANANA_INTENT_MODE=keyword: the words decide, no LLM is asked")]
    try:
        # LiteLLM prints advice on standard output, where a report in JSON may be going.
        with contextlib.redirect_stdout(sys.stderr):
            model = _model(config)
            if model is None:
                return [ok("agent", "no LLM is configured: the words decide what a chat turn means")]
            return await _call(model)
    except LanguageModelError as error:
        reason = f"{settings.agent_model}: {error.message} Until it answers, the words decide."
        return [problem("agent", reason, *_advice())]
    except ImportError:
        return [
            problem("agent", "An LLM is configured, but LiteLLM is not installed.", "pip install 'protobanana[proxy]'")
        ]


def _model(config: GatewayConfig | None) -> ChatModel | None:
    """As the gateway will choose it: an alias of the configuration is called through LiteLLM's router."""
    settings = get_settings()
    entries = config.named(settings.agent_model) if config is not None and not settings.agent_base else []
    if not entries:
        return configured()
    if any(str((entry.get("litellm_params") or {}).get("model", "")).startswith(OURS) for entry in entries):
        raise LanguageModelError("it is one of protoBanana's own models, and no language model.")
    import litellm  # noqa: PLC0415 - seconds; only where an LLM is configured
    import openai  # noqa: PLC0415 - comes with LiteLLM

    from protobanana.turn.agent.remote import LiteLLMModel  # noqa: PLC0415 - likewise

    try:
        router = litellm.Router(model_list=[dict(entry) for entry in entries], num_retries=0)
    except (openai.OpenAIError, ValueError, TypeError, KeyError) as error:
        raise LanguageModelError("LiteLLM cannot make a model of its entry in the configuration.") from error
    return LiteLLMModel(settings.agent_model, router=router)


async def _call(model: ChatModel) -> list[Finding]:
    name = get_settings().agent_model
    began = time.monotonic()
    calls: tuple[ToolCall, ...] = ()
    try:
        async with asyncio.timeout(PATIENCE), aclosing(model.stream(_MESSAGES, [_TOOL])) as deltas:
            async for delta in deltas:
                calls += delta.calls
    except TimeoutError:
        raise LanguageModelError(f"no complete answer within {PATIENCE:g} s.") from None
    seconds = time.monotonic() - began
    if not calls:
        message = f"{name} answers, but calls no tool when it is asked to: it cannot drive the operations."
        return [problem("agent", message, *_advice())]
    return [*_judged(name, calls[0]), *_slowness(name, seconds)]


def _judged(name: str, call: ToolCall) -> Iterator[Finding]:
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = None
    if call.name != "set_lamp" or not isinstance(arguments, dict) or arguments.get("on") is not True:
        yield warning("agent", f"{name} calls tools, but got a simple one wrong; try a larger model.")
    else:
        yield ok("agent", f"{name} answers and calls tools")


def _slowness(name: str, seconds: float) -> Iterator[Finding]:
    if seconds > _SLOW:
        yield warning("agent", f"{name} took {seconds:.0f} s for a small call; every chat turn waits for it first.")


def _advice() -> tuple[str, ...]:
    if get_settings().agent_base:
        return ("vllm serve MODEL --enable-auto-tool-choice --tool-call-parser PARSER",)
    return ("PROTOBANANA_INTENT_MODE=keyword  # where no LLM is wanted",)


__all__ = ["check_agent"]
