"""A LiteLLM `config.yaml` as LiteLLM will understand it: included files merged, named variables looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protobanana.errors import SettingsError
from protobanana.settings import get_settings

OURS = "protobanana/"
_REFERENCE = re.compile(r"os\.environ/(.*)", re.DOTALL)
"""How LiteLLM writes the name of a variable in the place of its value."""
_DEPTH = 8
"""Files that include files; more is a circle."""
_HIDDEN = ("key", "secret", "password", "token", "database_url", "credential")


def several(addresses: str) -> list[str]:
    """The addresses of a list separated by commas."""
    return [part.strip() for part in addresses.split(",") if part.strip()]


@dataclass(frozen=True)
class Deployment:
    """One entry of `model_list`. `model` is without the provider's prefix for ours."""

    alias: str
    model: str
    params: Mapping[str, Any] = field(repr=False)
    mode: str = ""

    @property
    def ours(self) -> bool:
        """Whether protoBanana serves it."""
        return str(self.params.get("model", "")).startswith(OURS)

    @property
    def servers(self) -> list[str]:
        """Addresses of ComfyUI, as written."""
        return several(str(self.params.get("api_base") or get_settings().comfyui_base_url))


@dataclass(frozen=True)
class GatewayConfig:
    """The sections that matter here. `unset` names variables that the file wants and nobody has set."""

    deployments: tuple[Deployment, ...]
    entries: tuple[dict[str, Any], ...] = field(repr=False)
    """`model_list` as it is, for LiteLLM's own router."""
    litellm: Mapping[str, Any] = field(repr=False)
    router: Mapping[str, Any] = field(repr=False)
    general: Mapping[str, Any] = field(repr=False)
    unset: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must not appear in a report."""

    def named(self, alias: str) -> list[dict[str, Any]]:
        """Entries behind an alias."""
        return [entry for entry in self.entries if entry.get("model_name") == alias]


def read_config(path: Path) -> GatewayConfig:
    """Read a file; raises SettingsError naming what is wrong with it."""
    document = _included(path, 0)
    own = document.get("environment_variables")
    lookup = _Lookup({str(k): str(v) for k, v in own.items()} if isinstance(own, dict) else {})
    document = lookup.resolved(document)
    listed = document.get("model_list")
    entries = tuple(entry for entry in listed if isinstance(entry, dict)) if isinstance(listed, list) else ()
    return GatewayConfig(
        tuple(map(_deployment, entries)),
        entries,
        _section(document, "litellm_settings"),
        _section(document, "router_settings"),
        _section(document, "general_settings"),
        tuple(lookup.unset),
        tuple(_secrets(document)),
    )


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _deployment(entry: dict[str, Any]) -> Deployment:
    params, info = _section(entry, "litellm_params"), _section(entry, "model_info")
    model = str(params.get("model", "")).removeprefix(OURS)
    return Deployment(str(entry.get("model_name", "")), model, params, str(info.get("mode") or ""))


def _included(path: Path, depth: int) -> dict[str, Any]:
    """A file with what it includes: lists are joined, everything else is replaced by the included file's."""
    document = _read(path)
    includes = document.pop("include", None) or []
    if not isinstance(includes, list) or depth >= _DEPTH:
        raise SettingsError(f"{path}: `include` must be a list of files that do not include each other.")
    for name in includes:
        for key, value in _included(path.parent / str(name), depth + 1).items():
            mine = document.get(key)
            document[key] = [*mine, *value] if isinstance(mine, list) and isinstance(value, list) else value
    return document


def _read(path: Path) -> dict[str, Any]:
    try:
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with LiteLLM, of the extra `proxy`
    except ImportError:
        raise SettingsError("Reading a config.yaml needs LiteLLM: pip install 'protobanana[proxy]'.") from None
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: it is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        at = getattr(error, "problem_mark", None)
        where = f" (line {at.line + 1})" if at else ""
        raise SettingsError(f"{path}: it is not valid YAML{where}.") from None
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: it must be a mapping with a `model_list`.")
    return document


class _Lookup:
    """Puts the values of variables in the place of their names."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = own
        self.unset: list[str] = []

    def resolved(self, value: Any) -> Any:
        """The same structure; a variable that is not set becomes None, as in LiteLLM."""
        if isinstance(value, dict):
            return {key: self.resolved(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolved(inner) for inner in value]
        reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if reference is None:
            return value
        name = reference[1]
        found = self._own.get(name) or _environment(name)
        if not found and name not in self.unset:
            self.unset.append(name)
        return found or None


def _environment(name: str) -> str | None:
    try:
        from litellm.secret_managers.main import get_secret_str  # noqa: PLC0415 - seconds; the reader LiteLLM itself uses
    except ImportError:
        return None
    found = get_secret_str(name)
    return str(found) if found else None


def _secrets(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets(inner, str(key).lower())
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, name)
    elif isinstance(value, str) and any(word in name for word in _HIDDEN):
        yield value


__all__ = ["OURS", "Deployment", "GatewayConfig", "read_config", "several"]
