"""Spans of real requests: through LiteLLM's real proxy, over OTLP, into a receiver that reads them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import PIL.Image
import pytest

from protobanana.engine import EngineThread
from support.gateways import Gateway, litellm_config, start_litellm, stop
from support.hidden import hiding
from support.llm import LanguageServer, call
from support.otlp import Receiver
from support.pictures import opened, png

PARTS = ("submit", "queue", "render", "fetch")
QUICKLY = {"OTEL_BSP_SCHEDULE_DELAY": "100"}
"""Milliseconds that spans wait for company."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def llm() -> Iterator[LanguageServer]:
    with LanguageServer() as running:
        yield running


def proxy(
    folder: Path, engine: EngineThread, llm: LanguageServer, callback: str, environment: dict[str, str]
) -> Gateway:
    """LiteLLM's proxy with a callback that exports spans, and a language model for the chat."""
    fast = {
        "model_name": "protolabs/fast",
        "litellm_params": {"model": "openai/fast", "api_base": llm.url, "api_key": "none"},
    }
    config = litellm_config(engine.url, callback=True, extra=[fast])
    config["litellm_settings"] |= {"callbacks": [callback, "protobanana.hooks"], "turn_off_message_logging": True}
    return start_litellm(folder, config, engine, QUICKLY | environment)


@pytest.fixture(scope="module")
def otel(
    tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, llm: LanguageServer, receiver: Receiver
) -> Iterator[Gateway]:
    """LiteLLM's `otel` callback: a global provider, and a span for every request."""
    environment = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
    running = proxy(tmp_path_factory.mktemp("otel"), engine, llm, "otel", environment)
    yield running
    stop(running)


