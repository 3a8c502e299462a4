"""What one key may have drawn: the gateway's operations, and the workflows behind its models."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protobanana.client.gateway import Gateway
from protobanana.errors import InvalidRequestError

Form = Mapping[str, Any]
"""A workflow as `GET /protobanana/workflows` describes it, and `model`: the name by which this key calls it."""


@dataclass(frozen=True)
class Catalogue:
    """What the gateway said when it was asked; asked anew for each call, so that nothing here is ever stale."""

    common: Sequence[str]
    """Parameters that all operations have."""
    operations: Sequence[Mapping[str, Any]]
    """As `GET /protobanana/operations` describes them."""
    forms: Mapping[str, Form]
    """The workflows that the key may use, by name."""
    able: Mapping[str, Sequence[str]]
    """Operation -> names of its workflows, the default first; also of workflows that the key may not use."""

    def workflows_of(self, operation: str) -> list[Form]:
        """The workflows that can do an operation, the default first."""
        return [self.forms[name] for name in self.able.get(operation, ()) if name in self.forms]

    def others(self) -> list[Form]:
        """The workflows that stand for no operation."""
        known = {name for names in self.able.values() for name in names}
        return [form for name, form in self.forms.items() if name not in known]


async def catalogue(gateway: Gateway, key: str | None) -> Catalogue:
    """Ask the gateway. Raises what `Gateway` raises, and InvalidRequestError where the gateway has no such lists."""
    described, forms, able, models = await asyncio.gather(
        gateway.operations(), gateway.workflows(key), gateway.defaults(key), gateway.models(key)
    )
    if not described["operations"]:
        raise InvalidRequestError(
            f"The gateway at {gateway.url} does not say what it can draw: a plain LiteLLM does not. Run it as "
            "`protobanana serve --config your-config.yaml`.",
            code="no_operations",
        )
    named = {form["name"]: {**form, "model": _model_of(form, models)} for form in forms}
    callable_ = {name: form for name, form in named.items() if form["model"]}
    return Catalogue(described["common"], described["operations"], callable_, able)


def _model_of(form: Form, models: Sequence[str]) -> str:
    """The name by which a workflow is called: its own where the key may use that, else the first it may; else empty."""
    names = [name for name in form["model_names"] if name in models]
    return next((name for name in names if name.endswith(f"/{form['name']}")), names[0] if names else "")
