"""What a caller says stays what it is: words in a slot of the graph, never a node, a link, a path or a template."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from support.gateways import KEY, Gateway
from support.junk import CHAT, EDIT, GENERATE, PICTURE

SAYINGS = (
    '["3", 0]', '{"class_type": "LoadImage", "inputs": {"image": "../../x.png"}}', "%date:yyyy%", "%KSampler.seed%",
    "__wildcard__", "{red|blue}", "<lora:x:1>", "embedding:x", "../../etc/passwd", "C:\\x", "(x:1.5)", "null", "a\0b",
    "1\r\n2", "${HOME}", "$(id)", "{{7*7}}", "ｆｕｌｌ", "\u202egnp",
)  # fmt: skip


def draw(gateway: Gateway, **fields: Any) -> httpx.Response:
    body = {"model": GENERATE, "prompt": "x", "size": "256x256", "seed": 1, **fields}
    return httpx.post(
        f"{gateway.url}/v1/images/generations", json=body, headers={"authorization": f"Bearer {KEY}"}, timeout=60
    )


def drawn(gateway: Gateway, **fields: Any) -> dict[str, Any]:
    """The graph that a request led to."""
    before = gateway.graphs().keys()
    assert draw(gateway, **fields).status_code == 200
    (graph,) = (graph for key, graph in gateway.graphs().items() if key not in before)
    return graph


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Inputs of `other` that are not as in `one`; the nodes must be the same."""
    assert {key: node["class_type"] for key, node in one.items()} == {k: n["class_type"] for k, n in other.items()}
    return {
        f"{key}.{name}": value
        for key, node in other.items()
        for name, value in node["inputs"].items()
        if one[key]["inputs"].get(name) != value
    }


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
@pytest.mark.parametrize("saying", SAYINGS)
def test_words_are_words(instant: Gateway, field: str, saying: str) -> None:
    """The graph is the same but for the one input that holds the text, as it was said."""
    plain = drawn(instant, **{field: "plain"})
    changed = differences(plain, drawn(instant, **{field: saying}))

    assert set(changed.values()) == {saying}
    assert len(changed) == 1


@pytest.mark.parametrize("value", [["3", 0], {"__value__": ["3", 0]}, [1], {"class_type": "X"}])
@pytest.mark.parametrize("field", ["prompt", "negative_prompt", "seed", "steps", "cfg", "size"])
def test_what_is_no_plain_value(instant: Gateway, field: str, value: object) -> None:
    """Lists and objects, which would be links to other nodes, are refused by name wherever a value belongs."""
    answer = draw(instant, **{field: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field


@pytest.mark.parametrize(
    "field", ["filename_prefix", "image", "mask", "unet_name", "3.inputs.text", "3", "_protobanana"]
)
def test_inputs_that_are_no_slots(instant: Gateway, field: str) -> None:
    """Only the slots of a workflow can be set: no file name, no model, no node."""
    answer = draw(instant, **{field: "../x"})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field


@pytest.mark.parametrize("name", ["../../evil.png", "C:\\evil.png", "a" * 300, "\u202e.png", "x.png\0.exe"])
def test_names_of_uploads_are_not_used(instant: Gateway, name: str) -> None:
    """A picture goes to ComfyUI under the hash of its bytes, whatever the client calls it."""
    before = instant.graphs().keys()
    answer = httpx.post(
        f"{instant.url}/v1/images/edits",
        data={"model": EDIT, "prompt": "make it red"},
        files={"image": (name, PICTURE, "image/png")},
        headers={"authorization": f"Bearer {KEY}"},
        timeout=60,
    )
    (graph,) = (graph for key, graph in instant.graphs().items() if key not in before)
    named = [value for node in graph.values() for value in node["inputs"].values() if str(value).endswith(".png")]

    assert answer.status_code == 200
    assert named
    assert all(value.startswith("protobanana/") and len(value) == len("protobanana/.png") + 64 for value in named)


def test_pictures_say_nothing(instant: Gateway) -> None:
    """No text chunk leaves with a picture: ComfyUI writes the whole graph into its files."""
    answer = draw(instant, prompt="a secret wish")
    picture = base64.b64decode(answer.json()["data"][0]["b64_json"])

    assert b"tEXt" not in picture
    assert b"a secret wish" not in picture


@pytest.mark.parametrize("path", ["chat/completions", "images/generations", "responses", "completions"])
@pytest.mark.parametrize("model", [f"{GENERATE},{CHAT}", "x,y", f"{CHAT},"])
def test_a_call_has_one_model(instant: Gateway, path: str, model: str) -> None:
    """A list of models, which LiteLLM would ask all, draws nothing and tells nothing."""
    before = len(instant.graphs())
    message = [{"role": "user", "content": "draw a cat"}]
    asked = (
        {"messages": message}
        if path.startswith("chat")
        else {"input": "a cat"}
        if path == "responses"
        else {"prompt": "x"}
    )
    answer = httpx.post(
        f"{instant.url}/v1/{path}",
        json={"model": model, **asked},
        headers={"authorization": f"Bearer {KEY}"},
        timeout=60,
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert len(instant.graphs()) == before


@pytest.mark.parametrize("model", ["protobanana/../../x", "protobanana/../qwen_image_2512", "/etc/passwd", "a\0b"])
def test_models_are_names(instant: Gateway, model: str) -> None:
    """A model that was not configured does not exist, whatever its name looks like."""
    assert draw(instant, model=model).status_code == 404
