"""What a gateway counts, read from its own `/metrics` after real requests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress

import httpx
import openai
import PIL.Image
import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.gateways import KEY, Gateway, start, stop
from support.pictures import png

Counts = dict[tuple[str, frozenset[tuple[str, str]]], float]
SMALL = {"size": "256x256", "quality": "low"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Our gateway with its own embedded engine."""
    serve = [sys.executable, "-m", "protobanana", "serve", "--key", KEY]
    folder = tmp_path_factory.mktemp("metrics")
    running = start([*serve, "--engine", "embedded", "--pace", "0", "--port", "0"], None, folder, None)
    yield running
    stop(running)


def counts(gateway: Gateway) -> Counts:
    """Every number that the gateway shows now."""
    answer = httpx.get(f"{gateway.url}/metrics", headers={"Authorization": f"Bearer {KEY}"})
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.raise_for_status().text)
        for sample in family.samples
    }


def grown(before: Counts, after: Counts, name: str, **labels: str) -> float:
    """By how much the numbers of that name, with these labels among theirs, have grown."""
    wanted = labels.items()
    mine = [key for key in after if key[0] == name and wanted <= dict(key[1]).items()]
    return sum(after[key] - before.get(key, 0.0) for key in mine)


def test_a_few_requests(gateway: Gateway) -> None:
    """Pictures, an edit and a refused request are counted exactly, under names of workflows."""
    before, client = counts(gateway), gateway.client()
    for _ in range(2):
        client.images.generate(model="protolabs/qwen-image", prompt="a red square", **SMALL)  # type: ignore[call-overload]
    picture = png(PIL.Image.new("RGB", (320, 256), "red"))
    client.images.edit(
        model="protolabs/qwen-image-edit",
        image=("a.png", picture),
        prompt="make it blue",
        extra_body={"quality": "low"},
    )
    with pytest.raises(openai.BadRequestError):
        client.images.generate(model="protolabs/qwen-image", prompt="a red square", size="17x3")  # type: ignore[call-overload]
    after = counts(gateway)

    def requests(**labels: str) -> float:
        return grown(before, after, "protobanana_requests_total", **labels)

    assert requests() == 4
    assert requests(endpoint="images/generations", model="qwen_image_2512", status="200") == 2
    assert requests(endpoint="images/generations", model="qwen_image_2512", status="400") == 1
    assert requests(endpoint="images/edits", model="qwen_image_edit_2511", status="200") == 1
    assert grown(before, after, "protobanana_request_seconds_count", endpoint="images/edits") == 1
    assert grown(before, after, "protobanana_answer_seconds_count") == 3
    assert grown(before, after, "protobanana_jobs_total") == 3
    assert grown(before, after, "protobanana_jobs_total", workflow="qwen_image_2512", outcome="success") == 2
    assert grown(before, after, "protobanana_queue_seconds_count", workflow="qwen_image_edit_2511") == 1
    assert grown(before, after, "protobanana_render_seconds_count", workflow="qwen_image_edit_2511") == 1
    assert grown(before, after, "protobanana_moved_bytes_total", direction="to") == len(picture)
    assert grown(before, after, "protobanana_moved_bytes_total", direction="from") > 0


def test_a_chat(gateway: Gateway) -> None:
    """A streamed chat is one request."""
    before = counts(gateway)
    messages = [{"role": "user", "content": "draw a red square, 256x256"}]
    for _ in gateway.client().chat.completions.create(
        model="protolabs/qwen-image-chat",
        messages=messages,
        stream=True,  # type: ignore[call-overload]
    ):
        pass

    assert grown(before, counts(gateway), "protobanana_requests_total", endpoint="chat/completions", model="chat") == 1


def test_made_up_names(gateway: Gateway) -> None:
    """Whatever names clients make up, of models or of paths, no new label appears."""
    before = counts(gateway)
    for name in ("made-up-model", "another-one"):
        with suppress(openai.APIStatusError):
            gateway.client().images.generate(model=name, prompt="x")
    headers = {"Authorization": f"Bearer {KEY}"}
    httpx.post(f"{gateway.url}/made-up/images/generations", json={"model": "x", "prompt": "x"}, headers=headers)
    after = counts(gateway)

    assert grown(before, after, "protobanana_requests_total", endpoint="images/generations", model="other") == 3
    assert not any("made-up" in value or "another-one" in value for _, labels in after for _, value in labels)


def test_the_event_loop_is_watched(gateway: Gateway) -> None:
    """The loop that answers is looked at all the time."""
    before = counts(gateway)
    gateway.client().models.list()

    assert grown(before, counts(gateway), "protobanana_loop_lag_seconds_count") > 0


def test_no_key_no_numbers(gateway: Gateway) -> None:
    """Names of models and servers are nobody's business."""
    answer = httpx.get(f"{gateway.url}/metrics")

    assert answer.status_code in (400, 401)
    assert "protobanana_" not in answer.text
