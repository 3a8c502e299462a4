"""LiteLLM's router in the words of both generations: 1.109 has `registry()` and `apply()`.

It warns where the names from before are used.
"""

from __future__ import annotations

from typing import Any

Router = Any
"""`litellm.Router`, or None where there is none."""


def deployments(router: Router, name: str | None = None) -> list[Any]:
    """The deployments behind a name, all of them for None; none where the router does not know it, or is none."""
    if router is None:
        return []
    if hasattr(router, "registry"):
        return list(router.registry().deployments(name) or ())
    return list(router.get_model_list(model_name=name) or ())


def add(router: Router, deployment: Any) -> None:
    """Serve one more."""
    if hasattr(router, "apply"):
        from litellm.router_api import ChangeSet  # noqa: PLC0415 - older ones have none

        router.apply(ChangeSet(upsert=[deployment]))
    else:
        router.add_deployment(deployment)


def remove(router: Router, id_: str, model: str) -> None:
    """Serve one less; `model` is LiteLLM's own name of the model behind it."""
    if hasattr(router, "apply"):
        from litellm.router_api import ChangeSet  # noqa: PLC0415 - as above

        gone = any(router.apply(ChangeSet(delete=[id_])).deleted)
    else:
        gone = bool(router.delete_deployment(id=id_))
    names = models_behind(router)
    # LiteLLM forgets to take this name off, and would answer 429 for it in place of 404.
    if gone and model in names:
        names.remove(model)


def models_behind(router: Router) -> list[str]:
    """LiteLLM's own names of the models behind the deployments, each once per deployment: the router's list itself."""
    if hasattr(router, "registry"):
        return router.registry().names(kind="deployment_names")  # type: ignore[no-any-return]  # LiteLLM is untyped here
    return router.deployment_names  # type: ignore[no-any-return]  # as above
