"""From a reference in a request to a picture: `data:` URLs, and http(s) addresses that may be reached.

A path, `file://` or any other scheme is refused unread. Remote addresses must be public, or be named by the operator;
the address that was checked is the one connected to, on every redirect, so that a name cannot be rebound in between.
"""

from __future__ import annotations

import asyncio
import binascii
import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp
import pybase64
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from protobanana.errors import ImageTooLargeError, InvalidImageError
from protobanana.pictures.image import Image, Limits
from protobanana.settings import get_settings

FETCH_SECONDS = 20.0
"""A remote picture must have arrived after this many seconds."""
MAX_REDIRECTS = 3
_DATA_URL = re.compile(
    r"data:(?P<mime>[\w.+-]+/[\w.+-]+)?(?P<parameters>(;[\w.+-]+=[^;,]*)*)(?P<base64>;base64)?,", re.ASCII
)
_OFF_LOOP = 64 * 1024
"""Data URLs longer than this are decoded in a thread."""


def limits() -> Limits:
    """The limits of the settings."""
    settings = get_settings()
    return Limits(int(settings.max_image_mb * 1024 * 1024), int(settings.max_image_megapixels * 1_000_000))


async def load_bytes(data: bytes, *, name: str = "image") -> Image:
    """A picture from uploaded bytes; `name` is the field for messages."""
    return Image.from_bytes(data, limits=limits(), name=name)


async def load_reference(reference: str, *, name: str = "image_url") -> Image:
    """The picture behind a reference in a request.

    Raises InvalidImageError naming `name` for everything that is not a readable picture at a permitted address, and
    ImageTooLargeError over the limits of the settings.
    """
    if reference[:5].lower() == "data:":
        if len(reference) > _OFF_LOOP:
            return await asyncio.to_thread(_from_data_url, reference, name)
        return _from_data_url(reference, name)
    if re.match(r"https?://", reference, re.IGNORECASE):
        return Image.from_bytes(await _download(reference, name), limits=limits(), name=name)
    raise InvalidImageError(
        f"'{name}' must be a data: URL with base64 or an http(s) address; files and other schemes are never opened.",
        param=name,
    )


def _from_data_url(reference: str, name: str) -> Image:
    most = limits().max_bytes
    match = _DATA_URL.match(reference)
    if match is None or not match["base64"]:
        raise InvalidImageError(f"'{name}' is not a base64 data: URL (data:image/png;base64,...).", param=name)
    if (len(reference) - match.end()) * 3 // 4 > most + 3:
        raise ImageTooLargeError(f"'{name}' is larger than {most / 1e6:.0f} MB.", param=name)
    try:
        data = pybase64.b64decode(reference[match.end() :].strip().replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidImageError(f"'{name}' holds damaged base64.", param=name) from None
    return Image.from_bytes(data, limits=limits(), name=name)


class PublicResolver(AbstractResolver):
    """Resolves names to addresses that may be connected to; the connector uses exactly the ones returned here."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = allowed
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of `host`; raises OSError when none of them is permitted."""
        found = await self._inner.resolve(host, port, family)
        permitted = [entry for entry in found if is_permitted(host, entry["host"], self._allowed)]
        if not permitted:
            msg = "address not permitted"
            raise OSError(msg)
        return permitted

    async def close(self) -> None:
        """Release the inner resolver."""
        await self._inner.close()


def is_permitted(host: str, address: str, allowed: Sequence[str]) -> bool:
    """Whether `address` (what `host` resolved to) is public, or allow-listed by name, address or network."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (inner := ip.ipv4_mapped or ip.sixtofour):
        ip = inner
    for entry in allowed:
        if entry.lower() == host.lower():
            return True
        try:
            if ip in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            continue
    return ip.is_global and not ip.is_multicast


async def _download(url: str, name: str) -> bytes:
    """Fetch a remote picture; every refusal reads the same, so that nothing is learned about the inside network."""
    allowed = [entry.strip() for entry in get_settings().fetch_allow.split(",") if entry.strip()]
    connector = aiohttp.TCPConnector(resolver=PublicResolver(allowed), use_dns_cache=False, force_close=True)
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    refused = InvalidImageError(f"'{name}' could not be fetched from its address.", param=name)
    try:
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
            for _ in range(MAX_REDIRECTS + 1):
                _check_literal(url, allowed, refused)
                async with session.get(url, allow_redirects=False, headers={"Accept": "image/*"}) as response:
                    if response.status in (301, 302, 303, 307, 308) and "Location" in response.headers:
                        url = str(response.url.join(URL(response.headers["Location"])))
                        continue
                    if response.status != 200:
                        raise refused
                    return await _body(response, name)
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
        raise refused from None
    raise refused


def _check_literal(url: str, allowed: Sequence[str], refused: InvalidImageError) -> None:
    """Literal addresses never reach a resolver, so they are judged here."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise refused
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not is_permitted(parts.hostname, str(literal), allowed):
        raise refused


async def _body(response: aiohttp.ClientResponse, name: str) -> bytes:
    most = limits().max_bytes
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > most:
            raise ImageTooLargeError(f"'{name}' is larger than {most / 1e6:.0f} MB.", param=name)
    return bytes(body)
