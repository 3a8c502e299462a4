"""`inputs`: any value of a workflow's nodes, set by name on every endpoint; and results that are no pictures."""

from __future__ import annotations

import io
import json
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import PIL.Image
import pytest

from protobanana.engine import EngineSettings, EngineThread
from protobanana.engine.nodes.base import REGISTRY, Context, Result, node
from support.gateways import KEY, Gateway, litellm_config, serve, start_litellm, stop
from support.pictures import opened, png

TEMPLATES = Path(__file__).parent.parent / "data" / "templates"
RED = ("in.png", png(PIL.Image.new("RGB", (256, 256), "red")))


def sound() -> bytes:
    """A tenth of a second of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<800h", *[0] * 800))
    return out.getvalue()


WAV = sound()


@pytest.fixture(scope="module")
def recorder() -> Iterator[None]:
    """Nodes of ComfyUI's that the embedded engine lacks: a silent sound, and where it is saved."""

    @node("EmptyAudio")
    def empty(_ctx: Context, **_inputs: Any) -> tuple[dict[str, Any]]:
        return ({},)

    @node("SaveAudio", output_node=True)
    def save(ctx: Context, *, filename_prefix: str, **_inputs: Any) -> Result:
        path, filename, subfolder = ctx.save_path(filename_prefix, "output", 0, 0, "wav")
        path.write_bytes(WAV)
        return Result(ui={"audio": [{"filename": filename, "subfolder": subfolder, "type": "output"}]})

    yield
    del REGISTRY["EmptyAudio"], REGISTRY["SaveAudio"]


@pytest.fixture(scope="module")
def engine(recorder: None) -> Iterator[EngineThread]:
    """An engine with those nodes, in this process."""
    with EngineThread(EngineSettings()) as running:
        yield running


def graph(name: str) -> dict[str, Any]:
    return dict(json.loads((TEMPLATES / f"{name}.api.json").read_text("utf-8")))


