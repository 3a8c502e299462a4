"""Keeps LiteLLM's list of models in step with the operator's folder of workflows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Protocol

from litellm.types.router import Deployment, LiteLLM_Params, ModelInfo

from protobanana.gateway.config import CHAT_EXTRAS, mode_of
from protobanana.turn.request import ROUTED
from protobanana.workflows.library import WorkflowLibrary

SECONDS = 0.5
"""Between two looks at the folder."""
_PROVIDER = "protobanana/"


class Router(Protocol):
    """What is used of LiteLLM's router."""

    deployment_names: list[str]
    """LiteLLM's own names of the models behind the deployments, each once per deployment."""

    def get_model_list(self) -> list[Any] | None:
        """All deployments."""

    def add_deployment(self, deployment: Deployment) -> Deployment | None:
        """Serve one more."""

    def delete_deployment(self, id: str) -> Deployment | None:  # noqa: A002 - LiteLLM's name
        """Serve one less."""


class ModelList:
    """The models of the folder's workflows: `NAME` and `protobanana/NAME`, as long as nothing else is called so."""

    def __init__(self, library: WorkflowLibrary, router: Router) -> None:
        self._library = library
        self._router = router
        self._served: dict[str, tuple[str, str]] = {}
        """Model name -> workflow and mode, of the deployments that are of our making."""

    async def follow(self) -> None:
        """Look at the folder for ever. What has to be read is read by the library's own threads."""
        while True:
            await asyncio.sleep(SECONDS)
            await asyncio.to_thread(self._library.refresh)
            self.sync()

    def sync(self) -> None:
        """Bring the router in line with the library as it is. To be called in the event loop."""
        wanted = dict(self._wanted())
        for name, known in list(self._served.items()):
            if wanted.get(name) != known:
                self._remove(name)
        for name, (workflow, mode) in wanted.items():
            # An alias of the operator's is never touched: two deployments of one name would share its calls.
            if name not in self._served and all(entry["model_name"] != name for entry in self._entries()):
                self._router.add_deployment(self._deployment(name, workflow, mode))
                self._served[name] = workflow, mode

    def _remove(self, name: str) -> None:
        workflow, _ = self._served.pop(name)
        # LiteLLM forgets to take this name off, and would answer 429 for it in place of 404.
        if self._router.delete_deployment(id=_id(name)) and f"{_PROVIDER}{workflow}" in self._router.deployment_names:
            self._router.deployment_names.remove(f"{_PROVIDER}{workflow}")

    def _wanted(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for name in self._library.own():
            mode = mode_of(self._library.get(name))
            yield name, (name, mode)
            yield f"{_PROVIDER}{name}", (name, mode)

    def _deployment(self, name: str, workflow: str, mode: str) -> Deployment:
        extras = {key: value for key, value in CHAT_EXTRAS.items() if mode == "chat"}
        if address := self._address():
            extras["api_base"] = address
        return Deployment(
            model_name=name,
            litellm_params=LiteLLM_Params(model=f"{_PROVIDER}{workflow}", **extras),
            model_info=ModelInfo(id=_id(name), mode=mode, disable_background_health_check=True),
        )

    def _address(self) -> str | None:
        """The servers of the chat model, which draws with all workflows; None: those of the settings."""
        chat = next((one for one in self._entries() if one["litellm_params"]["model"] == f"{_PROVIDER}{ROUTED}"), None)
        return chat["litellm_params"].get("api_base") if chat else None

    def _entries(self) -> list[Any]:
        return self._router.get_model_list() or []


def _id(name: str) -> str:
    return f"protobanana-folder-{name}"


__all__ = ["ModelList", "Router"]
