"""The tab of all workflows: a form derived from the slots of the chosen one, and a place to drop a file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from protobanana.errors import ProtoBananaError
from protobanana.ui import session, widgets
from protobanana.ui.controls import Fit, component, controls
from protobanana.ui.drawing_tab import (
    Common,
    Inputs,
    Task,
    buttons,
    pictures_label,
    prompt_box,
    results_column,
    running,
)
from protobanana.ui.session import Known
from protobanana.ui.tabs import Field, field_of

NAME, TITLE = "workflows", "Workflows"
_ELSEWHERE = {"prompt", "negative_prompt", "width", "height", "seed", "batch", "mask"}
"""Slots that the common controls fill."""
_PICTURE = re.compile(r"image(_\d+)?")
_APPEARS_SECONDS = 10
"""How long a new file may take until it is called by its name."""


def workflows_tab(common: Common) -> gr.Dropdown:
    """Draw the tab; the choice of workflows, to be filled when the gateway is known."""
    with gr.Row(equal_height=False):
        choice = gr.Dropdown([], label="Workflow", elem_id="workflow-choice", scale=3)
        with gr.Column(scale=2, min_width=240):
            dropped = gr.File(
                label="Add a workflow (API or editor format)",
                file_types=[".json"],
                height=88,
                elem_id="workflow-drop",
            )
            told = gr.Markdown(elem_id="workflow-told")

    @gr.render(inputs=[common.known, choice], triggers=[choice.change])  # type: ignore[untyped-decorator]  # gradio's
    def form(known: Known, name: str | None) -> None:
        if found := known["forms"].get(name or ""):
            _form(found, common, choice)

    dropped.upload(
        _adopting(common),
        [dropped, common.key],
        [common.known, choice, told, dropped],
        show_progress="minimal",
        concurrency_limit=None,
        api_visibility="private",
    )
    return choice


def _adopting(common: Common) -> Any:
    async def adopt(path: str | None, key: str) -> tuple[Any, ...]:
        if not path:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        try:
            document = await asyncio.to_thread(Path(path).read_bytes)
            name = await common.gateway.adopt(Path(path).stem, document, key)
            known = await _appeared(common, name, key)
        except ProtoBananaError as error:
            return gr.skip(), gr.skip(), f"**{Path(path).name}**: {error.message}", None
        return known, choices(known, name), f"**{name}** is a model of the gateway now.", None

    return adopt


async def _appeared(common: Common, name: str, key: str) -> Known:
    """What is known once the gateway serves the new workflow."""
    known = session.unknown()
    for _ in range(_APPEARS_SECONDS * 5):
        known = await session.known(common.gateway, key)
        if name in known["forms"]:
            break
        await asyncio.sleep(0.2)
    return known


def choices(known: Known, chosen: str | None = None) -> Any:
    """The update of the choice: all workflows by title and name."""
    names = sorted(known["forms"])
    labels = [(f"{known['forms'][name]['title']} ({name})", name) for name in names]
    usual = [name for operation in known["defaults"].values() for name in operation if name in known["forms"]]
    return gr.update(choices=labels, value=chosen or next(iter([*usual, *names]), None))


def fields_of(form: Mapping[str, Any]) -> tuple[Field, ...]:
    """The slots of a workflow that only it has."""
    return tuple(
        field_of(name, slot, required=bool(slot.get("required")))
        for name, slot in form["slots"].items()
        if name not in _ELSEWHERE and not _PICTURE.fullmatch(name)
    )


def _form(form: Mapping[str, Any], common: Common, choice: gr.Dropdown) -> None:
    slots, pictures = form["slots"], form["pictures"]
    licence = form["license"] or {}
    terms = f" Licence: {licence['name']}." if licence else ""
    gr.Markdown(
        f"{form['description'] or form['title']}{terms} Called as `{'`, `'.join(form['model_names'])}`.",
        elem_classes="pb-lead",
    )
    fields = fields_of(form)
    with gr.Row(equal_height=False, elem_classes="pb-work"):
        with gr.Column(elem_classes="pb-inputs"):
            with gr.Group():
                given: Any = gr.State(None)
                if most := int(pictures["max"]):
                    given = widgets.pictures(NAME, pictures_label(most), most, place=TITLE, brush="mask" in slots)
                prompt = prompt_box(NAME, takes_pictures=bool(most), visible="prompt" in slots)
            run, stop = buttons(NAME, "Run")
        results = results_column(NAME)
        with gr.Column(elem_classes="pb-options"):
            with gr.Group():
                asked = controls(NAME, Fit.of(form))
            with gr.Accordion("Parameters of this workflow", open=False, visible=bool(fields)):
                own = [component(field, NAME) for field in fields]
    must = bool(slots.get("mask", {}).get("required"))
    task = Task(fewest=int(pictures["min"]), must_mask=must, fields=fields)
    running(task, common, Inputs(choice, prompt, given, asked, own), results, (run, stop))