@pytest.fixture(scope="module")
def langfuse(
    tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, llm: LanguageServer, receiver: Receiver
) -> Iterator[Gateway]:
    """LiteLLM's `langfuse_otel` callback: a provider of its own, and one span when a request is over."""
    environment = {"LANGFUSE_HOST": receiver.url, "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    running = proxy(tmp_path_factory.mktemp("langfuse"), engine, llm, "langfuse_otel", environment)
    yield running
    stop(running)


@pytest.fixture(params=["otel", "langfuse"])
def gateway(request: pytest.FixtureRequest) -> Gateway:
    """Both of them."""
    running: Gateway = request.getfixturevalue(request.param)
    return running


def test_a_picture(otel: Gateway, receiver: Receiver) -> None:
    """Under LiteLLM's span of the request: what was understood, and the job with its parts and its facts."""
    otel.client().images.generate(
        model="generate", prompt="a teal square", size="512x256", quality="low", extra_body={"seed": 7}
    )
    spans = receiver.trace_of("a teal square", "job", "classify", *PARTS, "Received Proxy Server Request")
    job = spans["job"]
    ends = [spans[part].end for part in PARTS]

    assert spans["turn"].parent == spans["Received Proxy Server Request"].id
    assert [spans[name].parent for name in ("classify", "job")] == [spans["turn"].id] * 2
    assert [spans[part].parent for part in PARTS] == [job.id] * 4
    assert ends == sorted(ends)
    assert [job.about(name) for name in ("workflow", "operation", "seed", "n")] == ["qwen_image_2512", "generate", 7, 1]
    assert job.about("prompt_id") in otel.graphs()
    assert job.about("server") == otel.engine.url
    assert job.attributes["langfuse.observation.output"] == "512x256"
    assert spans["turn"].scope == "protobanana"


def test_side_by_side(otel: Gateway, receiver: Receiver) -> None:
    """Requests that wait for one another do not end up in each other's traces."""
    prompts = [f"square number {number} of six" for number in range(6)]

    def draw(prompt: str) -> None:
        otel.client().images.generate(model="generate", prompt=prompt, size="256x256", quality="low")

    with ThreadPoolExecutor(len(prompts)) as pool:
        list(pool.map(draw, prompts))
    traces = [receiver.trace_of(prompt, "job", *PARTS) for prompt in prompts]

    assert [spans["job"].attributes["langfuse.observation.input"] for spans in traces] == prompts
    assert all(spans[part].parent == spans["job"].id for spans in traces for part in PARTS)
    assert len({spans["job"].about("prompt_id") for spans in traces}) == len(prompts)


def test_an_edit(otel: Gateway, receiver: Receiver) -> None:
    """The sizes of pictures that go in are known, their bytes are not."""
    otel.client().images.edit(
        model="edit",
        image=("a.png", png(PIL.Image.new("RGB", (320, 256), "red"))),
        prompt="make it green",
        extra_body={"quality": "low"},
    )
    spans = receiver.trace_of("make it green", "job")

    assert spans["job"].about("sizes_in") == "320x256"
    assert spans["turn"].about("pictures") == 1


def test_langfuse_alone(langfuse: Gateway, receiver: Receiver) -> None:
    """Ours begins the trace, in Langfuse and nowhere else, and LiteLLM's own generation joins it."""
    langfuse.client().images.generate(model="generate", prompt="a plum square", size="256x256", quality="low")
    spans = receiver.trace_of("a plum square", "job", *PARTS, "litellm_request")

    assert spans["turn"].parent == ""
    assert spans["litellm_request"].parent == spans["turn"].id
    assert spans["job"].parent == spans["turn"].id
    assert {span.path for span in spans.values()} == {"/api/public/otel/v1/traces"}
    assert all(span.authorization.startswith("Basic ") for span in spans.values())


def test_a_trace_of_the_callers(gateway: Gateway, receiver: Receiver) -> None:
    """A client that sends `traceparent` finds all of it in its own trace."""
    trace = f"{id(gateway):032x}"
    gateway.client().images.generate(
        model="generate",
        prompt=f"a square in {trace}",
        size="256x256",
        quality="low",
        extra_headers={"traceparent": f"00-{trace}-00000000000000aa-01"},
    )
    spans = receiver.trace_of(f"a square in {trace}", "job", "litellm_request")

    assert spans["turn"].trace == trace


def test_an_agent(gateway: Gateway, llm: LanguageServer, receiver: Receiver) -> None:
    """Each step of the agent holds its call of the language model, with tokens, and its tools with their jobs."""
    llm.replies[:] = [["Let me.", call("generate", prompt="a fox", quality="low")], ["Here ", "it is."]]
    text = f"a fox please, {id(gateway)}"
    gateway.client().chat.completions.create(model="chat", messages=[{"role": "user", "content": text}])
    spans = receiver.trace_of(text, "job", "tool", "chat", "step", "litellm_request")
    turn, tool, chat = spans["turn"], spans["tool"], spans["chat"]
    steps = [span for span in receiver.spans if span.trace == turn.trace and span.name == "step"]

    assert [step.parent for step in steps] == [turn.id] * 2
    assert {tool.parent, chat.parent} <= {step.id for step in steps}
    assert spans["job"].parent == tool.id
    assert tool.attributes["gen_ai.tool.name"] == "generate"
    assert tool.attributes["langfuse.observation.type"] == "tool"
    assert chat.attributes["langfuse.observation.type"] == "generation"
    assert chat.attributes["gen_ai.request.model"] == "protolabs/fast"
    assert chat.attributes["gen_ai.usage.input_tokens"] == 1000
    assert chat.attributes["gen_ai.usage.output_tokens"] == 10
    assert turn.attributes["langfuse.trace.output"].startswith("Let me.\n\n[img_")
    assert turn.attributes["langfuse.trace.output"].endswith("Here it is.")


def test_what_litellm_records_of_the_language_model(gateway: Gateway, llm: LanguageServer, receiver: Receiver) -> None:
    """LiteLLM's own span of that call nests under ours: one trace holds all of a turn."""
    llm.replies[:] = [["Hello."]]
    text = f"hello, {id(gateway)}"
    gateway.client().chat.completions.create(model="chat", messages=[{"role": "user", "content": text}])
    turn = receiver.trace_of(text, "chat")["turn"]

    def nested() -> list[str]:
        mine = [span for span in receiver.spans if span.trace == turn.trace]
        chats = {span.id for span in mine if span.name == "chat"}
        return [span.name for span in mine if span.parent in chats]

    receiver.wait(lambda _: "litellm_request" in nested())


def test_a_stream(gateway: Gateway, llm: LanguageServer, receiver: Receiver) -> None:
    """A streamed chat is one trace too, and nothing complains about contexts when it ends or is left."""
    llm.replies[:] = [["Once ", "upon ", "a time."], ["Left ", "alone."]]
    text = f"streamed, {id(gateway)}"
    for asked in (text, "left"):
        messages = [{"role": "user", "content": asked}]
        with gateway.client().chat.completions.create(model="chat", messages=messages, stream=True) as stream:  # type: ignore[call-overload]
            for _ in stream:
                if asked == "left":
                    break
    spans = receiver.trace_of(text, "step", "chat")
    log = gateway.log.read_text("utf-8")

    assert spans["chat"].attributes["langfuse.observation.output"] == "Once upon a time."
    assert "Failed to detach" not in log
    assert "different Context" not in log


def test_long_texts(gateway: Gateway, receiver: Receiver) -> None:
    """A long prompt is cut in every span of ours."""
    prompt = f"a square {id(gateway)} " + "and so on " * 200
    gateway.client().images.generate(model="generate", prompt=prompt, size="256x256", quality="low")
    spans = receiver.trace_of(prompt.strip()[:499] + "…", "job")
    ours = ("turn", "classify", "job", *PARTS)
    texts = [value for name in ours for value in spans[name].attributes.values() if isinstance(value, str)]

    assert max(map(len, texts)) == 500


def test_no_bytes_of_pictures(gateway: Gateway, receiver: Receiver) -> None:
    """Neither base64 nor a picture is in anything that was sent, LiteLLM's spans included."""
    answer = gateway.client().images.generate(
        model="generate", prompt=f"a secret square {id(gateway)}", size="256x256", quality="low"
    )
    receiver.trace_of(f"a secret square {id(gateway)}", "job", "litellm_request")
    data = answer.data[0].b64_json

    assert opened(data).size == (256, 256)
    assert not any(data[100:160].encode() in body or b";base64," in body for body in receiver.raw)


def test_a_failure(gateway: Gateway, receiver: Receiver) -> None:
    """The spans that failed say why by the error's code; the ones before did not fail."""
    prompt = f"a lost square {id(gateway)}"
    with pytest.raises(openai.APIStatusError):
        gateway.client().images.generate(model="down", prompt=prompt, size="256x256", quality="low")
    spans = receiver.trace_of(prompt, "job", "submit")

    assert [spans[name].failed for name in ("turn", "classify", "job", "submit")] == [True, False, True, True]
    assert spans["turn"].attributes["error.type"] == "comfyui_unreachable"


def test_without_opentelemetry(tmp_path: Path, engine: EngineThread) -> None:
    """A gateway without the extras (FastAPI brings OpenTelemetry's interface, but nothing behind it) draws too."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    environment = {
        "PYTHONPATH": hiding(hidden, "opentelemetry.sdk", "opentelemetry.exporter", "prometheus_client")["PYTHONPATH"]
    }
    running = start_litellm(tmp_path, litellm_config(engine.url, callback=True), engine, environment)
    try:
        answer = running.client().images.generate(
            model="generate", prompt="a red square", size="256x256", quality="low"
        )
    finally:
        stop(running)

    assert opened(answer.data[0].b64_json).size == (256, 256)
