"""Submitting prompts, watching the queue, stopping, reading results."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from aiohttp import web

from protobanana.engine.jobs import BadQueryError, describe, listing
from protobanana.engine.prompt_queue import Job
from protobanana.engine.state import STATE, State
from protobanana.engine.validate import problem, validate

_encode = json.JSONEncoder(default=str).encode


def to_json(data: object, status: int = 200) -> web.Response:
    """A JSON answer; NaN stays the bare token that ComfyUI sends too."""
    return web.json_response(data, status=status, dumps=_encode)


async def post_prompt(request: web.Request) -> web.Response:
    """`POST /prompt`: validate and queue a graph."""
    state = request.app[STATE]
    body = await request.json()
    if isinstance(body, list):
        body = {}
    number = _number(state, body)
    if "prompt" not in body:
        message = "No prompt provided"
        return to_json({"error": problem("no_prompt", message, message), "node_errors": {}}, 400)
    prompt_id = str(body.get("prompt_id", uuid.uuid4()))
    verdict = validate(body["prompt"], state.catalogue, state.files, body.get("partial_execution_targets"))
    extra_data = body.get("extra_data", {})
    if "client_id" in body:
        extra_data["client_id"] = body["client_id"]
    if verdict.error is not None:
        return to_json({"error": verdict.error, "node_errors": verdict.node_errors}, 400)
    extra_data["create_time"] = int(time.time() * 1000)
    state.queue.put(Job(number, prompt_id, body["prompt"], extra_data, verdict.outputs))
    return to_json({"prompt_id": prompt_id, "number": number, "node_errors": verdict.node_errors})


def _number(state: State, body: Any) -> float:
    if "number" in body:
        return float(body["number"])
    number = state.next_number()
    return -number if body.get("front") else number


async def get_prompt(request: web.Request) -> web.Response:
    """`GET /prompt`: how many prompts wait or run."""
    return to_json({"exec_info": {"queue_remaining": request.app[STATE].queue.remaining}})


async def get_queue(request: web.Request) -> web.Response:
    """`GET /queue`: whole items; the waiting ones in heap order."""
    running, waiting = request.app[STATE].queue.jobs()
    data = {"queue_running": [job.public() for job in running], "queue_pending": [job.public() for job in waiting]}
    return to_json(data)


async def post_queue(request: web.Request) -> web.Response:
    """`POST /queue`: `{"delete": [ids]}`, `{"clear": true}`; waiting prompts only."""
    queue, body = request.app[STATE].queue, await request.json()
    if body.get("clear"):
        queue.clear()
    queue.delete(body.get("delete", ()))
    return web.Response()


async def post_interrupt(request: web.Request) -> web.Response:
    """`POST /interrupt`: stop what runs; with a `prompt_id`, only if it is that prompt. Always 200."""
    state = request.app[STATE]
    try:
        body = await request.json()
    except ValueError:
        body = {}
    if state.settings.faults.lose_early_interrupts:
        state.settings.faults.lose_early_interrupts -= 1
        return web.Response()
    prompt_id = body.get("prompt_id") if isinstance(body, dict) else None
    state.queue.while_running(prompt_id or None, state.executor.interrupt.set)
    return web.Response()


async def get_history(request: web.Request) -> web.Response:
    """`GET /history?max_items=&offset=`: finished prompts by id, oldest first."""
    history = _history(request.app[STATE])
    size = request.query.get("max_items")
    offset = int(request.query.get("offset", -1))
    if size is None and offset < 0:
        return to_json(history)
    count = len(history) if size is None else int(size)
    start = max(len(history) - count, 0) if offset < 0 else offset
    return to_json(dict(list(history.items())[start : start + count]))


async def get_history_of(request: web.Request) -> web.Response:
    """`GET /history/{id}`: `{}` while it waits, runs or is unknown."""
    prompt_id = request.match_info["prompt_id"]
    state = request.app[STATE]
    record = None if state.settings.faults.stall_history else state.queue.finished(prompt_id)
    return to_json({} if record is None else {prompt_id: record})


async def post_history(request: web.Request) -> web.Response:
    """`POST /history`: `{"delete": [ids]}`, `{"clear": true}`."""
    queue, body = request.app[STATE].queue, await request.json()
    if body.get("clear"):
        queue.forget()
    queue.forget(body.get("delete", ()))
    return web.Response()


async def post_free(request: web.Request) -> web.Response:
    """`POST /free`: `free_memory` drops the cache, between prompts; there are no models to unload."""
    state, body = request.app[STATE], await request.json()
    if body.get("free_memory"):
        state.queue.between_jobs(state.executor.cache.clear)
    return web.Response()


async def get_jobs(request: web.Request) -> web.Response:
    """`GET /api/jobs`: waiting, running and finished prompts in one list."""
    state = request.app[STATE]
    running, waiting = state.queue.jobs()
    try:
        return to_json(listing(running, waiting, _history(state), request.query))
    except BadQueryError as error:
        return to_json({"error": error.message}, 400)


async def get_job(request: web.Request) -> web.Response:
    """`GET /api/jobs/{id}`: one prompt in any state; 404 when unknown."""
    state = request.app[STATE]
    running, waiting = state.queue.jobs()
    found = describe(request.match_info["prompt_id"], running, waiting, _history(state))
    return to_json({"error": "Job not found"}, 404) if found is None else to_json(found)


def _history(state: State) -> dict[str, dict[str, Any]]:
    return {} if state.settings.faults.stall_history else state.queue.history()


ROUTES = (
    web.post("/prompt", post_prompt),
    web.get("/prompt", get_prompt),
    web.get("/queue", get_queue),
    web.post("/queue", post_queue),
    web.post("/interrupt", post_interrupt),
    web.get("/history", get_history),
    web.get("/history/{prompt_id}", get_history_of),
    web.post("/history", post_history),
    web.post("/free", post_free),
)
API_ROUTES = (web.get("/api/jobs", get_jobs), web.get("/api/jobs/{prompt_id}", get_job))

__all__ = ["API_ROUTES", "ROUTES", "to_json"]
