"""The embedded engine: a server that speaks ComfyUI 0.12.1's protocol and runs graphs on the CPU.

    async with Engine() as engine:
        ...  # engine.url is a ComfyUI

`EngineThread` is the same on a thread of its own, for synchronous callers.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from protobanana.engine import routes_files, routes_info, routes_prompts
from protobanana.engine.files import FileStore
from protobanana.engine.middleware import MIDDLEWARES
from protobanana.engine.nodes import load_all
from protobanana.engine.settings import EngineSettings, Faults
from protobanana.engine.state import STATE, State

_BOTH = (*routes_prompts.ROUTES, *routes_files.ROUTES, *routes_info.ROUTES)
_ONE = (*routes_prompts.API_ROUTES, *routes_files.INTERNAL_ROUTES, *routes_info.ROOT_ROUTES)


def build_app(state: State) -> web.Application:
    """The HTTP application of one server; every route of ComfyUI exists with and without `/api`."""
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=int(state.settings.max_upload_mb * 1024 * 1024))
    app[STATE] = state
    app.add_routes([*_BOTH, *_ONE])
    app.add_routes([web.route(route.method, f"/api{route.path}", route.handler) for route in _BOTH])
    return app


class Engine:
    """A server on the running event loop, from `async with` on. `root` holds the files; None: a folder of its own."""

    def __init__(
        self,
        settings: EngineSettings | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        root: Path | None = None,
    ) -> None:
        self.settings = settings or EngineSettings()
        self.host = host
        self.port = port
        self._root = root
        self._own_root: Path | None = None
        self._files: FileStore | None = None
        self._state: State | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Address of the server, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def faults(self) -> Faults:
        """The switches for what goes wrong; they work at once."""
        return self.settings.faults

    @property
    def files(self) -> FileStore:
        """The input, output and temp folders, while it serves."""
        if self._files is None:
            raise TypeError("the engine has not been started")
        return self._files

    async def __aenter__(self) -> Self:
        """Start serving."""
        load_all()
        if self._root is None:
            self._own_root = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="protobanana-engine-"))
        self._files = FileStore(self._root or self._own_root or Path())
        try:
            await self._start(self._files)
        except OSError:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; a folder of its own is removed."""
        await self._stop(abruptly=False)
        if self._own_root is not None:
            await asyncio.to_thread(shutil.rmtree, self._own_root, ignore_errors=True)

    async def restart(self, down_for: float = 0.0) -> None:
        """Die and come back on the same port after so many seconds, in which connections are refused.

        Queue, history, cache and temp files are lost; sockets break without a close frame.
        """
        await self._stop(abruptly=True)
        await asyncio.sleep(down_for)
        await self._start(self.files)

    async def _start(self, files: FileStore) -> None:
        await asyncio.to_thread(files.wipe_temp)
        self._state = State(self.settings, files)
        self._runner = web.AppRunner(build_app(self._state), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        self._state.start()

    async def _stop(self, *, abruptly: bool) -> None:
        state, runner = self._state, self._runner
        self._state = self._runner = None
        if state is not None:
            await state.stop(abruptly=abruptly)
        if runner is not None:
            await runner.cleanup()


__all__ = ["Engine", "build_app"]
