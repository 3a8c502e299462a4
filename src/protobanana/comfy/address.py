"""Where a ComfyUI lives: `http(s)://[user:password@]host[:port][/prefix]`, normalised."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import quote

from yarl import URL

from protobanana.errors import SettingsError


@dataclass(frozen=True)
class Address:
    """`base` has neither credentials nor a trailing slash; `authorization` is the header's value, or None."""

    base: URL
    authorization: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address as people write it; raises SettingsError. `ws` counts as `http`, no scheme as `http`."""
        trimmed = text.strip()
        try:
            url = URL(trimmed if "://" in trimmed else f"http://{trimmed}")
            scheme = {"http": "http", "ws": "http", "https": "https", "wss": "https"}.get(url.scheme)
            host, port = url.host, url.port
        except ValueError:
            scheme = host = port = None
        if scheme is None or not host or " " in host or url.query_string or url.fragment:
            raise SettingsError("The address of ComfyUI must look like http://host:8188 or https://host/prefix.")
        base = URL.build(scheme=scheme, host=host, port=port, path=url.path.rstrip("/"))
        if url.user is None and url.password is None:
            return cls(base)
        secret = base64.b64encode(f"{url.user or ''}:{url.password or ''}".encode()).decode("ascii")
        return cls(base, f"Basic {secret}")

    def http(self, *segments: str) -> URL:
        """URL of an endpoint; every segment is quoted, slashes in it too."""
        path = "/".join(quote(segment, safe="") for segment in segments)
        return URL(f"{str(self.base).rstrip('/')}/{path}", encoded=True)

    def websocket(self, client_id: str) -> URL:
        """URL of the message socket for a client."""
        secure = {"http": "ws", "https": "wss"}[self.base.scheme]
        return self.http("ws").with_scheme(secure).with_query(clientId=client_id)

    def __str__(self) -> str:
        """The address without credentials, for messages."""
        return str(self.base).rstrip("/")
