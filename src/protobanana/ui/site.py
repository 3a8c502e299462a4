"""The page as a web application of its own, to be run alone or under a path of another one.

Beside Gradio's routes: `POST pictures` hands a picture to the gateway with the visitor's key, `GET images/<token>` gets
one back. Nothing of a visitor's is kept here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from protobanana.client.gateway import Gateway
from protobanana.errors import ProtoBananaError
from protobanana.settings import export

if TYPE_CHECKING:
    from fastapi import FastAPI

MOST = 60_000_000
"""Bytes of a picture that are taken at all; the gateway has a limit of its own."""
_PASSED = ("if-none-match", "range", "if-range")
_BACK = ("content-type", "etag", "cache-control", "accept-ranges", "content-range", "content-disposition")
_WAITING = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2"><title>protoBanana studio</title>
<body style="font-family:system-ui;margin:3rem"><h1>protoBanana studio</h1><p role="status">{}</p></body></html>"""


class Site:
    """An ASGI app. The page is built when it is first asked for (Gradio takes seconds to import), or by `prepare`."""

    def __init__(self, gateway: Gateway, hidden: Iterable[str] = ()) -> None:
        self.gateway = gateway
        self._hidden = tuple(hidden)
        self._page: FastAPI | None = None
        self._building = asyncio.Lock()
        self._open = asyncio.Event()
        self._closed = asyncio.Event()
        self._living: asyncio.Task[None] | None = None
        self.app = Starlette(
            routes=[
                Route("/pictures", self._keep, methods=["POST"]),
                Route("/favicon.ico", self._icon, methods=["GET"]),
                Route("/images/{token}", self._show, methods=["GET"]),
                Mount("/", self._serve),
            ]
        )

    async def prepare(self, document: Mapping[str, Any] | None = None) -> None:
        """Build the page now, for the operations of `document`; None: those that the gateway tells of.

        Raises the error of a gateway that cannot be asked.
        """
        async with self._building:
            if self._page is None:
                document = document or await self.gateway.operations()
                self._page = await asyncio.to_thread(_built, self.gateway, document, self._hidden)
                self._living = asyncio.create_task(self._live(self._page), name="studio")
                opened = asyncio.create_task(self._open.wait())
                await asyncio.wait({self._living, opened}, return_when=asyncio.FIRST_COMPLETED)
                opened.cancel()
                if self._living.done():
                    await self._living  # why it could not begin

    async def aclose(self) -> None:
        """End Gradio's work, and close the connections to the gateway."""
        self._closed.set()
        if self._living:
            await self._living
        await self.gateway.aclose()

    async def _live(self, page: FastAPI) -> None:
        """Gradio's own start and end, which must happen in one task."""
        async with page.router.lifespan_context(page):
            self._open.set()
            await self._closed.wait()

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        try:
            await self.prepare()
        except ProtoBananaError as error:
            await HTMLResponse(_WAITING.format(escape(error.message)), 503)(scope, receive, send)
            return
        assert self._page is not None  # noqa: S101 - prepare has built it
        await self._page(scope, receive, send)

    async def _icon(self, _: Request) -> Response:
        return icon()

    async def _keep(self, request: Request) -> Response:
        """A picture of the visitor's; `{}` from a gateway that keeps none."""
        data = bytearray()
        async for piece in request.stream():
            data += piece
            if len(data) > MOST:
                return _refused("This picture is too large.", 413)
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            return JSONResponse(await self.gateway.keep(bytes(data), key) or {})
        except ProtoBananaError as error:
            return _refused(error.message, 400)

    async def _show(self, request: Request) -> Response:
        headers = {name: request.headers[name] for name in _PASSED if name in request.headers}
        try:
            answer = await self.gateway.picture(request.path_params["token"], headers)
        except ProtoBananaError as error:
            return _refused(error.message, 503)
        back = {name: answer.headers[name] for name in _BACK if name in answer.headers}
        # A picture that a workflow made must never run as a page of this address.
        back |= {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox"}
        return Response(answer.content, answer.status_code, back)


def icon() -> Response:
    """The page's icon."""
    data = files("protobanana.ui").joinpath("static", "icon.svg").read_bytes()
    return Response(data, media_type="image/svg+xml", headers={"cache-control": "max-age=86400"})


def _refused(words: str, status: int) -> JSONResponse:
    return JSONResponse({"error": {"message": words}}, status)


def _built(gateway: Gateway, document: Mapping[str, Any], hidden: Iterable[str]) -> FastAPI:
    """Gradio's app with the page on it. Takes seconds."""
    export({"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"})
    import gradio as gr  # noqa: PLC0415 - takes seconds, and only a visitor needs it
    from fastapi import FastAPI  # noqa: PLC0415 - as above

    from protobanana.ui import widgets  # noqa: PLC0415 - as above
    from protobanana.ui.page import page  # noqa: PLC0415 - as above

    blocks = page(gateway, document, hidden)
    blocks.queue(default_concurrency_limit=None, api_open=False)
    app = FastAPI(openapi_url=None)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        ssr_mode=False,
        footer_links=[],
        run_history=False,
        theme=widgets.theme(),
        css=widgets.css(),
        head=widgets.head(),
        show_error=True,
    )
    return app
