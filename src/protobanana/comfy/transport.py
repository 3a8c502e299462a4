"""HTTP to one ComfyUI over one pooled session, and the one place where aiohttp's errors become ours."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from protobanana.comfy.address import Address
from protobanana.comfy.types import ClientOptions
from protobanana.errors import (
    ImageTooLargeError,
    ProtoBananaError,
    ServerBusyError,
    ServerProtocolError,
    ServerUnreachableError,
)

_BUFFER = 1 << 22
"""Bytes of an answer that may wait unread: a picture arrives without the connection being paused in between."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. `json` raises ServerProtocolError for anything but a JSON object."""

    status: int
    media_type: str
    body: bytes = field(repr=False)
    address: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    def json(self) -> dict[str, Any]:
        """The JSON object of the body; the bare token NaN, which ComfyUI may write, is understood."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise ServerProtocolError(
                f"ComfyUI at {self.address} answered {self.media_type or 'something'} that is not its JSON; "
                "is there a proxy or another server at this address?"
            )
        return document


class Transport:
    """Requests to one server. `open` and `close` bracket its session; both are idempotent."""

    def __init__(self, address: Address, options: ClientOptions) -> None:
        self.address = address
        self.options = options
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> aiohttp.ClientSession:
        """The session, made on first use in the running loop. Redirects are never followed: a POST would turn GET."""
        if self._session is None:
            headers = {"Authorization": self.address.authorization} if self.address.authorization else {}
            connector = aiohttp.TCPConnector(limit=self.options.connections)
            self._session = aiohttp.ClientSession(connector=connector, headers=headers, read_bufsize=_BUFFER)
        elif self._session.closed:
            raise ServerUnreachableError(f"The client for ComfyUI at {self.address} is closed.")
        return self._session

    async def close(self) -> None:
        """Close all connections; requests afterwards raise ServerUnreachableError."""
        if self._session is not None:
            await self._session.close()

    async def get(self, *path: str, params: Mapping[str, str] | None = None, large: bool = False) -> Response:
        """GET; every status comes back as it is. `large`: a file, with the time files take."""
        return await self._request("GET", path, large=large, params=params)

    async def post(self, *path: str, document: object) -> Response:
        """POST a JSON document; every status comes back as it is."""
        body = json.dumps(document, separators=(",", ":")).encode()
        return await self._request("POST", path, data=io.BytesIO(body), headers={"Content-Type": "application/json"})

    async def upload(self, *path: str, fields: Mapping[str, str], filename: str, image: bytes) -> Response:
        """POST a multipart form with text fields and one part `image`; every status comes back as it is."""
        form = aiohttp.FormData()
        for key, value in fields.items():
            form.add_field(key, value)
        # As a file: aiohttp warns of large bodies given as bytes, and would copy them.
        form.add_field("image", io.BytesIO(image), filename=filename, content_type="application/octet-stream")
        return await self._request("POST", path, large=True, data=form)

    async def document(self, *path: str) -> dict[str, Any]:
        """GET a JSON object; raises for every status that is not a success."""
        response = await self.get(*path)
        if not response.ok:
            raise refusal(response.status, self.address, "/".join(path))
        return response.json()

    async def _request(self, method: str, path: tuple[str, ...], *, large: bool = False, **kwargs: Any) -> Response:
        options = self.options
        timeout = aiohttp.ClientTimeout(
            total=options.transfer_timeout if large else options.request_timeout, sock_connect=options.connect_timeout
        )
        url = self.address.http(*path)
        with mapped(self.address):
            async with self.open().request(method, url, timeout=timeout, allow_redirects=False, **kwargs) as answer:
                body = await answer.read()
                return Response(answer.status, answer.content_type, body, str(self.address))


@contextmanager
def mapped(address: Address) -> Iterator[None]:
    """Turn what aiohttp raises into ServerUnreachableError, or ServerProtocolError where no HTTP came back."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise refusal(error.status, address, "ws") from error
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
        raise ServerUnreachableError(f"ComfyUI at {address}: no trusted TLS connection can be made.") from error
    except aiohttp.ClientConnectorDNSError as error:
        raise ServerUnreachableError(f"ComfyUI at {address}: the host name cannot be resolved.") from error
    except aiohttp.ClientConnectorError as error:
        # By its number: asyncio's own words repeat the address.
        number = error.os_error.errno if error.os_error else None
        reason = os.strerror(number).lower() if number else "no connection"
        raise ServerUnreachableError(f"No ComfyUI answers at {address} ({reason}).") from error
    except TimeoutError as error:
        raise ServerUnreachableError(f"ComfyUI at {address} did not answer in time.") from error
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError) as error:
        raise ServerUnreachableError(f"ComfyUI at {address} broke the connection.") from error
    except aiohttp.ClientError as error:
        raise ServerProtocolError(f"What answers at {address} does not speak HTTP as ComfyUI does.") from error


def refusal(status: int, address: Address, what: str) -> ProtoBananaError:
    """The error for an HTTP status that ends the matter; `what` is the endpoint, for the message."""
    where = f"ComfyUI at {address}"
    if status in (401, 403):
        return ServerProtocolError(f"{where} refuses access (HTTP {status}); check the credentials in its address.")
    if status == 413:
        return ImageTooLargeError(f"{where} does not take that much at once; its --max-upload-size sets the limit.")
    if status == 429:
        return ServerBusyError(f"{where} asks to be left alone for a moment.", retry_after=5)
    if status in (502, 503, 504):
        return ServerUnreachableError(f"{where}: a proxy answers (HTTP {status}), ComfyUI behind it does not.")
    if 300 <= status < 400:
        return ServerProtocolError(f"{where} redirects /{what} (HTTP {status}); use the final address.")
    if status == 404:
        return ServerProtocolError(f"{where} has no /{what} (HTTP 404); is this address ComfyUI's?")
    return ServerProtocolError(f"{where} failed on /{what} (HTTP {status}).")
