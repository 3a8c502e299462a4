"""Settings of the gateway that will bite: LiteLLM's defaults are made for text."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from protobanana.cli.doctor.config import Deployment, GatewayConfig
from protobanana.cli.doctor.finding import Finding, ok, problem, warning
from protobanana.cli.doctor.probe import numbers
from protobanana.settings import get_settings
from protobanana.turn.request import ROUTED

OLDEST, NEWEST = "1.106.0", "1.109.1"
"""The LiteLLM versions that protoBanana was run with."""
HANDLER, CALLBACK, PROVIDER = "protobanana.handler", "protobanana.hooks", "protobanana"
_BASE64 = 4 / 3
_EXPORTERS = ("otel", "langfuse", "langfuse_otel", "arize", "langsmith", "datadog", "s3", "gcs_bucket")
"""Callbacks of LiteLLM that send whole messages somewhere."""


def check_packages() -> Iterator[Finding]:
    """LiteLLM and what it needs to answer with the right status."""
    try:
        found = version("litellm")
    except PackageNotFoundError:
        yield problem("litellm", "LiteLLM is not installed.", "pip install 'protobanana[proxy]'")
        return
    series = numbers(found)[:2]
    if series < numbers(OLDEST)[:2]:
        yield problem("litellm", f"LiteLLM {found} is older than {OLDEST}.", "pip install -U 'litellm[proxy]'")
    elif series > numbers(NEWEST)[:2]:
        yield warning("litellm", f"LiteLLM {found} is newer than {NEWEST}, the newest that was tried.")
    else:
        yield ok("litellm", f"LiteLLM {found}")
    if find_spec("prisma") is None:
        yield warning(
            "prisma", "Package prisma is missing: a missing key is answered with 500 and not 401.", "pip install prisma"
        )


def check_gateway(config: GatewayConfig) -> Iterator[Finding]:
    """Everything in the configuration that keeps pictures from being drawn, or draws them twice."""
    ours = [deployment for deployment in config.deployments if deployment.ours]
    findings = [
        *_check_wiring(config),
        *_check_tries(config, ours),
        *_check_timeouts(config, ours),
        *_check_chat(config, ours),
        *_check_general(config),
        *_check_aliases(ours),
    ]
    yield from findings or [ok("config", "nothing in it that bites")]


def _check_wiring(config: GatewayConfig) -> Iterator[Finding]:
    if config.unset:
        names = ", ".join(config.unset)
        yield warning("variables", f"The configuration names variables that are not set here: {names}.")
    providers = config.litellm.get("custom_provider_map")
    handlers = [
        entry.get("custom_handler")
        for entry in (providers if isinstance(providers, list) else [])
        if isinstance(entry, dict) and entry.get("provider") == PROVIDER
    ]
    if not handlers:
        line = f"litellm_settings: {{custom_provider_map: [{{provider: {PROVIDER}, custom_handler: {HANDLER}}}]}}"
        yield problem("provider", "LiteLLM is not told who serves protobanana/... models.", line)
    if not _has_callback(config):
        yield warning(
            "callbacks",
            "Without protoBanana's callback LiteLLM drops size, n, quality and mask on their way (they are then read "
            "from the raw request), clients may have pictures drawn several times, and base64 is compressed in vain.",
            f"litellm_settings: {{callbacks: [{CALLBACK}]}}",
        )
    exporters = sorted(set(_names(config, "callbacks", "success_callback", "failure_callback")) & set(_EXPORTERS))
    if exporters and not config.litellm.get("turn_off_message_logging"):
        yield warning(
            "logging",
            f"{', '.join(exporters)}: whole conversations are exported, pictures in base64 among them.",
            "litellm_settings: {turn_off_message_logging: true}",
        )


def _check_tries(config: GatewayConfig, ours: list[Deployment]) -> Iterator[Finding]:
    """LiteLLM tries three times by default; the callback asks for one try, an explicit number is the operator's."""
    given = [section.get("num_retries") for section in (config.router, config.litellm)]
    given += [deployment.params.get("num_retries") for deployment in ours]
    said = [_number(value) for value in given if value is not None]
    line = "router_settings: {num_retries: 0}"
    if any(number != 0 for number in said):
        yield warning(
            "retries", "num_retries is not 0: a picture that fails is drawn again, minutes of GPU time each.", line
        )
    elif not said and not _has_callback(config):
        yield warning("retries", "num_retries is not set: LiteLLM draws a failing picture three times.", line)
    # With one deployment per alias and nothing set, LiteLLM cools nothing down that others could be served by.
    strict = any(section.get("allowed_fails") is not None for section in (config.router, config.litellm))
    if (strict or _crowded(ours)) and not config.router.get("disable_cooldowns"):
        yield warning(
            "cooldowns",
            "After some failures, or one full queue (429), LiteLLM keeps everybody from a deployment for seconds.",
            "router_settings: {disable_cooldowns: true}",
        )


