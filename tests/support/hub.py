"""A stand-in of the Hugging Face hub on a loopback port: files of repositories, and what goes wrong with them."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)")


@dataclass
class Request:
    """One request as it came: `start` is where its range begins, `authorization` the header or None."""

    method: str
    file: str
    start: int
    authorization: str | None


@dataclass
class Hub:
    """`with Hub() as hub: hub.url`. Keys of the settings are `owner/name/path/in/the/repository`."""

    files: dict[str, bytes] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    """Repositories that answer only to the token `hf_accepted`."""
    cuts: dict[str, int] = field(default_factory=dict)
    """The next download of the file breaks after so many bytes, once."""
    announced: dict[str, int] = field(default_factory=dict)
    """Sizes that the hub says in place of the true ones."""
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def downloads(self, file: str | None = None) -> list[Request]:
        """Requests for contents."""
        return [one for one in self.requests if one.method == "GET" and file in (None, one.file)]

    def __enter__(self) -> Self:
        hub = self

        class Handler(_Handler):
            served = hub

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: Hub

    def do_HEAD(self) -> None:
        """What is known of a file."""
        self._answer()

    def do_GET(self) -> None:
        """A file, or its end from where the range begins."""
        self._answer()

    def _answer(self) -> None:
        hub = self.served
        found = _FILE.fullmatch(self.path)
        repo, path = found.groups() if found else ("", "")
        file = f"{repo}/{path}"
        start = int((re.search(r"bytes=(\d+)-", self.headers.get("range") or "bytes=0-") or ["", "0"])[1])
        if found:
            hub.requests.append(Request(self.command, file, start, self.headers.get("authorization")))
        if repo in hub.gated and self.headers.get("authorization") != "Bearer hf_accepted":
            self._refuse(403, "GatedRepo")
        elif file in hub.files:
            self._send(file, start)
        elif any(known.startswith(f"{repo}/") for known in hub.files):
            self._refuse(404, "EntryNotFound")
        else:
            self._refuse(404, "RepoNotFound")

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, file: str, start: int) -> None:
        hub, data = self.served, self.served.files[file]
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Linked-Size", str(hub.announced.get(file, len(data))))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = hub.cuts.pop(file, None)
        self.wfile.write(data[start:][:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Nothing to say."""
