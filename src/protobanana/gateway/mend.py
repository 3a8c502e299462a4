"""LiteLLM's own errors, where they have the wrong status or say too much.

Errors that we raise never come here. What comes is LiteLLM's judgement of a key, a model's name or a budget, what a
model's provider answered, and the stumbling of LiteLLM over a request that it did not check: a 500 for most of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protobanana.gateway.diagnosis import Fault, diagnose
from protobanana.gateway.upload import Upload

_KEY_TYPES = frozenset({"auth_error", "no_db_connection", "token_not_found_in_db", "invalid_api_key"})
_PLAIN_TYPES = _KEY_TYPES | {"", "None", "internal_server_error", "bad_request_error", "invalid_request_error"}
"""LiteLLM's types that say no more than the status; other ones are worth passing on, as a code."""
_UNKNOWN_MODEL = re.compile(r"Invalid model name passed in model=(.*?)\. Call", re.DOTALL)
_FORBIDDEN = re.compile(r"Rejected Request: (?:(\w+) is not allowed)?")
_WRAPPING = re.compile(
    r"^(?:\d{3}: |litellm\.\w+: |\w+(?:Error|Exception)(?: - |: )|Invalid request format: |/[\w/]+: )+"
)
_TAIL = re.compile(
    r"\n?Traceback \(most recent call last\)|\. Received Model Group=| ?No fallback model group found|"
    r" ?LiteLLM Retried|[,.] ?(?:Passed model|pre-call-checks|cooldown_list)=|\n"
)
_TELLING = re.compile(
    r"litellm|\bFile \"|/\S+/\S+|\w\.py\b|\b\w*[a-z](?:Error|Exception)\b|object has no attribute|"
    r"\bunexpected keyword argument\b|\bpositional argument|\bnot iterable\b|\bunhashable\b|\bNoneType\b|\bfor url\b",
    re.IGNORECASE,
)
"""Marks of a sentence that was written for whoever runs the server."""
_SENTENCES = {
    400: "The request cannot be used as it is.",
    401: "The API key is not valid for this.",
    403: "This API key may not do that.",
    404: "There is no such model.",
    408: "The model did not answer in time.",
    413: "The request is too large.",
    422: "The request cannot be used as it is.",
    429: "Too many requests; try again in a moment.",
    500: "The gateway failed over this request; its log says why.",
    502: "The model's server gave an answer that cannot be used.",
    503: "The model's server does not answer; try again later.",
    504: "The model's server did not answer in time.",
}
_CODES = {404: "model_not_found", 429: "rate_limit_exceeded"}


@dataclass(frozen=True)
class _Said:
    """What LiteLLM says in an error."""

    message: str
    type: str
    param: str | None


def mended(status: int, body: bytes, upload: Upload) -> tuple[int, bytes]:
    """Status and JSON for an error that LiteLLM answers to what was sent by `upload`."""
    status, error = _judged(status, _said(body), upload)
    return status, json.dumps({"error": error}).encode()


def key_refusal(status: int, body: bytes, headers: Mapping[str, str]) -> bytes | None:
    """JSON of a 401 where an error is LiteLLM's way to say that it does not know the key; None for others."""
    words = _key_words(status, _said(body), headers)
    return json.dumps({"error": _error(words, 401, code="invalid_api_key")}).encode() if words else None


def _key_words(status: int, said: _Said, headers: Mapping[str, str]) -> str:
    if said.type not in _KEY_TYPES or status not in (400, 401):
        return ""
    sent = {"authorization", "x-api-key", "api-key", "x-litellm-api-key"} & headers.keys()
    return "The API key is not valid." if sent else "The API key is missing; send 'Authorization: Bearer <key>'."


def _judged(status: int, said: _Said, upload: Upload) -> tuple[int, dict[str, Any]]:
    if forbidden := _FORBIDDEN.search(said.message):
        what = f"'{forbidden[1]}'" if forbidden[1] else "A field of the request"
        return 400, _error(f"{what} is for the gateway alone to set; leave it out.", 400, param=forbidden[1])
    if words := _key_words(status, said, upload.headers):
        return 401, _error(words, 401, code="invalid_api_key")
    if status in (400, 404, 422) or status >= 500:
        unknown = _UNKNOWN_MODEL.search(said.message)
        if fault := _fault(said, upload, hard=status >= 500 or bool(unknown)):
            return 400, _error(fault.message, 400, param=fault.param)
        if unknown:
            words = f"The model '{unknown[1][:100]}' does not exist; GET /v1/models lists those that do."
            return 404, _error(words, 404, param="model")
    if status == 422:
        status = 400
    code = None if said.type in _PLAIN_TYPES else said.type
    return status, _error(_fit(said.message, status), status, param=said.param, code=code)


def _fault(said: _Said, upload: Upload, *, hard: bool) -> Fault | None:
    """What is wrong with the request. A sentence of LiteLLM's that can be shown is trusted more, unless `hard`."""
    if not hard and not _TELLING.search(said.message) and said.param != "request_body":
        return None
    sent = upload.read()
    return diagnose(upload.path, upload.headers, sent, said.message) if sent is not None else None


def _error(message: str, status: int, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    kind = {429: "rate_limit_error"}.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"message": message, "type": kind, "param": param, "code": code or _CODES.get(status)}


def _fit(message: str, status: int) -> str:
    """LiteLLM's sentence without what is wrapped around it, where it is fit for the caller; a general one otherwise.

    With a status of 500 and more it never is: that is an exception's text, of LiteLLM or of a model's provider.
    """
    text = _TAIL.split(_WRAPPING.sub("", message), maxsplit=1)[0].strip()
    if status < 500 and text and not _TELLING.search(text):
        return text
    return _SENTENCES.get(status) or _SENTENCES[400 if status < 500 else 500]


def _said(body: bytes) -> _Said:
    """Read LiteLLM's error, in the several shapes that it has."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _Said("", "", None)
    error = (document.get("error") or document.get("detail")) if isinstance(document, dict) else None
    if isinstance(error, list) and error and isinstance(error[0], dict):
        # FastAPI's: the place as a path (`body`, field, ...) and a sentence.
        field = next((str(step) for step in error[0].get("loc") or () if step != "body"), None)
        about = f"'{field}': " if field else ""
        return _Said(f"{about}{error[0].get('msg', '')}", "", field)
    if isinstance(error, dict):
        param = error.get("param")
        return _Said(
            str(error.get("message") or error.get("error") or ""),
            str(error.get("type") or ""),
            param if isinstance(param, str) and param != "None" else None,
        )
    return _Said(error if isinstance(error, str) else "", "", None)
