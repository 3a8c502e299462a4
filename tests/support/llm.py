"""A language model as a server: OpenAI's stream on a loopback port, replies by a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from protobanana.testing import call
from protobanana.turn.agent.model import ToolCall

Reply = list[str | ToolCall]


class LanguageServer:
    """`with LanguageServer() as llm: llm.url`. Every request takes the next of `replies`, then answers 500."""

    def __init__(self) -> None:
        self.replies: list[Reply | Callable[[dict[str, Any]], Reply]] = []
        self.asked: list[dict[str, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """One completion."""
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.asked.append(body)
                if not server.replies:
                    self.send_error(500)
                    return
                reply = server.replies.pop(0)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for chunk in _chunks(reply(body) if callable(reply) else reply):
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.write(b"data: [DONE]\n\n")

            def log_message(self, *args: object) -> None:
                """Nothing to say."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _chunks(reply: Reply) -> list[dict[str, Any]]:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    deltas: list[dict[str, Any]] = []
    for index, piece in enumerate(reply):
        if isinstance(piece, str):
            deltas.append({"content": piece})
        else:
            function = {"name": piece.name, "arguments": piece.arguments}
            deltas.append({"tool_calls": [{"index": index, "id": piece.id, "type": "function", "function": function}]})
    chunks = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}
    return [*chunks, head | {"choices": [], "usage": usage}]


__all__ = ["LanguageServer", "Reply", "call"]
