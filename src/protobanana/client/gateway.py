"""The gateway as an OpenAI client sees it: plain HTTP with a key."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from protobanana.client.picture import Reference, bytes_of, src_of, token_of
from protobanana.errors import (
    InvalidRequestError,
    JobFailedError,
    ProtoBananaError,
    ServerBusyError,
    ServerUnreachableError,
)

CONNECT_SECONDS = 10.0
_KEY_REFUSED = ("auth_error", "no_db_connection")
"""How LiteLLM names a key that it does not know; the latter where it has no database to look it up in."""
File = tuple[str, tuple[str, bytes, str]]
"""Field, and file name, bytes and MIME type, as httpx takes them."""


class Gateway:
    """One gateway. `key` is the program's own; without it every call needs its user's."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.key = key
        # A picture may take as long as it takes; whoever has enough of waiting stops it.
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(None, connect=CONNECT_SECONDS))

        self.move(url)

    def move(self, url: str) -> None:
        """Find the gateway at another address from now on."""
        self.url = url.rstrip("/").removesuffix("/v1")
        self._http.base_url = httpx.URL(self.url)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def operations(self) -> Mapping[str, Any]:
        """The schema of what can be asked for; empty for a gateway that has none (a plain LiteLLM)."""
        return dict(await self._json("GET", "/protobanana/operations", None, missing={"common": [], "operations": []}))

    async def workflows(self, key: str | None) -> list[dict[str, Any]]:
        """All workflows that can be called, with their forms, by name."""
        found = await self._json("GET", "/protobanana/workflows", key, missing={"workflows": []})
        return [form for form in found["workflows"] if form["model_names"]]

    async def defaults(self, key: str | None) -> dict[str, list[str]]:
        """The workflows of each operation, its default first."""
        return dict(await self._json("GET", "/protobanana/operations/workflows", key, missing={}))

    async def models(self, key: str | None) -> list[str]:
        """The names of all models that this key may call."""
        return [str(model["id"]) for model in (await self._json("GET", "/v1/models", key))["data"]]

    async def adopt(self, name: str, document: bytes, key: str | None) -> str:
        """Give the gateway a workflow file; the name it is called by."""
        answer = await self._json("POST", "/protobanana/workflows", key, files={"file": (f"{name}.json", document)})
        return str(answer["name"])

    async def keep(self, data: bytes, key: str | None) -> dict[str, Any] | None:
        """Have the gateway keep a picture; None where it keeps none."""
        try:
            about = await self._json("POST", "/protobanana/pictures", key, files={"file": data}, missing={})
        except ProtoBananaError as error:
            if error.code == "no_store":
                return None
            raise
        return _reference(about) if about else None

    async def about(self, handle: str, key: str | None) -> dict[str, Any]:
        """What the gateway knows of one of its pictures; empty where that is nothing."""
        about = await self._json("GET", f"/protobanana/pictures/{handle}", key, missing={})
        return _reference(about) if about else {}

    async def picture(self, token: str, headers: Mapping[str, str]) -> httpx.Response:
        """A kept picture, as the gateway answers."""
        async with mapped(self.url):
            return await self._http.get(f"/images/{token}", headers=headers)

    async def file(self, field: str, picture: Reference) -> File:
        """A picture as a file of a form."""
        token = token_of(picture)
        if token is None:
            data, mime = bytes_of(str(picture["src"]))
        else:
            answer = await self.picture(token, {})
            if answer.status_code != 200:
                raise InvalidRequestError("This picture is not kept any more; choose another one.", param="image")
            data, mime = answer.content, answer.headers["content-type"]
        return field, (f"{picture.get('id') or 'picture'}.{mime.removeprefix('image/')}", data, mime)

    async def events(
        self,
        path: str,
        key: str | None,
        *,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        files: Sequence[File] = (),
    ) -> AsyncGenerator[dict[str, Any]]:
        """The events of a streamed answer. Closing the generator closes the connection, and the gateway stops the job.

        Raises the error that the gateway answered with, or that came in the middle of the stream.
        """
        async with (
            mapped(self.url),
            self._http.stream(
                "POST", path, json=body, data=dict(form or {}), files=list(files) or None, headers=self._headers(key)
            ) as answer,
        ):
            if answer.status_code >= 400:
                await answer.aread()
                raise error_of(answer)
            async for line in answer.aiter_lines():
                data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
                if data and data != "[DONE]":
                    event = json.loads(data)
                    if error := event.get("error"):
                        raise JobFailedError(_words(error), code=_code(error))
                    yield event

    async def _json(
        self, method: str, path: str, key: str | None, *, missing: Mapping[str, Any] | None = None, **request: Any
    ) -> Any:
        """The answer; `missing` in place of a 404. Raises the error that the gateway answered with."""
        async with mapped(self.url):
            answer = await self._http.request(method, path, headers=self._headers(key), timeout=60, **request)
            if answer.status_code == 404 and missing is not None:
                return missing
            if answer.status_code >= 400:
                raise error_of(answer)
            return answer.json()

    def _headers(self, key: str | None) -> dict[str, str]:
        used = self.key or key
        return {"authorization": f"Bearer {used}"} if used else {}


@asynccontextmanager
async def mapped(url: str) -> AsyncGenerator[None]:
    """Errors of httpx as ours."""
    try:
        yield
    except (httpx.TransportError, httpx.InvalidURL, ValueError) as error:
        what = "broke off" if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) else "does not answer"
        raise ServerUnreachableError(f"The gateway at {url} {what}. Try again in a moment.") from None


def error_of(answer: httpx.Response) -> ProtoBananaError:
    """An answer's error in words for a person."""
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        error = {"message": f"The gateway answered with status {answer.status_code}."}
    if answer.status_code == 401 or (isinstance(error, dict) and error.get("type") in _KEY_REFUSED):
        return InvalidRequestError("The gateway does not accept this key. Enter one that it knows.", code="key")
    if answer.status_code == 429:
        return ServerBusyError(f"{_words(error)} Try again in a moment.", code=_code(error))
    return InvalidRequestError(_words(error), code=_code(error))


def _words(error: Any) -> str:
    words = str(error.get("message") if isinstance(error, Mapping) else error).strip()
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _code(error: Any) -> str | None:
    code = error.get("code") if isinstance(error, Mapping) else None
    return str(code) if code else None


def _reference(about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": about["id"],
        "src": src_of(about["path"]),
        "size": about["size"],
        "note": about["note"],
        "parent": about["parent"] or "",
    }
