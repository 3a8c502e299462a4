"""Keeps LiteLLM's list of models in step with the operator's folder of workflows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from litellm.types.router import Deployment, LiteLLM_Params, ModelInfo

from protobanana.gateway.config import CHAT_EXTRAS, mode_of
from protobanana.turn.litellm_router import Router, add, deployments, remove
from protobanana.turn.request import ROUTED
from protobanana.workflows.library import WorkflowLibrary

SECONDS = 0.5
"""Between two looks at the folder."""
_PROVIDER = "protobanana/"


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
            if name not in self._served and all(entry["model_name"] != name for entry in deployments(self._router)):
                add(self._router, self._deployment(name, workflow, mode))
                self._served[name] = workflow, mode

    def _remove(self, name: str) -> None:
        workflow, _ = self._served.pop(name)
        remove(self._router, _id(name), f"{_PROVIDER}{workflow}")

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
        chat = next(
            (one for one in deployments(self._router) if one["litellm_params"]["model"] == f"{_PROVIDER}{ROUTED}"), None
        )
        return chat["litellm_params"].get("api_base") if chat else None


def _id(name: str) -> str:
    return f"protobanana-folder-{name}"


__all__ = ["ModelList"]
