"""The gateway we ship: LiteLLM's proxy app in this process with our routes in front, on a port that is surely ours
before anything is loaded.
"""

from __future__ import annotations

import http.client
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from protobanana.errors import SettingsError
from protobanana.gateway.asgi import App
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
    config: dict[str, Any] | Path,
    listener: socket.socket,
    ready: Callable[[], None],
    *,
    factory: str = "protobanana.gateway.app:application",
    workers: int = 1,
    log: str = "warning",
) -> None:
    """Run LiteLLM's proxy on `listener` until it is told to stop; `ready` is called once requests are answered.

    `config` is a LiteLLM configuration, or the file that holds one. `workers` processes answer requests, each with
    its own line before the servers.
    """
    with tempfile.TemporaryDirectory(prefix="protobanana-") as folder:
        # LiteLLM reads a configuration only from a file that is called YAML; JSON is YAML.
        document = json.loads(config.read_text("utf-8")) if isinstance(config, Path) and _is_json(config) else config
        path = document if isinstance(document, Path) else _written(document, Path(folder) / "config.yaml")
        variables = {
            "CONFIG_FILE_PATH": str(path.resolve()),
            # Nothing is fetched from outside at start, and no debug endpoints are offered.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_MODE": "PRODUCTION",
        }
        # The processes count into files of one folder, so that any of them can tell the sum.
        export(variables | ({"PROMETHEUS_MULTIPROC_DIR": folder} if workers > 1 else {}))
        import uvicorn  # noqa: PLC0415 - LiteLLM takes seconds to import; `--help` must not wait for it
        from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

        settings = uvicorn.Config(
            factory,
            factory=True,
            workers=workers,
            log_level=log,
            access_log=False,
            timeout_graceful_shutdown=5,
            # Longer than proxies and clients keep a connection: one that is closed under a request loses it.
            timeout_keep_alive=75,
        )
        threading.Thread(target=_when_answering, args=(listener.getsockname(), ready), daemon=True).start()
        if workers == 1:
            uvicorn.Server(settings).run(sockets=[listener])
        else:
            Multiprocess(settings, sockets=[listener]).run()


def application() -> App:
    """The whole gateway as an ASGI app, as `serve` has put it into the environment; one for each process."""
    import litellm  # noqa: PLC0415 - as above
    from litellm.proxy.proxy_server import app  # noqa: PLC0415

    from protobanana.gateway.admin import router  # noqa: PLC0415
    from protobanana.gateway.front import fronted  # noqa: PLC0415
    from protobanana.gateway.intake import router as intake  # noqa: PLC0415
    from protobanana.gateway.life import living  # noqa: PLC0415
    from protobanana.gateway.schema import router as schema  # noqa: PLC0415
    from protobanana.gateway.shelf import router as shelf  # noqa: PLC0415
    from protobanana.gateway.workflows import router as workflows  # noqa: PLC0415
    from protobanana.pictures.store import image_store  # noqa: PLC0415

    app.include_router(router)
    for ours in (workflows, intake, schema, shelf):
        app.include_router(ours)
    # Answers that LiteLLM caches must be whole: who gets them from there has no door to fill in the pictures.
    return living(fronted(app, image_store(), get_settings().public_url, lends=lambda: litellm.cache is None))


def _when_answering(address: tuple[Any, ...], ready: Callable[[], None]) -> None:
    """Call `ready` as soon as the gateway answers; ask ten times a second."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104 - compared, not bound
    while True:
        connection = http.client.HTTPConnection(host, address[1], timeout=60)
        try:
            connection.request("GET", "/health/liveliness")
            if connection.getresponse().status == 200:
                ready()
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _written(config: dict[str, Any], path: Path) -> Path:
    """Write a configuration; JSON is YAML, and needs no further library."""
    path.write_text(json.dumps(config, indent=2), "utf-8")
    return path
