"""`/api/jobs`: one view of waiting, running and finished prompts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from protobanana.engine.prompt_queue import Job
from protobanana.errors import InvalidRequestError

STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled")
_SORT_KEYS = ("created_at", "execution_duration")

JobView = dict[str, Any]


class BadQueryError(InvalidRequestError):
    """A query parameter that cannot be used; the message is what the body's `error` says."""


def listing(
    running: Iterable[Job], waiting: Iterable[Job], history: Mapping[str, Any], query: Mapping[str, str]
) -> dict[str, Any]:
    """Jobs and pagination, filtered, sorted and cut as the query says; BadQueryError for values not allowed."""
    statuses = _statuses(query.get("status"))
    limit, offset = _whole(query, "limit", 1), _whole(query, "offset", 0) or 0
    key = _one_of(query, "sort_by", _SORT_KEYS)
    newest_first = _one_of(query, "sort_order", ("desc", "asc")) == "desc"
    workflow = query.get("workflow_id")
    views = [
        *(_unfinished(job, "in_progress") for job in running),
        *(_unfinished(job, "pending") for job in waiting),
        *(_finished(prompt_id, entry) for prompt_id, entry in history.items()),
    ]
    chosen = [
        view
        for view in views
        if (not statuses or view["status"] in statuses) and workflow in (None, view.get("workflow_id"))
    ]
    chosen.sort(key=_duration if key == "execution_duration" else _created, reverse=newest_first)
    page = chosen[offset:] if limit is None else chosen[offset : offset + limit]
    more = offset + len(page) < len(chosen)
    return {"jobs": page, "pagination": {"offset": offset, "limit": limit, "total": len(chosen), "has_more": more}}


def describe(
    prompt_id: str, running: Iterable[Job], waiting: Iterable[Job], history: Mapping[str, Any]
) -> JobView | None:
    """One job, with outputs, status and workflow once it is finished; None when it is unknown."""
    for status, jobs in (("in_progress", running), ("pending", waiting)):
        for job in jobs:
            if job.prompt_id == prompt_id:
                return _unfinished(job, status)
    if prompt_id not in history:
        return None
    entry = history[prompt_id]
    _, _, prompt, extra_data, _ = entry["prompt"]
    return {
        **_finished(prompt_id, entry),
        "outputs": entry["outputs"],
        "execution_status": entry["status"],
        "workflow": {"prompt": prompt, "extra_data": extra_data},
    }


def _unfinished(job: Job, status: str) -> JobView:
    return _view(job.prompt_id, status, job.number, job.extra_data)


def _finished(prompt_id: str, entry: Mapping[str, Any]) -> JobView:
    number, _, _, extra_data, _ = entry["prompt"]
    messages = dict(entry["status"]["messages"])
    if entry["status"]["status_str"] == "success":
        status = "completed"
    else:
        status = "cancelled" if "execution_interrupted" in messages else "failed"
    view = _view(prompt_id, status, number, extra_data)
    view["execution_start_time"] = entry["status"]["messages"][0][1]["timestamp"]
    view["execution_end_time"] = entry["status"]["messages"][-1][1]["timestamp"]
    if status == "failed":
        view["execution_error"] = messages["execution_error"]
    media = list(_media(entry["outputs"]))
    view["outputs_count"] = len(media)
    if media:
        view["preview_output"] = next((item for item in media if item.get("type") == "output"), media[0])
    return view


def _view(prompt_id: str, status: str, number: float, extra_data: Mapping[str, Any]) -> JobView:
    view = {
        "id": prompt_id,
        "status": status,
        "priority": number,
        "create_time": extra_data.get("create_time"),
        "outputs_count": 0,
    }
    # `extra_pnginfo: null` raises here: ComfyUI's list answers 500 too until that entry is deleted.
    workflow_id = extra_data.get("extra_pnginfo", {}).get("workflow", {}).get("id")
    return view if workflow_id is None else {**view, "workflow_id": workflow_id}


def _media(outputs: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for node_id, shown in outputs.items():
        for kind, items in shown.items():
            yield from ({**item, "nodeId": node_id, "mediaType": kind} for item in items if isinstance(item, dict))


def _created(view: JobView) -> float:
    return float(view["create_time"] or 0)


def _duration(view: JobView) -> float:
    return float(view.get("execution_end_time", 0) - view.get("execution_start_time", 0))


def _statuses(text: str | None) -> list[str]:
    statuses = [each.strip() for each in (text or "").split(",") if each.strip()]
    if wrong := [each for each in statuses if each not in STATUSES]:
        raise BadQueryError(f"Invalid status value(s): {', '.join(wrong)}. Valid values: {', '.join(STATUSES)}")
    return statuses


def _one_of(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = query.get(name, choices[0])
    if value not in choices:
        raise BadQueryError(f"{name} must be one of: {', '.join(choices)}")
    return value


def _whole(query: Mapping[str, str], name: str, least: int) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.removeprefix("-").isdecimal():
        raise BadQueryError(f"{name} must be an integer")
    if int(text) < least:
        raise BadQueryError(f"{name} must be a {'positive' if least else 'non-negative'} integer")
    return int(text)


__all__ = ["STATUSES", "BadQueryError", "describe", "listing"]
