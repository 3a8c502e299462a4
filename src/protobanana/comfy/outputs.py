"""Finished files, from /view or from the socket."""

from __future__ import annotations

import asyncio
import mimetypes

from protobanana.comfy.graph import name
from protobanana.comfy.tracker import FileRef, Tracker
from protobanana.comfy.transport import Response, Transport, refusal
from protobanana.comfy.types import Output
from protobanana.errors import ServerProtocolError, ServerUnreachableError

_RETRIES = (0.2, 1.0)
"""Seconds before a file is asked for again: a picture that took minutes is worth two more requests."""


async def take(transport: Transport, tracker: Tracker, node: str, index: int) -> Output | None:
    """Result number `index` of a node, files before texts; None past the last one. A frame is handed over once and then
    forgotten.
    """
    files, texts = tracker.files.get(node, ()), tracker.texts.get(node, ())
    if index < len(files):
        return await _fetch(transport, tracker, node, index, files[index])
    if frames := not files and tracker.frames.get(node):
        frame = frames.pop(0)
        return Output(node, index, bytes(frame.payload), frame.media_type, f"{index + 1:05}.png")
    if index < len(files) + len(texts):
        return Output(node, index, texts[index - len(files)].encode("utf-8", "replace"), "text/plain", "")
    return None


async def _fetch(transport: Transport, tracker: Tracker, node: str, index: int, file: FileRef) -> Output:
    retries = iter(_RETRIES)
    while True:
        try:
            response = await _view(transport, file, name(tracker.job.graph, node))
        except ServerUnreachableError:
            pause = next(retries, None)
            if pause is None:
                raise
            await asyncio.sleep(pause)
        else:
            break
    media_type = response.media_type
    if media_type in ("", "application/octet-stream"):
        media_type = mimetypes.guess_type(file.filename)[0] or media_type
    return Output(node, index, response.body, media_type, file.filename)


async def _view(transport: Transport, file: FileRef, of: str) -> Response:
    params = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
    response = await transport.get("view", params=params, large=True)
    if response.status == 404:
        raise ServerProtocolError(
            f"{of} finished, but its file is gone from ComfyUI; results of a deleted file are answered from the "
            "cache until ComfyUI frees its memory."
        )
    if not response.ok:
        raise refusal(response.status, transport.address, "view")
    if not response.body:
        raise ServerProtocolError(f"ComfyUI sent an empty file for {of}.")
    return response
