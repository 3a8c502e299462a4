"""References in requests: what is loaded, and what is refused unread."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator

import PIL.Image
import pytest
from aiohttp import web

from protobanana.errors import ImageTooLargeError, InvalidImageError
from protobanana.pictures.fetch import is_permitted, load_reference
from protobanana.settings import get_settings
from support.pictures import png

PICTURE = png(PIL.Image.new("RGB", (12, 9), "green"))


@pytest.fixture
def allowing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loopback is allow-listed, as an operator would do for a server of the house."""
    monkeypatch.setenv("PROTOBANANA_FETCH_ALLOW", "127.0.0.0/8")
    monkeypatch.setenv("PROTOBANANA_MAX_IMAGE_MB", "1")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
async def server() -> AsyncIterator[str]:
    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="text/plain")

    async def inside(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://169.254.169.254/latest")

    async def moved(_: web.Request) -> web.Response:
        raise web.HTTPFound("/picture")

    async def around(_: web.Request) -> web.Response:
        raise web.HTTPFound("/around")

    async def huge(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"x" * 65536)
        return response

    app = web.Application()
    for handler in (picture, inside, moved, around, huge):
        app.router.add_get(f"/{handler.__name__}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


@pytest.mark.parametrize("padding", [0, 100_000])
async def test_a_data_url(padding: int) -> None:
    """A base64 data URL of any length is the picture in it; the claimed type does not count."""
    reference = "data:image/jpeg;name=x.jpg;base64," + base64.b64encode(PICTURE + b"\0" * padding).decode()
    image = await load_reference(reference)

    assert (image.format, image.width) == ("png", 12)


@pytest.mark.usefixtures("allowing")
async def test_an_allowed_address(server: str) -> None:
    """An allow-listed address is fetched, over redirects, whatever type it claims."""
    assert (await load_reference(f"{server}/picture")).width == 12
    assert (await load_reference(f"{server}/moved")).width == 12


@pytest.mark.usefixtures("allowing")
@pytest.mark.parametrize("path", ["inside", "around", "missing"])
async def test_redirects_that_lead_nowhere_good(server: str, path: str) -> None:
    """A redirect inside, a loop and a 404 read the same to the caller."""
    with pytest.raises(InvalidImageError, match="could not be fetched"):
        await load_reference(f"{server}/{path}")


@pytest.mark.usefixtures("allowing")
async def test_too_much_is_cut_off(server: str) -> None:
    """The download stops at the limit."""
    with pytest.raises(ImageTooLargeError):
        await load_reference(f"{server}/huge")


async def test_loopback_is_refused_by_default(server: str) -> None:
    """An address inside is not fetched unless the operator says so."""
    with pytest.raises(InvalidImageError):
        await load_reference(f"{server}/picture")
    with pytest.raises(InvalidImageError):
        await load_reference(f"{server}/picture".replace("127.0.0.1", "localhost"))


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "x.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE://x",
        "ftp://h/x",
        "data:,x",
        "data:image/png;base64,****",
        "http://",
        "https://[::1",
    ],
)
async def test_everything_else_is_refused(reference: str) -> None:
    """No path and no other scheme is ever opened."""
    with pytest.raises(InvalidImageError):
        await load_reference(reference)


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, permitted: bool) -> None:
    """Private, loopback, link-local, metadata and disguised addresses are not public."""
    assert is_permitted("host", address, []) is permitted


def test_the_allow_list_takes_names_addresses_and_networks() -> None:
    """Each entry may be a host name, an address or a network."""
    assert is_permitted("files.house", "10.0.0.7", ["files.house"])
    assert is_permitted("x", "10.0.0.7", ["10.0.0.7"])
    assert is_permitted("x", "10.0.0.7", ["10.0.0.0/24"])
    assert not is_permitted("x", "10.0.1.7", ["10.0.0.0/24"])
