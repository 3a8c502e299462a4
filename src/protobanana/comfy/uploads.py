"""Pictures on their way into ComfyUI: each goes up once per server."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from weakref import WeakValueDictionary

from protobanana.comfy.transport import Transport, refusal
from protobanana.errors import ServerProtocolError
from protobanana.telemetry import bytes_moved

_REMEMBERED = 4096


class Uploads:
    """Knows which uploads the server has. Equal uploads at the same time share one request."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._known: OrderedDict[str, None] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ensure(self, uploads: Mapping[str, bytes]) -> bool:
        """Send what the server does not have; whether any of it was believed to be there already."""
        remembered = any(name in self._known for name in uploads)
        sent = await asyncio.gather(*(self._send(*item) for item in uploads.items()), return_exceptions=True)
        for outcome in sent:
            if isinstance(outcome, BaseException):
                raise outcome
        return remembered

    def forget(self, names: Iterable[str]) -> None:
        """The server lost these."""
        for name in names:
            self._known.pop(name, None)

    async def _send(self, name: str, data: bytes) -> None:
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            if name not in self._known:
                await self._post(name, data)
            self._known[name] = None
            self._known.move_to_end(name)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    async def _post(self, name: str, data: bytes) -> None:
        folder, _, filename = name.rpartition("/")
        # "true" in lower case is what ComfyUI honours; without it other bytes of that name would rename ours.
        fields = {"subfolder": folder, "type": "input", "overwrite": "true"}
        response = await self._transport.upload("upload", "image", fields=fields, filename=filename, image=data)
        if not response.ok:
            raise refusal(response.status, self._transport.address, "upload/image")
        stored = response.json()
        subfolder = str(stored.get("subfolder") or "").replace("\\", "/").strip("/")
        if (subfolder, stored.get("name")) != (folder, filename):
            raise ServerProtocolError("ComfyUI stored an upload under another name than it was told.")
        bytes_moved(str(self._transport.address), "to", len(data))
