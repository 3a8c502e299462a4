"""Addresses of servers."""

from __future__ import annotations

import pytest

from protobanana.comfy.address import Address


@pytest.mark.parametrize(
    ("text", "http", "websocket"),
    [
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188/prompt", "ws://127.0.0.1:8188/ws?clientId=c"),
        ("localhost:8188/", "http://localhost:8188/prompt", "ws://localhost:8188/ws?clientId=c"),
        ("https://Host/comfy/", "https://host/comfy/prompt", "wss://host/comfy/ws?clientId=c"),
        ("wss://host:8443/a%20b", "https://host:8443/a%20b/prompt", "wss://host:8443/a%20b/ws?clientId=c"),
        ("https://u:p@[::1]:8188/x/y", "https://[::1]:8188/x/y/prompt", "wss://[::1]:8188/x/y/ws?clientId=c"),
    ],
)
def test_endpoints(text, http, websocket):
    """Scheme, port and path prefix carry over to HTTP and websocket; credentials do not."""
    address = Address.parse(text)

    assert str(address.http("prompt")) == http
    assert str(address.websocket("c")) == websocket


def test_equal_addresses():
    """The default port may be left out."""
    assert Address.parse("http://host") == Address.parse("HTTP://HOST:80/") != Address.parse("https://host")


def test_segments_are_quoted():
    """A slash in an id does not become a path."""
    assert str(Address.parse("h").http("history", "a/b ü")) == "http://h/history/a%2Fb%20%C3%BC"


def test_credentials_stay_out_of_texts():
    """Neither str nor repr shows the password."""
    address = Address.parse("http://me:secret@host:1")

    assert "secret" not in f"{address} {address!r}"
    assert address.authorization
