"""`GET /images/<token>` in front of another app: what HTTP clients ask of a picture, and what passes through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import PIL.Image
import pytest

from protobanana.api.door import door
from protobanana.gateway.front import fronted
from protobanana.pictures.files import FolderFiles
from protobanana.pictures.handles import mint
from protobanana.pictures.image import Image
from protobanana.pictures.store import ImageStore
from support.pictures import png

PICTURE = Image.from_bytes(png(PIL.Image.new("RGB", (40, 30), "teal")))
HANDLE = mint("me", PICTURE.data)


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(FolderFiles(tmp_path / "kept"), 10**7, 3600)


async def behind(scope: Any, receive: Any, send: Any) -> None:
    """The app behind: says what reached it, and where it is called at."""
    at = door.get()
    said = f"{scope['method']} {scope['path']} {at.called_at if at else None}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture
async def client(store: ImageStore) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=fronted(behind, store))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway:4000") as client:
        yield client


@pytest.fixture
async def address(store: ImageStore) -> str:
    """Where the picture can be read."""
    await store.put(PICTURE, "me", HANDLE)
    return f"/images/{store.token(HANDLE)}"


async def test_a_picture_whole(client: httpx.AsyncClient, address: str) -> None:
    """Bytes with their true type, a validator, and leave for this client alone to keep them while the address works."""
    reply = await client.get(address)

    assert (reply.status_code, reply.content) == (200, PICTURE.data)
    assert reply.headers["content-type"] == "image/png"
    assert reply.headers["etag"] == f'"{PICTURE.sha256}"'
    assert reply.headers["cache-control"].startswith("private, max-age=")
    assert "immutable" in reply.headers["cache-control"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert HANDLE in reply.headers["content-disposition"]


async def test_head(client: httpx.AsyncClient, address: str) -> None:
    """Headers as for the picture, nothing else."""
    reply = await client.head(address)

    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-length"] == str(len(PICTURE.data))


@pytest.mark.parametrize("tag", ['"{0}"', 'W/"{0}"', '"other", "{0}"', "*"])
async def test_a_client_that_has_it(client: httpx.AsyncClient, address: str, tag: str) -> None:
    """A known validator is answered without bytes."""
    reply = await client.get(address, headers={"If-None-Match": tag.format(PICTURE.sha256)})

    assert (reply.status_code, reply.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, None), ("bytes=-5", -5, None), ("bytes=3-99999999", 3, None)],
)
async def test_a_range(client: httpx.AsyncClient, address: str, asked: str, first: int, last: int | None) -> None:
    """A part is sent as a part, and says which."""
    reply = await client.get(address, headers={"Range": asked})
    wanted = PICTURE.data[first:] if last is None else PICTURE.data[first : last + 1]

    assert (reply.status_code, reply.content) == (206, wanted)
    assert reply.headers["content-range"].endswith(f"/{len(PICTURE.data)}")
    assert reply.headers["content-length"] == str(len(wanted))


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=-0", "bytes=9-3"])
async def test_an_impossible_range(client: httpx.AsyncClient, address: str, asked: str) -> None:
    """Bytes that do not exist are refused with the true length."""
    reply = await client.get(address, headers={"Range": asked})

    assert reply.status_code == 416
    assert reply.headers["content-range"] == f"bytes */{len(PICTURE.data)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=-", "lines=1-2", "bytes=" + "9" * 5000 + "-"])
async def test_ranges_that_are_not_served(client: httpx.AsyncClient, address: str, asked: str) -> None:
    """Several ranges, and what is none, get the whole picture."""
    assert (await client.get(address, headers={"Range": asked})).status_code == 200


async def test_a_range_of_something_older(client: httpx.AsyncClient, address: str) -> None:
    """A part is only good for the picture it began with."""
    reply = await client.get(address, headers={"Range": "bytes=5-", "If-Range": '"other"'})

    assert reply.status_code == 200


@pytest.mark.parametrize("token", ["x", "a" * 36, "secret", "%2e%2e", "x%00"])
async def test_what_was_never_signed(client: httpx.AsyncClient, token: str) -> None:
    """An invented token is not found, whatever it spells."""
    reply = await client.get(f"/images/{token}")

    assert reply.status_code == 404


async def test_what_is_gone(client: httpx.AsyncClient, address: str, tmp_path: Path) -> None:
    """A good token whose picture is not kept any more says so."""
    for path in (tmp_path / "kept").rglob("*.json"):
        path.unlink()

    assert (await client.get(address)).status_code == 410


async def test_what_has_expired(client: httpx.AsyncClient, address: str, tmp_path: Path) -> None:
    """After its time an address reads nothing, though the picture is still there."""
    past = ImageStore(FolderFiles(tmp_path / "kept"), 10**7, -7200)

    assert (await client.get(address)).status_code == 200
    assert (await client.get(f"/images/{past.token(HANDLE)}")).status_code == 410


async def test_without_a_store_nothing_is_there(store: ImageStore, address: str) -> None:
    """Where nothing is kept, a good token finds nothing."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=fronted(behind, None)), base_url="http://g"
    ) as client:
        assert (await client.get(address)).status_code == 410


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/images/edits"),
        ("POST", "/images/x"),
        ("GET", "/images/"),
        ("GET", "/v1/models"),
        ("GET", "/images/a/b"),
    ],
)
async def test_everything_else_passes(client: httpx.AsyncClient, method: str, path: str) -> None:
    """LiteLLM's own routes reach it as they are."""
    assert (await client.request(method, path)).text == f"{method} {path} None"


async def test_a_call_of_a_model(client: httpx.AsyncClient) -> None:
    """What answers a call knows the address that the client called."""
    answer = await client.post("/v1/images/generations")

    assert answer.text == "POST /v1/images/generations http://gateway:4000"


@pytest.mark.parametrize("host", ['evil"><script>', "a b", ""])
async def test_a_strange_host(client: httpx.AsyncClient, host: str) -> None:
    """What is no host name does not get into an answer."""
    answer = await client.post("/chat/completions", headers={"Host": host})

    assert answer.text == "POST /chat/completions "


@pytest.mark.parametrize("prefix", ["", "/pb"])
async def test_the_path_of_the_public_address(store: ImageStore, address: str, prefix: str) -> None:
    """A proxy in front may take the path of the public address off, or leave it."""
    app = fronted(behind, store, "https://pictures.example/pb/")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://g") as client:
        assert (await client.get(prefix + address)).status_code == 200


async def test_the_lifespan_is_the_apps_own() -> None:
    """Start and stop reach the app behind."""
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    parts: Any = ({"type": "lifespan"}, object(), object())
    await fronted(app, None)(*parts)

    assert seen == [parts]
