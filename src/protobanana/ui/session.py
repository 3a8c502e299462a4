"""What one visitor's page knows of the gateway, for as long as the page is open: the workflows their key may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protobanana.client.gateway import Gateway
from protobanana.errors import ProtoBananaError

Known = dict[str, Any]
"""`forms`: workflow -> its form; `defaults`: operation -> its workflows, the default first; `chats`: models that chat;
`problem`: why nothing is known, else empty.
"""
_CHAT = "chat"
"""In the name of every model that our gateways route by words; LiteLLM's list does not say what a model is."""
_FAVOURITES = ("protolabs/qwen-image-chat", "protobanana/chat")


def unknown(problem: str = "") -> Known:
    """Nothing is known yet."""
    return {"forms": {}, "defaults": {}, "chats": [], "problem": problem}


async def known(gateway: Gateway, key: str | None) -> Known:
    """Ask the gateway."""
    if not (gateway.key or key):
        return unknown("Enter the key of the gateway to begin.")
    try:
        forms = await gateway.workflows(key)
        models = await gateway.models(key)
        defaults = await gateway.defaults(key)
    except ProtoBananaError as error:
        return unknown(error.message)
    chats = [name for name in models if _CHAT in name.lower()]
    chats.sort(key=lambda name: _FAVOURITES.index(name) if name in _FAVOURITES else len(_FAVOURITES))
    return {"forms": {form["name"]: form for form in forms}, "defaults": defaults, "chats": chats, "problem": ""}


async def ensured(gateway: Gateway, key: str | None, of: Known) -> Known:
    """What is known, asked for now if it was not when the page opened (no key yet, or no gateway)."""
    return of if of["forms"] or of["chats"] else await known(gateway, key)


def able(of: Known, operations: tuple[str, ...]) -> list[tuple[str, str]]:
    """Titles and names of the workflows for the first of these operations, its default first."""
    names = of["defaults"].get(operations[0], [])
    return [(of["forms"][name]["title"], name) for name in names if name in of["forms"]]


def model_of(of: Known, workflow: str | None) -> str:
    """The name by which a workflow is called: its own where there is one, else the first alias; empty for none."""
    form: Mapping[str, Any] = of["forms"].get(workflow or "", {})
    names = list(form.get("model_names", ()))
    return next((name for name in names if name.endswith(f"/{workflow}")), names[0] if names else "")
