"""`/protobanana/pictures`, `/protobanana/operations` and dropped workflows, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import PIL.Image
import pytest

from protobanana.engine import EngineSettings, EngineThread
from support.gateways import KEY, Gateway, serve, stop
from support.pictures import png

HEADERS = {"Authorization": f"Bearer {KEY}"}
GRAPH = Path(__file__).parent.parent / "data" / "templates" / "01_get_started_text_to_image.api.json"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """`protobanana serve`, without a folder for workflows."""
    with EngineThread(EngineSettings()) as engine:
        running = serve(tmp_path_factory.mktemp("shelf"), engine)
        yield running
        stop(running)


def kept(gateway: Gateway) -> dict[str, str]:
    data = png(PIL.Image.new("RGB", (16, 8), "red"))
    answer = httpx.post(f"{gateway.url}/protobanana/pictures", headers=HEADERS, files={"file": data})
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_picture_is_kept(gateway: Gateway) -> None:
    """It has a handle, an address without a key, and is known by the handle with one."""
    about = kept(gateway)

    assert (about["size"], about["parent"]) == ("16x8", None)
    assert httpx.get(gateway.url + about["path"]).headers["content-type"] == "image/png"
    known = httpx.get(f"{gateway.url}/protobanana/pictures/{about['id']}", headers=HEADERS).json()
    assert known == about


def test_it_can_be_used_by_its_address(gateway: Gateway) -> None:
    """The chat takes the address for the picture, and the result knows it for its parent."""
    about = kept(gateway)
    content = [
        {"type": "text", "text": "make it night"},
        {"type": "image_url", "image_url": {"url": gateway.url + about["path"]}},
    ]
    answer = gateway.client().chat.completions.create(
        model="protobanana/chat",
        messages=[{"role": "user", "content": content}],  # type: ignore[list-item,misc]
    )
    handle = str(answer.choices[0].message.content).split("![")[1].split()[0]
    known = httpx.get(f"{gateway.url}/protobanana/pictures/{handle}", headers=HEADERS).json()

    assert known["parent"] == about["id"]


@pytest.mark.parametrize("by", ["address", "handle"])
def test_an_edit_takes_it_by_name(gateway: Gateway, by: str) -> None:
    """A JSON edit takes an earlier picture by its address, though no address here is public, and by its handle."""
    about = kept(gateway)
    named = gateway.url + about["path"] if by == "address" else about["id"]
    body = {
        "model": "protolabs/qwen-image-edit", "prompt": "make it night", "response_format": "url",
        "images": [{"image_url": named}],
    }  # fmt: skip
    answer = httpx.post(f"{gateway.url}/v1/images/edits", headers=HEADERS, json=body, timeout=60)
    made = answer.json()["data"][0]["provider_specific_fields"]["id"]
    known = httpx.get(f"{gateway.url}/protobanana/pictures/{made}", headers=HEADERS).json()

    assert answer.status_code == 200
    assert known["parent"] == about["id"]


def test_an_edit_refuses_a_name_that_leads_nowhere(gateway: Gateway) -> None:
    """A handle of nobody's picture is a bad request that says which field and what to do."""
    body = {"model": "protolabs/qwen-image-edit", "prompt": "make it night", "images": ["img_aaaaaaaaaaaaaaaa"]}
    answer = httpx.post(f"{gateway.url}/v1/images/edits", headers=HEADERS, json=body, timeout=60)

    assert answer.status_code == 400
    assert "'images': no picture img_aaaaaaaaaaaaaaaa of yours is kept here" in answer.json()["error"]["message"]


def test_what_is_refused(gateway: Gateway) -> None:
    """No key, no picture in the form, and names of nobody's pictures."""
    url = f"{gateway.url}/protobanana/pictures"

    assert httpx.post(url, files={"file": b"x"}).status_code == 401
    assert httpx.post(url, headers=HEADERS, files={"file": b"no picture"}).status_code == 400
    assert httpx.get(f"{url}/img_aaaaaaaaaaaaaaaa", headers=HEADERS).status_code == 404


def test_operations_need_no_key(gateway: Gateway) -> None:
    """They describe the program; which workflows there are is told behind a key."""
    url = f"{gateway.url}/protobanana/operations"
    names = [one["name"] for one in httpx.get(url).json()["operations"]]

    assert httpx.get(f"{url}/workflows").status_code == 401
    assert set(httpx.get(f"{url}/workflows", headers=HEADERS).json()) == set(names)


def test_without_a_folder_no_workflow_is_taken(gateway: Gateway) -> None:
    """The answer says what the operator would have to set."""
    files = {"file": ("mine.json", GRAPH.read_bytes())}
    answer = httpx.post(f"{gateway.url}/protobanana/workflows", headers=HEADERS, files=files)

    assert answer.status_code == 409
    assert "PROTOBANANA_WORKFLOWS_DIR" in answer.json()["error"]["message"]
