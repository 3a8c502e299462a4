"""The one reader of the environment. Every variable, its type, range and default is a field of `Settings`."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, HttpUrl, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from protobanana.errors import SettingsError

CONTAINER_WORKFLOWS = Path("/app/workflows")
"""Where container images keep the user's workflows; used when it exists and nothing else is said."""


class Settings(BaseSettings):
    """What an operator may set. A deployment's own `api_base` or an explicit argument wins over these."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True, use_attribute_docstrings=True
    )

    comfyui_base_url: Annotated[str, Field(validation_alias="COMFYUI_BASE_URL")] = "http://127.0.0.1:8188"
    """Address of ComfyUI, where a deployment has no `api_base` of its own; several, separated by commas, share the
    work. `ray://NAME` is a Ray Serve application of them."""

    comfyui_timeout: Annotated[float, Field(validation_alias="COMFYUI_TIMEOUT", gt=0, le=86_400)] = 600.0
    """Seconds a job may run in ComfyUI, counted from its start."""

    comfyui_load_timeout: Annotated[float, Field(validation_alias="COMFYUI_LOAD_TIMEOUT", ge=0, le=86_400)] = 300.0
    """Seconds that loading models may take on top, before the first sampling step; not granted where the models are
    known to be loaded."""

    comfyui_queue_timeout: Annotated[float, Field(validation_alias="COMFYUI_QUEUE_TIMEOUT", gt=0, le=86_400)] = 3600.0
    """Seconds a job may wait before it starts, in our line and in ComfyUI's queue together."""

    queue_limit: Annotated[int, Field(validation_alias="PROTOBANANA_QUEUE_LIMIT", ge=1, le=1_000_000)] = 256
    """Jobs that may wait per ComfyUI; further ones are refused with status 429."""

    key_limit: Annotated[int, Field(validation_alias="PROTOBANANA_KEY_LIMIT", ge=1, le=1_000_000)] = 128
    """Jobs of one key that may wait or run; further ones are refused with status 429."""

    workflows_dir: Annotated[Path | None, Field(validation_alias="PROTOBANANA_WORKFLOWS_DIR")] = None
    """Folder with the operator's own workflow documents; the bundled ones stay available."""

    open_inputs: Annotated[bool, Field(validation_alias="PROTOBANANA_OPEN_INPUTS")] = True
    """Whether a request may set any input of a workflow's nodes by name (`inputs`). Text fields of some node packs name
    files and addresses that ComfyUI then reads: switch it off where callers are not trusted with that."""

    intent_mode: Annotated[Literal["agent", "hybrid", "keyword"], Field(validation_alias="PROTOBANANA_INTENT_MODE")] = (
        "hybrid"
    )
    """Who decides what a chat turn means. `keyword`: the word router, no LLM is ever called. `agent`: the LLM, where
    one is configured. `hybrid`: the LLM too, but turns that leave nothing to decide (a mask, or an operation's
    parameters named in the request) are drawn at once. Without an LLM, or when its first call fails, the word router
    answers."""

    agent_base: Annotated[str | None, Field(validation_alias="PROTOBANANA_AGENT_BASE")] = None
    """Address of the agent's LLM (`http://host:8000/v1`). Unset: an alias of the running gateway, called in-process, or
    the provider that the model's name says."""

    agent_key: Annotated[str | None, Field(validation_alias="PROTOBANANA_AGENT_KEY", repr=False)] = None
    """Key for the agent's LLM."""

    agent_model: Annotated[str, Field(validation_alias="PROTOBANANA_AGENT_MODEL")] = "protolabs/fast"
    """The agent's LLM: an alias of the gateway, or LiteLLM's name of a model (`ollama_chat/qwen3:8b`); with an address,
    a name without a provider is one of an OpenAI-compatible server."""

    agent_max_iters: Annotated[int, Field(validation_alias="PROTOBANANA_AGENT_MAX_ITERS", ge=1, le=20)] = 3
    """Rounds of tool calls in one turn; one more call of the LLM words the answer."""

    agent_vision: Annotated[bool, Field(validation_alias="PROTOBANANA_AGENT_VISION")] = False
    """Whether the agent's LLM is sent small JPEGs (at most 512 pixels a side) of the newest pictures."""

    max_image_mb: Annotated[float, Field(validation_alias="PROTOBANANA_MAX_IMAGE_MB", gt=0, le=2048)] = 50.0
    """Largest picture accepted, in megabytes as sent (OpenAI's own limit is 50)."""

    max_image_megapixels: Annotated[
        float, Field(validation_alias="PROTOBANANA_MAX_IMAGE_MEGAPIXELS", gt=0, le=1000)
    ] = 64
    """Largest picture accepted, in megapixels; read from its header before anything is decoded."""

    max_body_mb: Annotated[float, Field(validation_alias="PROTOBANANA_MAX_BODY_MB", gt=0, le=100_000)] = 512.0
    """Largest request that the gateway takes, in megabytes: a conversation carries all of its pictures."""

    keep_metadata: Annotated[bool, Field(validation_alias="PROTOBANANA_KEEP_METADATA")] = False
    """Whether pictures leave with what ComfyUI writes into them: the whole workflow, the prompt in it."""

    fetch_allow: Annotated[str, Field(validation_alias="PROTOBANANA_FETCH_ALLOW")] = ""
    """Comma-separated hosts or networks (CIDR) that remote `image_url`s may point to although they are not public."""

    secret: Annotated[str | None, Field(validation_alias="PROTOBANANA_SECRET", repr=False)] = None
    """Key for handles and signed addresses of pictures; set the same one on every gateway that shares a store."""

    store: Annotated[str | None, Field(validation_alias="PROTOBANANA_STORE")] = None
    """Where pictures of conversations are kept: a folder, an fsspec URL (`s3://bucket/prefix`), or `off`. Unset: a
    folder of this user's, see `store_folder`."""

    store_mb: Annotated[float, Field(validation_alias="PROTOBANANA_STORE_MB", gt=0, le=100_000_000)] = 2048.0
    """Megabytes kept at most; what was not used for longest goes first."""

    store_hours: Annotated[float, Field(validation_alias="PROTOBANANA_STORE_HOURS", gt=0, le=87_600)] = 168.0
    """Hours a picture is kept after it was last used, and hours its short address works."""

    public_url: Annotated[str | None, Field(validation_alias="PROTOBANANA_PUBLIC_URL")] = None
    """Address at which clients reach this gateway, for the short addresses of pictures; unset: the one they called."""

    otlp_endpoint: Annotated[str | None, Field(validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")] = None
    """Address of an OTLP receiver: `protobanana serve` sends spans there (LiteLLM's callback `otel`)."""

    langfuse_key: Annotated[str | None, Field(validation_alias="LANGFUSE_PUBLIC_KEY", repr=False)] = None
    """Public key of a Langfuse project: `protobanana serve` sends spans there (LiteLLM's callback `langfuse_otel`)."""

    metrics_folder: Annotated[Path | None, Field(validation_alias="PROMETHEUS_MULTIPROC_DIR")] = None
    """Folder in which several processes of one gateway count; `serve --workers` sets it."""

    gateway_url: Annotated[str, Field(validation_alias="GATEWAY_URL")] = "http://127.0.0.1:4000"
    """Address of the gateway that `protobanana ui` and `protobanana mcp` are clients of."""

    gateway_api_key: Annotated[str | None, Field(validation_alias="GATEWAY_API_KEY", repr=False)] = None
    """Key with which `protobanana ui` draws for everybody who can open it; unset: each visitor enters a key.
    `protobanana mcp` draws with it, too; over HTTP, without it, with each caller's own.
    """

    disable_tabs: Annotated[str, Field(validation_alias="PROTOBANANA_DISABLE_TABS")] = ""
    """Tabs of the web page to leave out, separated by commas: `chat`, `workflows`, `history`, or any operation."""

    gateway_key: Annotated[str | None, Field(validation_alias="LITELLM_MASTER_KEY", repr=False)] = None
    """Key that clients of `protobanana serve` must send; a demonstration key when unset and bound to loopback only."""

    @field_validator("comfyui_base_url")
    @classmethod
    def _http_urls(cls, value: str) -> str:
        urls = [url.strip() for url in value.split(",") if url.strip()] or [value]
        for url in urls:
            if not value.strip().startswith("ray://"):
                TypeAdapter(HttpUrl).validate_python(url)
        return ",".join(url.rstrip("/") for url in urls)

    @field_validator("agent_base", "public_url", "gateway_url")
    @classmethod
    def _http_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        TypeAdapter(HttpUrl).validate_python(value)
        return value.rstrip("/")

    @field_validator("workflows_dir")
    @classmethod
    def _directory(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            msg = "is not a directory"
            raise ValueError(msg)
        return value

    @property
    def hidden_tabs(self) -> tuple[str, ...]:
        """Tabs of the web page to leave out."""
        return tuple(name.strip() for name in self.disable_tabs.split(",") if name.strip())

    @property
    def user_workflows(self) -> Path | None:
        """The operator's folder: the variable, else the container's folder where it exists, else None."""
        return self.workflows_dir or (CONTAINER_WORKFLOWS if CONTAINER_WORKFLOWS.is_dir() else None)

    @property
    def store_folder(self) -> Path | None:
        """Folder on this machine for kept pictures and the generated secret; None when nothing is to be kept, or this
        user has no home.
        """
        place = self.store or ""
        if place.lower() == "off":
            return None
        if place and "://" not in place:
            return Path(place).expanduser()
        if place.startswith("file://"):
            return Path(place.removeprefix("file://"))
        return _data_folder()


def _data_folder() -> Path | None:
    """Where this platform's programs keep data of one user; None for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "protobanana"


def export(variables: dict[str, str]) -> None:
    """Set variables that a library reads at import; what the operator has set already stays."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def variable_of(field_name: str) -> str:
    """Environment variable behind a field of `Settings`."""
    alias = Settings.model_fields[field_name].validation_alias
    return str(alias)


def reference_to(field_name: str) -> str:
    """How a configuration of LiteLLM says that the variable behind a field of `Settings` holds the value."""
    return f"os.environ/{variable_of(field_name)}"


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; keyword arguments win. Raises SettingsError naming each bad variable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise SettingsError(f"The environment cannot be used: {problems}.") from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings, read once. `get_settings.cache_clear()` reads them again."""
    return load_settings()
