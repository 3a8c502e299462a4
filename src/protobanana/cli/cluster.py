"""`protobanana cluster`: the servers behind a running gateway, and taking one out for maintenance."""

from __future__ import annotations

from typing import Annotated, Any

import aiohttp
import typer
from rich.table import Table

from protobanana.cli import console
from protobanana.cli.serve import DEFAULT_PORT, DEMO_KEY
from protobanana.errors import InvalidRequestError, ServerProtocolError, ServerUnreachableError
from protobanana.settings import get_settings

app = typer.Typer(help="The ComfyUIs behind a running gateway.", no_args_is_help=True)
GatewayUrl = Annotated[str, typer.Option("--url", help="Address of the gateway.")]
Key = Annotated[str | None, typer.Option(help="Its key; default LITELLM_MASTER_KEY, else the demo's.")]
ComfyAddress = Annotated[str, typer.Argument(help="Address of a ComfyUI, as `cluster status` shows it.")]
HERE = f"http://127.0.0.1:{DEFAULT_PORT}"
PATIENCE = aiohttp.ClientTimeout(total=15)


@app.command()
def status(url: GatewayUrl = HERE, key: Key = None) -> None:
    """Which servers share a line, how they are, and how much waits for them."""
    with console.plain_errors():
        for number, servers in enumerate(console.run(_ask("GET", "cluster", url, key))):
            table = Table(
                "server", "state", "waiting", "running", "loaded", "seconds by workflow", title=f"Line {number}"
            )
            for server in servers:
                loaded = "unknown" if server["models"] is None else "\n".join(server["models"]) or "none"
                times = "\n".join(f"{name} {seconds:.2f}" for name, seconds in sorted(server["seconds"].items()))
                state = server["condition"] + (f"\n{server['why']}" if server["why"] else "")
                table.add_row(server["address"], state, str(server["waiting"]), str(server["running"]), loaded, times)
            console.out.print(table)


@app.command()
def drain(address: ComfyAddress, url: GatewayUrl = HERE, key: Key = None) -> None:
    """Send no more jobs to a server; what it has it finishes."""
    _take_out("drain", address, url, key)


@app.command()
def undrain(address: ComfyAddress, url: GatewayUrl = HERE, key: Key = None) -> None:
    """Send jobs to a drained server again."""
    _take_out("undrain", address, url, key)


def _take_out(action: str, address: str, url: str, key: str | None) -> None:
    with console.plain_errors():
        console.run(_ask("POST", f"cluster/{action}", url, key, address=address))
        console.out.print(f"{address}: {action}ed", highlight=False)


async def _ask(method: str, path: str, url: str, key: str | None, **query: str) -> Any:
    """The gateway's answer; raises ServerUnreachableError, InvalidRequestError with what it said."""
    headers = {"Authorization": f"Bearer {key or get_settings().gateway_key or DEMO_KEY}"}
    target = f"{url.removesuffix('/v1').rstrip('/')}/protobanana/{path}"
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=PATIENCE) as session,
            session.request(method, target, params=query) as answer,
        ):
            said = await answer.json(content_type=None)
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ServerUnreachableError(f"No gateway answers at {url}; start it with `protobanana serve`.") from error
    except ValueError as error:
        raise ServerProtocolError(f"What answers at {url} is no gateway of `protobanana serve`.") from error
    if status >= 400:
        reason = said.get("error") if isinstance(said, dict) else None
        message = reason.get("message") if isinstance(reason, dict) else None
        raise InvalidRequestError(message or f"The gateway at {url} refuses (HTTP {status}).")
    return said