def many() -> dict[str, Any]:
    """A graph that draws, saves two pictures, speaks and sounds."""
    drawing = graph("image_z_image_turbo")
    saver = next(key for key, one in drawing.items() if one["class_type"] == "SaveImage")
    source = drawing[saver]["inputs"]["images"]
    header = {
        "schema": 1,
        "operation": "generate",
        "outputs": {"image": saver, "other": "o", "words": "w", "noise": "s"},
        "slots": {"prompt": next(f"{key}.value" for key, one in drawing.items() if "value" in one["inputs"])},
    }
    return {
        "_protobanana": header,
        **drawing,
        "i": {"class_type": "ImageInvert", "inputs": {"image": source}},
        "o": {"class_type": "SaveImage", "inputs": {"images": ["i", 0], "filename_prefix": "x"}},
        "p": {"class_type": "PrimitiveString", "inputs": {"value": "all is well"}, "_meta": {"title": "Remark"}},
        "w": {"class_type": "PreviewAny", "inputs": {"source": ["p", 0]}},
        "a": {"class_type": "EmptyAudio", "inputs": {"duration": 1.0, "sample_rate": 44100, "channels": 2}},
        "s": {"class_type": "SaveAudio", "inputs": {"audio": ["a", 0], "filename_prefix": "song"}},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's folder."""
    folder = tmp_path_factory.mktemp("workflows")
    (folder / "flow.json").write_text(json.dumps(graph("image_qwen_Image_2512")), "utf-8")
    (folder / "change.json").write_text(json.dumps(graph("image_qwen_image_edit_2509")), "utf-8")
    (folder / "many.json").write_text(json.dumps(many()), "utf-8")
    scaled = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {
            "class_type": "ImageScaleBy",
            "inputs": {"image": ["1", 0], "upscale_method": "lanczos", "scale_by": 2.0},
            "_meta": {"title": "Twice as large"},
        },
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    (folder / "larger.json").write_text(json.dumps(scaled), "utf-8")
    header = {"schema": 1, "operation": [], "outputs": {"image": "2"}, "slots": {"prompt": "1.value"}}
    said = {
        "_protobanana": header,
        "1": {"class_type": "PrimitiveString", "inputs": {"value": "nothing"}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    (folder / "words.json").write_text(json.dumps(said), "utf-8")
    return folder


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, engine: EngineThread, folder: Path) -> Iterator[Gateway]:
    """`protobanana serve` with that folder."""
    environment = {"PROTOBANANA_WORKFLOWS_DIR": str(folder)}
    running = serve(tmp_path_factory.mktemp("serve"), engine, environment=environment)
    yield running
    stop(running)


def last_graph(gateway: Gateway) -> dict[str, Any]:
    return list(gateway.graphs().values())[-1]


def sampler(gateway: Gateway) -> dict[str, Any]:
    """The inputs of the sampler that ran last."""
    return next(dict(one["inputs"]) for one in last_graph(gateway).values() if one["class_type"] == "KSampler")


@pytest.mark.parametrize("key", ["KSampler.steps", "ksampler.steps", "seed.steps", "steps"])
def test_a_value_by_name(gateway: Gateway, key: str) -> None:
    """Title, title in other letters, a slot's node and the slot alone all lead to the same input."""
    extra = {"inputs": {key: 7}}
    gateway.client().images.generate(model="flow", prompt="a red square", size="256x256", extra_body=extra)

    assert sampler(gateway)["steps"] == 7


def test_the_node_id_and_other_types(gateway: Gateway) -> None:
    """A node's id works too; choices, fractions and text are set as they are."""
    ids = {one["class_type"]: key for key, one in graph("image_qwen_Image_2512").items()}
    extra = {"inputs": {f"{ids['KSampler']}.sampler_name": "dpmpp_2m", f"{ids['KSampler']}.cfg": 3.5}}
    gateway.client().images.generate(model="flow", prompt="a red square", size="256x256", extra_body=extra)

    assert (sampler(gateway)["sampler_name"], sampler(gateway)["cfg"]) == ("dpmpp_2m", 3.5)


def test_a_seed_by_name_counts_on(gateway: Gateway) -> None:
    """A seed set as an input is the seed of the first of several pictures."""
    extra = {"inputs": {"KSampler.seed": 41}}
    answer = gateway.client().images.generate(model="flow", prompt="a house", size="256x256", n=2, extra_body=extra)

    assert {item.provider_specific_fields["seed"] for item in answer.data} == {41}  # type: ignore[attr-defined]
    assert len({item.b64_json for item in answer.data}) == 2


def test_in_a_chat(gateway: Gateway) -> None:
    """The same in a chat with the workflow."""
    gateway.client().chat.completions.create(
        model="flow",
        messages=[{"role": "user", "content": "a red square"}],
        extra_body={"inputs": {"KSampler.steps": 5}},
    )

    assert sampler(gateway)["steps"] == 5


@pytest.mark.parametrize("inputs", [{"KSampler.steps": 6}, json.dumps({"KSampler.steps": 6})], ids=["object", "text"])
def test_in_a_form(gateway: Gateway, inputs: object) -> None:
    """In an edit's form, as JSON text or as OpenAI's SDK spreads an object."""
    gateway.client().images.edit(model="change", image=RED, prompt="make it night", extra_body={"inputs": inputs})

    assert sampler(gateway)["steps"] == 6


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"KSampler.stepz": 5}, "KSampler.steps"),
        ({"Sampler.steps": 5}, "KSampler.steps"),
        ({"KSampler.steps": "many"}, "whole number"),
        ({"KSampler.steps": 0}, "less than 1"),
        ({"KSampler.steps": 10**9}, "more than 10000"),
        ({"KSampler.steps": 1.5}, "whole number"),
        ({"KSampler.steps": [1, 2]}, "must be text"),
        ({"KSampler.steps": None}, "must be text"),
        ({"KSampler.sampler_name": "eulr"}, "euler"),
        ({"KSampler.model": "x"}, "linked to another node"),
        ({"batch": 2}, "set 'n'"),
        ({"VAELoader.vae_name": "nothing.safetensors"}, "ComfyUI has no"),
        ({"Load VAE.vae_name": "nothing.safetensors"}, "ComfyUI has no"),
        ("{", "JSON"),
        ([1], "object"),
        ({"": 1}, "no input"),
        ({".": 1}, "no input"),
    ],
)
def test_refusals(gateway: Gateway, inputs: Any, words: str) -> None:
    """What cannot be set is refused with what can, before anything is drawn."""
    before = len(gateway.graphs())
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().images.generate(model="flow", prompt="x", size="256x256", extra_body={"inputs": inputs})

    assert words in caught.value.message
    assert caught.value.param == "inputs"
    assert len(gateway.graphs()) == before


def test_a_picture_of_the_server_cannot_be_named(gateway: Gateway) -> None:
    """The files of other users lie in ComfyUI's folders: a picture is sent, never named."""
    with pytest.raises(openai.BadRequestError, match="send it as one"):
        gateway.client().images.edit(
            model="change", image=RED, prompt="x", extra_body={"inputs": json.dumps({"Load Image.image": "a.png"})}
        )


@pytest.mark.parametrize("name", ["image", "image_2", "mask"])
def test_nor_by_its_slot(gateway: Gateway, name: str) -> None:
    """Neither as a field of its own nor among the inputs."""
    extras: list[dict[str, Any]] = [{name: "a.png"}, {"inputs": {name: "a.png"}}]
    for extra in extras:
        with pytest.raises(openai.BadRequestError):
            gateway.client().images.generate(model="change", prompt="x", extra_body=extra)
    assert not any("a.png" in json.dumps(one) for one in gateway.graphs().values())