def _check_timeouts(config: GatewayConfig, ours: list[Deployment]) -> Iterator[Finding]:
    loading = get_settings().comfyui_load_timeout
    places: list[tuple[str, Any]] = [
        ("litellm_settings.request_timeout", config.litellm.get("request_timeout")),
        ("router_settings.timeout", config.router.get("timeout")),
        ("router_settings.stream_timeout", config.router.get("stream_timeout")),
    ]
    places += [
        (f"{deployment.alias}: litellm_params.{name}", deployment.params.get(name))
        for deployment in ours
        for name in ("timeout", "stream_timeout", "request_timeout")
    ]
    for place, value in places:
        seconds = _number(value)
        if seconds is not None and 0 < seconds < loading:
            yield warning(
                "timeouts",
                f"{place} is {seconds:g} s, and loading a model may take up to {loading:g} s (COMFYUI_LOAD_TIMEOUT): "
                "the first picture after a start or a change of workflow may be given up.",
                _line(place.rpartition(": ")[2], get_settings().comfyui_timeout),
            )


def _check_chat(config: GatewayConfig, ours: list[Deployment]) -> Iterator[Finding]:
    for deployment in ours:
        if deployment.mode != "chat" and deployment.model != ROUTED:
            continue
        pings = deployment.params.get("keepalive_seconds") or config.litellm.get("sse_keepalive_ping_interval_seconds")
        if not pings:
            yield warning(
                "keepalive",
                f"{deployment.alias}: nothing is sent while a picture waits in the queue; proxies and clients give up "
                "on a silent stream.",
                "litellm_params: {keepalive_seconds: 15}",
            )
        if not config.litellm.get("drop_params") and not deployment.params.get("allowed_openai_params"):
            yield warning(
                "parameters",
                f"{deployment.alias}: LiteLLM refuses reasoning_effort, which chat front-ends send, with 400.",
                "litellm_params: {allowed_openai_params: [reasoning_effort, thinking, verbosity]}",
            )


def _check_general(config: GatewayConfig) -> Iterator[Finding]:
    if not config.general.get("cancel_on_disconnect"):
        yield warning(
            "cancel",
            "A client that leaves does not stop its picture.",
            "general_settings: {cancel_on_disconnect: true}",
        )
    if not config.general.get("master_key") and not get_settings().gateway_key:
        yield warning(
            "key",
            "No master_key: whoever reaches the gateway can draw, unless LITELLM_MASTER_KEY is set where it runs.",
            'LITELLM_MASTER_KEY="sk-$(openssl rand -hex 16)"',
        )
    settings = get_settings()
    needed = settings.max_image_mb * _BASE64
    limit, wanted = _number(config.general.get("max_request_size_mb")), round(needed * 4)
    limits = [("general_settings.max_request_size_mb", limit, _line("general_settings.max_request_size_mb", wanted))]
    limits += [("PROTOBANANA_MAX_BODY_MB", settings.max_body_mb, f"PROTOBANANA_MAX_BODY_MB={wanted}")]
    for place, found, line in limits:
        if found is not None and found < needed:
            yield warning(
                "body size",
                f"{place} is {found:g}: a picture of {settings.max_image_mb:g} MB has {needed:.0f} MB as base64, and a "
                "conversation carries several.",
                line,
            )


def _check_aliases(ours: list[Deployment]) -> Iterator[Finding]:
    for alias, servers in _crowded(ours).items():
        yield warning(
            "aliases",
            f"{alias} has several deployments: LiteLLM chooses among them without knowing which is busy or has the "
            "models loaded. Name all addresses in one.",
            f'litellm_params: {{api_base: "{",".join(servers)}"}}',
        )


def _crowded(ours: list[Deployment]) -> dict[str, list[str]]:
    """Aliases with more than one deployment, and all addresses behind each, without their credentials."""
    found: dict[str, list[Deployment]] = {}
    for deployment in ours:
        found.setdefault(deployment.alias, []).append(deployment)
    return {
        alias: list(dict.fromkeys(address for one in several for address in one.servers))
        for alias, several in found.items()
        if len(several) > 1
    }


def _has_callback(config: GatewayConfig) -> bool:
    return any(name.startswith(CALLBACK) for name in _names(config, "callbacks"))


def _names(config: GatewayConfig, *keys: str) -> list[str]:
    """Callbacks may be one name or a list."""
    found: list[Any] = []
    for key in keys:
        value = config.litellm.get(key) or []
        found += value if isinstance(value, list) else [value]
    return list(map(str, found))


def _line(place: str, value: float) -> str:
    """A setting as a line of config.yaml; `place` is `section.name`."""
    section, _, name = place.partition(".")
    return f"{section}: {{{name}: {value:g}}}"


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]  # whatever it is, float decides
    except (TypeError, ValueError):
        return None


__all__ = ["check_gateway", "check_packages"]
