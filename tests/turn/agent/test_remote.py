"""Language models through LiteLLM, against a local server that speaks OpenAI's stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from protobanana.errors import LanguageModelError
from protobanana.turn.agent.model import ModelDelta
from protobanana.turn.agent.remote import LiteLLMModel

# LiteLLM's own use of pydantic while it reads a stream.
pytestmark = pytest.mark.filterwarnings("ignore:Accessing the 'model_:DeprecationWarning")
MESSAGES = [{"role": "user", "content": "hi"}]
TOOLS = [{"type": "function", "function": {"name": "draw", "parameters": {"type": "object", "properties": {}}}}]


class Server:
    """Answers every chat completion with the chunks it is given, and remembers what it was asked."""

    def __init__(self) -> None:
        self.chunks: list[Any] = []
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.left = asyncio.Event()
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One completion."""
        self.asked.append(await request.json())
        if self.status != 200:
            return web.json_response({"error": {"message": "no", "type": "x", "code": None}}, status=self.status)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            for chunk in self.chunks:
                if chunk is None:
                    await asyncio.Event().wait()
                line = chunk if isinstance(chunk, str) else json.dumps(_chunk(chunk))
                await response.write(f"data: {line}\n\n".encode())
            await response.write(b"data: [DONE]\n\n")
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
            raise
        return response


def _chunk(delta: dict[str, Any]) -> dict[str, Any]:
    usage = delta.pop("usage", None)
    choices = [{"index": 0, "delta": delta, "finish_reason": delta.pop("finish", None)}] if not usage else []
    return {
        "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, "usage": usage
    }  # fmt: skip


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", served.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield served
    await runner.cleanup()


async def heard(model: LiteLLMModel) -> list[ModelDelta]:
    async with asyncio.timeout(30):
        return [delta async for delta in model.stream(MESSAGES, TOOLS)]


async def test_text_reasoning_and_usage(server: Server) -> None:
    """Text and reasoning come apart and piece by piece; tokens are the server's own count."""
    server.chunks = [
        {"role": "assistant", "reasoning_content": "hmm"},
        {"content": "Hel"},
        {"content": "lo"},
        {"finish": "stop"},
        {"usage": {"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13}},
    ]
    deltas = await heard(LiteLLMModel("some/local-model", server.url))

    assert [delta.text for delta in deltas if delta.text] == ["Hel", "lo"]
    assert "".join(delta.reasoning for delta in deltas) == "hmm"
    assert (sum(d.prompt_tokens for d in deltas), sum(d.answer_tokens for d in deltas)) == (11, 2)


async def test_what_is_asked(server: Server) -> None:
    """Temperature 0, streamed with usage, tools as given, the model's name as the server knows it."""
    server.chunks = [{"content": "x"}, {"finish": "stop"}]
    await heard(LiteLLMModel("some/local-model", server.url, "sk-1"))
    asked = server.asked[0]

    assert asked["model"] == "some/local-model"
    assert asked["temperature"] == 0
    assert asked["stream"] is True
    assert asked["tools"] == TOOLS


async def test_calls_are_put_together(server: Server) -> None:
    """Calls whose arguments come in pieces, and calls that are all numbered 0, come out whole."""

    def piece(index: int, arguments: str, **head: Any) -> dict[str, Any]:
        name = head.pop("name", None)
        return {"tool_calls": [{"index": index, "function": {"name": name, "arguments": arguments}, **head}]}

    server.chunks = [
        piece(0, "", id="a", type="function", name="draw"),
        piece(0, '{"prompt":'),
        piece(0, ' "x"}'),
        piece(0, '{"prompt": "y"}', id="b", type="function", name="draw"),
        piece(1, "{}", id="c", type="function", name="cut"),
        {"finish": "tool_calls"},
    ]
    calls = (await heard(LiteLLMModel("m", server.url)))[-1].calls

    assert [(call.id, call.name, call.arguments) for call in calls] == [
        ("a", "draw", '{"prompt": "x"}'),
        ("b", "draw", '{"prompt": "y"}'),
        ("c", "cut", "{}"),
    ]


async def test_tokens_are_counted_where_the_server_does_not(server: Server) -> None:
    """Without usage from the server both counts are estimated, not zero."""
    server.chunks = [{"content": "a few words of answer"}, {"finish": "stop"}]
    last = (await heard(LiteLLMModel("m", server.url)))[-1]

    assert last.prompt_tokens > 0
    assert last.answer_tokens > 0


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_refusals_are_one_error(server: Server, status: int) -> None:
    """Whatever status the server answers, one error of ours says who failed; no further try is made."""
    server.status = status
    with pytest.raises(LanguageModelError, match="'openai/m'"):
        await heard(LiteLLMModel("m", server.url))

    assert len(server.asked) == 1


async def test_nobody_listens() -> None:
    """A server that is not there is the same error."""
    with pytest.raises(LanguageModelError):
        await heard(LiteLLMModel("m", "http://127.0.0.1:9/v1"))


async def test_garbage_in_the_stream(server: Server) -> None:
    """A broken stream is the same error, after the text that came before it."""
    server.chunks = [{"content": "Hel"}, '{"choices": [{"delta"']
    with pytest.raises(LanguageModelError):
        await heard(LiteLLMModel("m", server.url))


async def test_leaving_closes_the_connection(server: Server) -> None:
    """Closing the stream hangs up on the server, so that it stops writing."""
    server.chunks = [{"content": "Hel"}, None]
    stream = LiteLLMModel("m", server.url).stream(MESSAGES, TOOLS)
    async with asyncio.timeout(30):
        assert (await anext(stream)).text == "Hel"
        await stream.aclose()
        await server.left.wait()


async def test_a_model_whose_template_opens_the_thinking(server: Server) -> None:
    """A model that once closed thinking it never opened is known from then on to begin with it."""
    server.chunks = [{"content": "hm hm</think>Hello"}, {"finish": "stop"}]
    model = LiteLLMModel("m", server.url)
    first = "".join(delta.text for delta in await heard(model))
    second = "".join(delta.text for delta in await heard(model))

    assert not first.startswith("<think>")
    assert second.startswith("<think>")
