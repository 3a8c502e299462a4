"""What every operation and every bundled workflow owes; new ones are covered without a new test."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest

from protobanana.comfy import close_all
from protobanana.engine import EngineSettings, EngineThread
from protobanana.operations.base import Operation, Turn, operations
from protobanana.turn.router import route
from protobanana.turn.runner import Server
from protobanana.turn.smoke import Outcome, smoke
from protobanana.workflows.authoring.check import check
from protobanana.workflows.document import Workflow
from protobanana.workflows.library import WorkflowLibrary, bundled

OPERATIONS = sorted(operations())
WORKFLOWS = sorted(bundled())


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineThread]:
    with EngineThread(EngineSettings()) as running:
        yield running


async def outcomes(workflow: Workflow, engine: EngineThread) -> list[Outcome]:
    try:
        return [outcome async for outcome in smoke(workflow, Server(engine.url))]
    finally:
        await close_all()


def context_for(kind: type[Operation]) -> dict[str, Any]:
    """A context in which the operation is possible."""
    return {
        "has_image": kind.min_images > 0,
        "n_refs": kind.min_images * (kind.min_images > 1),
        "has_mask": kind.needs_mask,
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_describes_itself(name: str) -> None:
    """Docstring, examples, descriptions of all parameters, and a schema a language model can call."""
    kind = operations()[name]
    schema = kind.model_json_schema()

    assert inspect.getdoc(kind)
    assert len(kind.examples) >= 2
    assert schema["type"] == "object"
    assert all(part.get("description") for part in schema["properties"].values())
    json.dumps(schema)


@pytest.mark.parametrize(
    ("name", "example"), [(name, text) for name in OPERATIONS for text in operations()[name].examples]
)
def test_examples_route_home(name: str, example: str) -> None:
    """What an operation gives as its examples is routed to it."""
    assert route(Turn(example, **context_for(operations()[name]))).operation == name


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_one_default_workflow(name: str) -> None:
    """Somebody must do it when nobody is named, and it must be clear who."""
    able = WorkflowLibrary(None).for_operation(name)

    assert able
    assert able[0].header.default
    assert sum(workflow.header.default for workflow in able) == 1


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_fits_its_operations(name: str) -> None:
    """What the operation's smoke cases put into slots, the workflow has slots for."""
    workflow = bundled()[name]
    for operation in workflow.header.operations:
        kind = operations()[operation]
        for case in kind.smoke_cases():
            if len(case.inputs.images) <= workflow.max_images or not case.inputs.images:
                built = kind.parse(case.params)
                slots = set(built.slots(built.prepare(case.inputs)))

                assert slots <= set(workflow.slots)
        assert set(kind.extra_outputs) <= set(workflow.header.outputs)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_valid_and_says_its_terms(name: str) -> None:
    """Against the recorded schemas in every tier; title and licence are there, and model files where it loads any."""
    workflow = bundled()[name]

    assert check(workflow) == []
    assert workflow.header.title
    assert workflow.header.license
    loads = any("Load" in node["class_type"] and node["class_type"] != "LoadImage" for node in workflow.graph.values())
    assert workflow.header.models or not loads


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_a_workflow_draws_what_it_should(name: str, engine: EngineThread) -> None:
    """The semantic check passes on the embedded engine."""
    found = await outcomes(bundled()[name], engine)
    failed = [(outcome.case, check) for outcome in found for check in outcome.checks if not check.ok]

    assert found
    assert not failed


def mutated(name: str, changes: dict[str, Any], slots: dict[str, Any]) -> Workflow:
    """A bundled document with some inputs (`node.input`) changed, whole nodes (`node`) added, or slots redirected."""
    from importlib.resources import files

    document = json.loads(files("protobanana.workflows").joinpath("bundled", f"{name}.json").read_text("utf-8"))
    for target, value in changes.items():
        node, _, key = target.partition(".")
        if key:
            document[node]["inputs"][key] = value
        else:
            document[node] = value
    document["_protobanana"]["slots"] |= slots
    return Workflow.parse(name, json.dumps(document))


TEXT_ONLY = {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["61", 0]}}
MUTANTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "the words go to the negative side": (
        "qwen_image_2512", {"3.positive": ["7", 0], "3.negative": ["6", 0]}, {},
    ),
    "the edit's encoder never sees the picture": (
        "qwen_image_edit_2511", {"200": TEXT_ONLY, "65.positive": ["200", 0]}, {"prompt": "200.text"},
    ),
    "the picture goes to the wrong side of the composite": (
        "inpaint_qwen_image_2511", {"54.destination": ["48", 0], "54.source": ["53", 0]}, {},
    ),
    "the model's picture is saved, not the composite": ("outpaint_qwen_image_2511", {"9.images": ["48", 0]}, {}),
    "both references are the first picture": (
        "multiref_qwen_image_2511", {"68.image2": ["88", 0]}, {},
    ),
    "the cut-out keeps the ground": ("bgremove_birefnet", {"44.invert_output": True}, {}),
    "the region is turned inside out": (
        "region_edit_sam3_qwen_image_2511",
        {"200": {"class_type": "InvertMask", "inputs": {"mask": ["52", 0]}}, "54.mask": ["200", 0]},
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_a_wrong_wiring_fails_the_semantic_check(mutant: str, engine: EngineThread) -> None:
    """Mis-wirings that the static check accepts are seen in what comes out."""
    name, changes, slots = MUTANTS[mutant]
    workflow = mutated(name, changes, slots)
    found = await outcomes(workflow, engine)

    assert not [problem for problem in check(workflow) if problem.severity == "error"]
    assert not all(outcome.ok for outcome in found)
    assert all(outcome.image is not None for outcome in found)


def test_every_operation_has_a_mutant() -> None:
    """The check that cannot fail is no check."""
    covered = {operation for name, *_ in MUTANTS.values() for operation in bundled()[name].header.operations}

    assert covered == set(OPERATIONS)
