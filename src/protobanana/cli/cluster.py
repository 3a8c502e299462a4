"""`protobanana cluster`: the servers behind a running gateway, taking one out for maintenance, and Ray Serve."""

from __future__ import annotations

from types import ModuleType
from typing import Annotated, Any

import aiohttp
import typer
from rich.table import Table

from protobanana.cli import console
from protobanana.cli.serve import DEFAULT_PORT, DEMO_KEY
from protobanana.cluster.ray.wire import APPLICATION, SCHEME
from protobanana.errors import InvalidRequestError, ServerProtocolError, ServerUnreachableError, SettingsError
from protobanana.settings import get_settings

app = typer.Typer(help="The ComfyUIs behind a running gateway.", no_args_is_help=True)
GatewayUrl = Annotated[str, typer.Option("--url", help="Address of the gateway.")]
Key = Annotated[str | None, typer.Option(help="Its key; default LITELLM_MASTER_KEY, else the demo's.")]
ComfyAddress = Annotated[str, typer.Argument(help="Address of a ComfyUI, as `cluster status` shows it.")]
Name = Annotated[str, typer.Option(help="Name of the Serve application.")]
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


@app.command()
def deploy(
    engine: Annotated[
        list[str] | None, typer.Option(help="Address of a ComfyUI, as the Ray nodes reach it; repeat it for each.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(help="Command that starts a ComfyUI, in place of addresses; '{port}' is where its port goes."),
    ] = None,
    replicas: Annotated[int, typer.Option(min=1, max=10_000, help="With --start: how many ComfyUIs.")] = 1,
    max_replicas: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="With --start: how many under load; default --replicas.")
    ] = None,
    gpus: Annotated[float, typer.Option(min=0, max=16, help="GPUs that Ray sets aside for each ComfyUI.")] = 0.0,
    name: Name = APPLICATION,
    wait: Annotated[float, typer.Option(min=0, max=86_400, help="Seconds to wait for all to be in service.")] = 120.0,
) -> None:
    """Put ComfyUIs behind Ray Serve, or change which; gateways reach them at ray://NAME.

    The Ray cluster is the one that RAY_ADDRESS names, else the one on this machine. Said again with other addresses or
    numbers it changes only those; jobs run to their end.
    """
    with console.plain_errors():
        serving = _serving()
        plan = serving.Plan(tuple(engine or ()), start, replicas, max_replicas or replicas, gpus, name)
        with console.err.status("starting") as line:
            running, wanted = serving.deploy(
                plan, wait=wait, told=lambda some, all_: line.update(f"{some} of {all_} in service")
            )
        console.out.print(f"{SCHEME}{name}: {running} of {wanted} in service", highlight=False)
        if not running:
            raise ServerUnreachableError("No ComfyUI is in service yet; those that answer later will be.")


@app.command()
def shutdown(name: Name = APPLICATION) -> None:
    """Take a Serve application out of the Ray cluster, once its jobs are done."""
    with console.plain_errors():
        _serving().shutdown(name)
        console.out.print(f"{SCHEME}{name}: shut down", highlight=False)


def _serving() -> ModuleType:
    try:
        from protobanana.cluster.ray import deployment  # noqa: PLC0415 - Ray is an extra, and takes a second
    except ModuleNotFoundError as error:
        raise SettingsError("This needs Ray: pip install 'protobanana[ray]'.") from error
    return deployment


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
