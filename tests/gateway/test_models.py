"""LiteLLM's list of models follows the folder, and nothing else in it is touched."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import litellm
import pytest

from protobanana.gateway.models import ModelList
from protobanana.turn.litellm_router import deployments, models_behind
from protobanana.workflows.library import WorkflowLibrary


def write(folder: Path, name: str, *pictures: str) -> None:
    """A document with so many picture slots, its time moved on so that a rewrite is noticed on any disk."""
    loaders = {f"l{slot}": {"class_type": "LoadImage", "inputs": {"image": "a.png"}} for slot in pictures}
    header = {"schema": 1, "operation": [], "outputs": {"image": "1"}}
    slots = {slot: f"l{slot}.image" for slot in pictures}
    document = {"_protobanana": {**header, "slots": slots}, "1": {"class_type": "SaveImage", "inputs": {}}, **loaders}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document), "utf-8")
    later = path.stat().st_mtime_ns + len(pictures) * 1_000_000
    os.utime(path, ns=(later, later))


def entry(name: str, model: str, **params: Any) -> dict[str, Any]:
    return {"model_name": name, "litellm_params": {"model": f"openai/{model}", "api_key": "x", **params}}


@pytest.fixture
def router() -> litellm.Router:
    """A router with an operator's own models."""
    provider = {"provider": "protobanana", "custom_handler": litellm.CustomLLM()}
    before, litellm.custom_provider_map = litellm.custom_provider_map, [provider]
    litellm.utils.custom_llm_setup()
    made = litellm.Router(model_list=[entry("mine", "gpt-x"), entry("taken", "gpt-y")])
    litellm.custom_provider_map = before
    return made


def modes(router: litellm.Router) -> dict[str, str | None]:
    """Model name -> mode of every deployment."""
    return {one["model_name"]: one["model_info"].get("mode") for one in deployments(router)}


def test_files_come_change_and_go(tmp_path: Path, router: litellm.Router) -> None:
    """A file brings two names with the mode of its endpoint; a change of the endpoint changes it; it goes with both."""
    library = WorkflowLibrary(tmp_path)
    models = ModelList(library, router)
    before = modes(router)
    steps = []
    for pictures in ((), ("image",), None):
        if pictures is None:
            (tmp_path / "flow.json").unlink()
        else:
            write(tmp_path, "flow", *pictures)
        library.settle()
        models.sync()
        models.sync()
        steps.append({name: mode for name, mode in modes(router).items() if name not in before})

    assert steps == [
        {"flow": "image_generation", "protobanana/flow": "image_generation"},
        {"flow": "image_edit", "protobanana/flow": "image_edit"},
        {},
    ]
    assert modes(router) == before
    assert "protobanana/flow" not in models_behind(router)


def test_names_of_the_operators_own_are_left_alone(tmp_path: Path, router: litellm.Router) -> None:
    """A file of the name of an alias is served under the other name alone, and takes nothing with it when it goes."""
    write(tmp_path, "taken")
    library = WorkflowLibrary(tmp_path)
    models = ModelList(library, router)
    models.sync()
    served = [one["litellm_params"]["model"] for one in deployments(router, "taken")]
    (tmp_path / "taken.json").unlink()
    library.settle()
    models.sync()

    assert served == ["openai/gpt-y"]
    assert set(modes(router)) == {"mine", "taken"}
