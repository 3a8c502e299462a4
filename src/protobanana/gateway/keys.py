"""A key that LiteLLM does not know, on the routes that no model is called at: 401, as everywhere.

Without a database LiteLLM answers 400 there, "No connected db.", because it has nowhere to look the key up.
"""

from __future__ import annotations

from protobanana.gateway.asgi import Message, Scope, Send, headers_of, without
from protobanana.gateway.mend import key_refusal

_MOST = 65_536
"""Bytes of an error that are looked at; a longer one is no refusal of a key."""


def judged(scope: Scope, send: Send) -> Send:
    """`send`, for an app whose refusals of keys are to have the right status."""
    held: Message | None = None
    body = bytearray()

    async def checked(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start" and message["status"] == 400:
            held = message
            return
        if held is None or message["type"] != "http.response.body":
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body") and len(body) <= _MOST:
            return
        start, held = held, None
        if refusal := key_refusal(400, bytes(body), headers_of(scope)):
            length = (b"content-length", str(len(refusal)).encode())
            start = {**start, "status": 401, "headers": [*without(start["headers"], b"content-length"), length]}
        await send(start)
        await send({**message, "body": refusal or bytes(body)})

    return checked