def test_a_workflow_without_an_operation(gateway: Gateway) -> None:
    """What no operation knows is called by name, with its own inputs; the words it has no use for do no harm."""
    extra = {"inputs": json.dumps({"Twice as large.scale_by": 3})}
    answer = gateway.client().images.edit(model="larger", image=RED, prompt="larger", extra_body=extra)

    assert opened(answer.data[0].b64_json).size == (768, 768)


def test_every_result_comes_back(gateway: Gateway) -> None:
    """Pictures of further outputs follow the first, words stand beside the data, a sound has an address."""
    answer = gateway.client().images.generate(model="many", prompt="a red square")
    first, second, noise = answer.data
    file = httpx.get(noise.url)
    part = httpx.get(noise.url, headers={"Range": "bytes=0-3"})

    assert answer.text == "all is well"  # type: ignore[attr-defined]
    assert [one.provider_specific_fields.get("output") for one in (first, second)] == [None, "other"]  # type: ignore[attr-defined]
    assert opened(first.b64_json).size == opened(second.b64_json).size
    assert noise.b64_json is None
    assert noise.provider_specific_fields["media_type"] == "audio/wav"  # type: ignore[attr-defined]
    assert (file.content, file.headers["content-type"]) == (WAV, "audio/wav")
    assert (part.status_code, part.content) == (206, WAV[:4])


def test_every_result_in_a_stream(gateway: Gateway) -> None:
    """A stream of an image endpoint ends with all of them, the words in each of its last events."""
    body = {"model": "many", "prompt": "a red square", "stream": True}
    headers = {"Authorization": f"Bearer {KEY}"}
    sent = httpx.post(f"{gateway.url}/v1/images/generations", json=body, headers=headers, timeout=60).text
    events = [json.loads(line.removeprefix("data: ")) for line in sent.splitlines() if line.startswith("data: {")]

    assert [event.get("output") or event.get("media_type") for event in events] == [None, "other", "audio/wav"]
    assert {event["text"] for event in events} == {"all is well"}
    assert events[0]["b64_json"]
    assert httpx.get(events[2]["url"]).content == WAV


def test_nothing_but_words(gateway: Gateway) -> None:
    """A workflow whose result is text answers with text, on both kinds of endpoint."""
    drawn = gateway.client().images.generate(model="words", prompt="to be or not")
    asked: list[Any] = [{"role": "user", "content": "to be or not"}]
    said = gateway.client().chat.completions.create(model="words", messages=asked)

    assert (drawn.data, drawn.text) == ([], "to be or not")  # type: ignore[attr-defined]
    assert said.choices[0].message.content == "to be or not"


@pytest.mark.parametrize("stream", [False, True])
def test_every_result_in_a_chat(gateway: Gateway, stream: bool) -> None:
    """In a chat words are words, and a sound is a link."""
    asked: dict[str, Any] = {"model": "many", "messages": [{"role": "user", "content": "a red square"}]}
    extra = {"image_output": "url", "inputs": {"Remark.value": "as you like it"}}
    if stream:
        chunks = gateway.client().chat.completions.create(**asked, stream=True, extra_body=extra)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    else:
        text = gateway.client().chat.completions.create(**asked, extra_body=extra).choices[0].message.content or ""

    assert "as you like it" in text
    assert text.count("![img_") == 2
    assert ".wav](http" in text


def test_closed(tmp_path: Path, engine: EngineThread, folder: Path) -> None:
    """An operator can close the inputs; the slots stay open. A plain LiteLLM reads the folder as well."""
    config = litellm_config(engine.url, callback=True)
    config["model_list"] = [
        {
            "model_name": "protobanana/*",
            "litellm_params": {"model": "protobanana/*", "api_base": engine.url},
        }
    ]
    environment = {"PROTOBANANA_WORKFLOWS_DIR": str(folder), "PROTOBANANA_OPEN_INPUTS": "false"}
    running = start_litellm(tmp_path, config, engine, environment)
    try:
        client = running.client()
        with pytest.raises(openai.BadRequestError, match="closed on this gateway"):
            client.images.generate(
                model="protobanana/flow", prompt="x", size="256x256", extra_body={"inputs": {"KSampler.steps": 5}}
            )
        drawn = client.images.generate(model="protobanana/flow", prompt="x", size="256x256", extra_body={"steps": 5})
        edited = client.images.edit(model="protobanana/change", image=RED, prompt="make it night")
        said = client.chat.completions.create(model="protobanana/flow", messages=[{"role": "user", "content": "a cat"}])
        (folder / "late.json").write_text(json.dumps(graph("image_z_image_turbo")), "utf-8")
        late = client.images.generate(model="protobanana/late", prompt="x", size="256x256")
    finally:
        stop(running)
        (folder / "late.json").unlink(missing_ok=True)

    assert drawn.data
    assert edited.data
    assert late.data
    assert "![img_" in (said.choices[0].message.content or "")
