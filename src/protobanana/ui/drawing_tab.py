"""A tab that draws: one operation's, as its schema says, or one workflow's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from protobanana.client.gateway import Gateway
from protobanana.errors import ProtoBananaError
from protobanana.ui import session, widgets
from protobanana.ui.controls import Controls, component, controls, filled, wishes
from protobanana.ui.drawing import drawn
from protobanana.ui.order import Order, as_curl, as_python
from protobanana.ui.session import Known
from protobanana.ui.tabs import Field, Tab

_CONTROLS = len(fields(Controls))
RUN, STOP = "pb-run", "pb-stop"
"""Classes by which the keyboard finds the buttons."""


@dataclass(frozen=True)
class Common:
    """What all tabs share."""

    gateway: Gateway
    key: gr.Textbox
    known: gr.State


@dataclass(frozen=True)
class Inputs:
    """The components of a tab that make a request."""

    workflow: gr.Dropdown
    prompt: gr.Textbox
    given: Any
    """The pictures; a state of None where it takes none."""
    asked: Controls
    own: Sequence[Any] = ()
    """The fields that only this tab has."""


@dataclass(frozen=True)
class Results:
    """Where the outcome of a run goes."""

    stage: gr.HTML
    curl: gr.Textbox
    python: gr.Textbox


@dataclass(frozen=True)
class Task:
    """What is particular to a tab: how its inputs become an order."""

    operation: str = ""
    """The operation whose default workflow is meant when none is chosen."""
    fewest: int = 0
    masked: str = ""
    """The operation that takes over when a mask is painted."""
    must_mask: bool = False
    region: bool = False
    """Whether the result comes with the region that was found."""
    fields: tuple[Field, ...] = ()

    def order(self, known: Known, workflow: str | None, prompt: str, given: Any, values: Sequence[Any]) -> Order:
        """The order for the values of the components. Raises InvalidRequestError for what is missing."""
        given = given or {}
        mask = given.get("mask")
        meant = self.masked if mask and self.masked else "" if workflow else self.operation
        workflow = next(iter(known["defaults"].get(meant, ())), workflow)
        asked = wishes(*values[:_CONTROLS]) | filled(self.fields, values[_CONTROLS:])
        asked |= {side: pixels for side, pixels in (given.get("sides") or {}).items() if pixels}
        asked |= {"return_mask": True} if self.region else {}
        order = Order(session.model_of(known, workflow), prompt, asked, tuple(given.get("pictures", ())), mask)
        order.check(self.fewest, mask=self.must_mask)
        return order


def operation_tab(tab: Tab, common: Common) -> tuple[gr.Dropdown, Controls, tuple[str, ...]]:
    """Draw an operation's tab; what has to be filled when the gateway is known."""
    operation = tab.main
    # The rest of a description is advice for a language model.
    gr.Markdown(str(operation["description"]).partition(". ")[0].rstrip(".") + ".", elem_classes="pb-lead")
    task = Task(
        tab.name,
        int(operation["images"]["min"]),
        str(tab.masked["name"]) if tab.masked else "",
        bool(operation["mask"]),
        "mask" in operation["returns"],
        tab.fields,
    )
    with gr.Row(equal_height=False, elem_classes="pb-work"):
        with gr.Column(elem_classes="pb-inputs"):
            with gr.Group():
                given = _pictures(tab) if tab.most else gr.State(None)
                prompt = prompt_box(
                    tab.name,
                    takes_pictures=tab.most > 0,
                    visible=bool(operation["prompt"]),
                    examples=operation["examples"],
                )
                own = [component(field, tab.name) for field in tab.fields]
            run, stop = buttons(tab.name, str(operation["title"]))
        results = results_column(tab.name)
        with gr.Column(elem_classes="pb-options"), gr.Group():
            workflow = gr.Dropdown([], label="Model", elem_id=f"model-{tab.name}")
            asked = controls(tab.name)
    workflow.change(
        lambda known, name: asked.fitted(known["forms"].get(name)),
        [common.known, workflow], asked.inputs, queue=False, show_progress="hidden",
    )  # fmt: skip
    running(task, common, Inputs(workflow, prompt, given, asked, own), results, (run, stop))
    return workflow, asked, tab.names


def _pictures(tab: Tab) -> gr.HTML:
    return widgets.pictures(
        tab.name, pictures_label(tab.most), tab.most, place=str(tab.main["title"]),
        brush=tab.brush, sides=tab.sides, side_most=tab.side_most,
    )  # fmt: skip


def pictures_label(most: int) -> str:
    """What is asked for where up to so many pictures are taken."""
    return "Picture" if most == 1 else f"Pictures, in order (up to {most})"


def prompt_box(name: str, *, takes_pictures: bool, visible: bool, examples: Sequence[str] = ()) -> gr.Textbox:
    """Where it is said what is wanted."""
    return gr.Textbox(
        "", label="Instruction" if takes_pictures else "Description", lines=2, max_lines=8, visible=visible,
        placeholder=next(iter(examples), ""), elem_id=f"prompt-{name}",
    )  # fmt: skip


def buttons(name: str, words: str) -> tuple[gr.Button, gr.Button]:
    """Run, and in its place while something runs, stop."""
    run = gr.Button(words, variant="primary", elem_id=f"run-{name}", elem_classes=RUN)
    stop = gr.Button("Stop", elem_id=f"stop-{name}", elem_classes=STOP)
    return run, stop


def results_column(name: str) -> Results:
    """The stage, and the request for others to send."""
    with gr.Column(elem_classes="pb-results"):
        stage = widgets.stage(name, "The result appears here.")
        curl, python = snippets(name)
    return Results(stage, curl, python)


def snippets(name: str) -> tuple[gr.Textbox, gr.Textbox]:
    """The last request as code."""
    with gr.Accordion("Copy as curl or Python", open=False):
        curl = gr.Textbox(
            label="curl", lines=4, max_lines=14, buttons=["copy"], interactive=False, elem_id=f"curl-{name}"
        )
        python = gr.Textbox(
            label="Python", lines=6, max_lines=20, buttons=["copy"], interactive=False, elem_id=f"python-{name}"
        )
    return curl, python


def running(task: Task, common: Common, inputs: Inputs, results: Results, pressed: tuple[gr.Button, gr.Button]) -> None:
    """Connect the two buttons, draw and stop."""
    run, stop = pressed

    async def draw(
        known: Known, key: str, workflow: str | None, prompt: str, given: Any, *values: Any
    ) -> AsyncGenerator[tuple[Any, ...]]:
        yield {"live": {"words": "asking"}}, gr.skip(), gr.skip(), gr.skip()
        try:
            known = await session.ensured(common.gateway, key, known)
            order = task.order(known, workflow, prompt, given, values)
        except ProtoBananaError as error:
            yield {"error": known["problem"] or error.message}, gr.skip(), gr.skip(), gr.skip()
            return
        url, seed = common.gateway.url, gr.skip()
        code = as_curl(order, url), as_python(order, url)
        async with aclosing(drawn(common.gateway, key, order)) as steps:
            async for stage in steps:
                made = next((one["seed"] for one in stage.get("pictures", ()) if one["seed"]), None)
                seed = made if made is not None and "live" not in stage else gr.skip()
                yield stage, seed, *code

    event = run.click(
        draw,
        [common.known, common.key, inputs.workflow, inputs.prompt, inputs.given, *inputs.asked.inputs, *inputs.own],
        [results.stage, inputs.asked.seed, results.curl, results.python],
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )
    stop.click(lambda: {"words": "Stopped."}, None, results.stage, cancels=[event], queue=False, show_progress="hidden")
