"""One call as LiteLLM hands it over: what the client sent, who it is, and what the deployment says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from protobanana.api.options import Options

PARAMS: Final = "protobanana_params"
"""Key under which the callback hands over what the client sent."""

OWN_FIELDS: Final = frozenset(
    {
        "model",
        "prompt",
        "image",
        "images",
        "messages",
        "mask",
        "metadata",
        "litellm_metadata",
        "litellm_call_id",
        "litellm_logging_obj",
        "litellm_trace_id",
        "proxy_server_request",
        "secret_fields",
        "api_key",
        "api_base",
        "api_version",
        "timeout",
        "stream_timeout",
        "model_info",
        "shared_session",
        "max_retries",
        "num_retries",
        "fallbacks",
        "extra_body",
        "extra_headers",
        "headers",
        "tags",
        "stream_options",
        "custom_llm_provider",
        "client",
        "drop_params",
        "additional_drop_params",
        "allowed_openai_params",
        "keepalive_seconds",
        "cache",
        "no-log",
        "litellm_session_id",
        "base_model",
        "user_api_key",
        "deployment",
        "organization",
        "aimg_generation",
        "aimage_edit",
        "client_side_timeout",
        "provider_specific_header",
    }
) | {PARAMS}
"""Fields that are no options: handled by name elsewhere, or LiteLLM's own. Never logged, never iterated for values."""

LOCAL: Final = "local"
"""The owner where there are no keys: LiteLLM without its proxy, or a gateway open to all."""

FORM_HEADER: Final = "x-protobanana-image-output"

DEFAULT_TIMEOUTS: Final = 600.0
"""LiteLLM passes 600 or 6000 seconds when nobody said anything; only what is shorter was meant."""


@dataclass(frozen=True)
class Call:
    """What LiteLLM passes to a provider method, under the names used here."""

    model: str
    api_base: str | None
    optional_params: Mapping[str, Any]
    litellm_params: Mapping[str, Any]
    logging_obj: Any
    timeout: Any

    @property
    def proxied(self) -> Mapping[str, Any]:
        """The client's HTTP request (`body`, `headers`, `url`); empty when LiteLLM is used without its proxy."""
        for source in self._sources():
            request = source.get("proxy_server_request")
            if isinstance(request, Mapping) and isinstance(request.get("body"), Mapping):
                return request
        return {}

    @property
    def body(self) -> Mapping[str, Any]:
        """The client's request body."""
        return self.proxied.get("body") or {}

    @property
    def headers(self) -> Mapping[str, str]:
        """The client's headers, names in lower case; LiteLLM leaves credentials out."""
        sent = self.proxied.get("headers")
        return {str(name).lower(): str(value) for name, value in sent.items()} if isinstance(sent, Mapping) else {}

    @property
    def bridged(self) -> bool:
        """Whether this chat came as `POST /v1/responses`."""
        return "input" in self.body and "messages" not in self.body

    @property
    def owner(self) -> str:
        """Who is asking: an opaque token of the caller's key, and of the person behind a front-end that names one."""
        key = next((key for source in self._sources() if (key := _key(source))), "")
        person = self.headers.get("x-openwebui-user-id", "")
        return hashlib.sha256(f"{key}\n{person}".encode()).hexdigest()[:32] if key or person else LOCAL

    @property
    def price(self) -> float:
        """What a picture costs in the gateway's books: the deployment's `output_cost_per_image`, else 0.
        LiteLLM itself would charge per call, and for generations only.
        """
        for source in self._sources():
            info = source.get("model_info")
            wanted = info.get("output_cost_per_image") if isinstance(info, Mapping) else None
            if isinstance(wanted, int | float):
                return float(wanted)
        return 0.0

    @property
    def priority(self) -> int:
        """The caller's turn among others, from the metadata of its key or team: `protobanana_priority`, -100 to 100."""
        for source in self._sources():
            for metadata in (source.get("litellm_metadata"), source.get("metadata")):
                for name in ("user_api_key_metadata", "user_api_key_team_metadata"):
                    about = metadata.get(name) if isinstance(metadata, Mapping) else None
                    wanted = about.get("protobanana_priority") if isinstance(about, Mapping) else None
                    if isinstance(wanted, int):
                        return max(-100, min(wanted, 100))
        return 0

    def _sources(self) -> Iterator[Mapping[str, Any]]:
        """The places where LiteLLM leaves what it knows of a call, which differ by endpoint."""
        details = getattr(self.logging_obj, "model_call_details", None) or {}
        for source in (self.optional_params, self.litellm_params, details.get("litellm_params") or {}):
            if isinstance(source, Mapping):
                yield source

    @property
    def sent(self) -> Mapping[str, Any]:
        """Every field the client sent: from the callback where it runs, else from the body, else what LiteLLM left."""
        saved = self.optional_params.get(PARAMS)
        return saved if isinstance(saved, Mapping) else self.body

    def fields(self) -> dict[str, Any]:
        """Option fields: the deployment's own defaults, overridden by what the client sent, `extra_body` flattened."""
        sent = self.sent
        left = self.optional_params
        if _is_edit(left):
            left = {name: value for name, value in left.items() if name in Options.model_fields}
        nested = sent.get("extra_body")
        merged = {**left, **sent, **(nested if isinstance(nested, Mapping) else {})}
        return {k: v for k, v in merged.items() if k not in OWN_FIELDS and not k.startswith(("litellm_", "use_"))}

    def seconds(self) -> float | None:
        """A job's time limit in seconds where somebody set a shorter one than LiteLLM's defaults."""
        try:
            seconds = float(self.timeout)
        except (TypeError, ValueError):
            return None
        return seconds if 0 < seconds < DEFAULT_TIMEOUTS else None


def _key(source: Mapping[str, Any]) -> str:
    """The hash of the caller's key, as the proxy's authentication left it; what a client puts there is moved away."""
    found = (source.get(name) for name in ("litellm_metadata", "metadata"))
    return next((str(m["user_api_key"]) for m in found if isinstance(m, Mapping) and m.get("user_api_key")), "")


def _is_edit(params: Mapping[str, Any]) -> bool:
    """Edits hand over LiteLLM's internals mixed with the client's fields."""
    return "litellm_logging_obj" in params or "litellm_call_id" in params
