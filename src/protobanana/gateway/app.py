"""The gateway we ship: LiteLLM's proxy app in this process with our routes in front, on a port that is surely ours
before anything is loaded.
"""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from protobanana.errors import SettingsError
from protobanana.settings import export, get_settings


def bind(host: str, port: int, *, fixed: bool) -> socket.socket:
    """A listening socket on `port`; on a free one when it is taken and not `fixed`. Raises SettingsError otherwise."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in (port,) if fixed else (port, 0):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, attempt))
            listener.listen(2048)
        except OSError as error:
            listener.close()
            reason = error.strerror or "cannot be used"
        else:
            return listener
    raise SettingsError(f"{host} port {port}: {reason}. Choose another with --port, or leave it out to get a free one.")


def serve(
    config: dict[str, Any] | Path, listener: socket.socket, ready: Callable[[], None], *, log: str = "warning"
) -> None:
    """Run LiteLLM's proxy on `listener` until it is told to stop; `ready` is called once requests are answered.

    `config` is a LiteLLM configuration, or the file that holds one.
    """
    with tempfile.TemporaryDirectory(prefix="protobanana-") as folder:
        path = config if isinstance(config, Path) else _written(config, Path(folder) / "config.yaml")
        export(
            {
                "CONFIG_FILE_PATH": str(path.resolve()),
                # Nothing is fetched from outside at start, and no debug endpoints are offered.
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_MODE": "PRODUCTION",
            }
        )
        import uvicorn  # noqa: PLC0415 - LiteLLM takes seconds to import; `--help` must not wait for it
        from litellm.proxy.proxy_server import app  # noqa: PLC0415

        from protobanana.cluster import close_all  # noqa: PLC0415
        from protobanana.gateway.admin import router  # noqa: PLC0415
        from protobanana.gateway.front import fronted  # noqa: PLC0415
        from protobanana.pictures.store import image_store  # noqa: PLC0415
        from protobanana.telemetry import watch_loop  # noqa: PLC0415

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    watch_loop()
                    ready()

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                await super().shutdown(sockets)
                await close_all()

        app.include_router(router)
        front = fronted(app, image_store(), get_settings().public_url)
        settings = uvicorn.Config(front, log_level=log, access_log=False, timeout_graceful_shutdown=5)
        Server(settings).run(sockets=[listener])


def _written(config: dict[str, Any], path: Path) -> Path:
    """Write a configuration; JSON is YAML, and needs no further library."""
    path.write_text(json.dumps(config, indent=2), "utf-8")
    return path
