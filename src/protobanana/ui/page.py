"""The page: a key where it is needed, and the tabs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from protobanana.client.gateway import Gateway
from protobanana.ui import session, widgets
from protobanana.ui.chat_tab import NAME as CHAT
from protobanana.ui.chat_tab import TITLE as CHAT_TITLE
from protobanana.ui.chat_tab import View, chat_tab, pictured
from protobanana.ui.controls import Controls
from protobanana.ui.drawing_tab import Common, operation_tab
from protobanana.ui.session import Known
from protobanana.ui.tabs import plain_name, tabs_of
from protobanana.ui.workflows_tab import NAME as WORKFLOWS
from protobanana.ui.workflows_tab import TITLE as WORKFLOWS_TITLE
from protobanana.ui.workflows_tab import choices, workflows_tab

HISTORY = "history"
_UNLOCK = """() => {
  studio.offer(%s);
  const told = new URLSearchParams(location.hash.slice(1)).get("key");
  if (told) { localStorage.setItem("protobanana.key", told); history.replaceState(null, "", location.pathname); }
  return studio.unlock(told || localStorage.getItem("protobanana.key") || "");
}"""
"""Tells the widgets which tabs take pictures. Then the key from the address, where a link brings one (behind the #,
which no server ever sees), else the last one.
"""
_REMEMBER = '(key) => { localStorage.setItem("protobanana.key", key || ""); return studio.unlock(key); }'
KEEP_SECONDS = 3600
"""How long an uploaded workflow file may lie in Gradio's folder."""


def page(gateway: Gateway, document: Mapping[str, Any], hidden: Iterable[str] = ()) -> gr.Blocks:
    """The page for a gateway, whose operations `document` describes. `hidden`: tabs to leave out."""
    out = {plain_name(name) for name in hidden}
    blocks: gr.Blocks = gr.Blocks(
        title="protoBanana studio", analytics_enabled=False, delete_cache=(KEEP_SECONDS, KEEP_SECONDS)
    )
    with blocks:
        with gr.Row(elem_id="pb-top"):
            widgets.heading()
            key = gr.Textbox(
                label="Key of the gateway", placeholder="Key of the gateway", show_label=False, container=False,
                type="password", visible=gateway.key is None, elem_id="key", max_lines=1,
                html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
            )  # fmt: skip
        told = gr.Markdown(elem_id="pb-told")
        common = Common(gateway, key, gr.State(session.unknown()))
        chat: View | None = None
        workflows: gr.Dropdown | None = None
        drawing = []
        tabs = tabs_of(document, out)
        taking = [*([CHAT_TITLE] if CHAT not in out else []), *(str(tab.main["title"]) for tab in tabs if tab.most)]
        with gr.Tabs(elem_id="pb-tabs"):
            if CHAT not in out:
                with gr.Tab(CHAT_TITLE, id=CHAT):
                    chat = chat_tab(common)
            for tab in tabs:
                with gr.Tab(str(tab.main["title"]), id=tab.name):
                    drawing.append(operation_tab(tab, common))
            if WORKFLOWS not in out and document["operations"]:
                with gr.Tab(WORKFLOWS_TITLE, id=WORKFLOWS):
                    workflows = workflows_tab(common)
            if HISTORY not in out:
                with gr.Tab("History", id=HISTORY):
                    gr.Markdown(
                        "Every picture, under the one it was made from. The list is this browser's alone.",
                        elem_classes="pb-lead",
                    )
                    widgets.lineage()
        _filling(blocks, common, Parts(told, chat, drawing, workflows, taking))
    return blocks


@dataclass(frozen=True)
class Parts:
    """What is filled once the gateway is known."""

    told: gr.Markdown
    chat: View | None
    drawing: Sequence[tuple[gr.Dropdown, Controls, tuple[str, ...]]]
    workflows: gr.Dropdown | None
    taking: Sequence[str]
    """Titles of the tabs that take pictures."""


def _filling(blocks: gr.Blocks, common: Common, parts: Parts) -> None:
    """Fill the tabs when the page opens, and whenever another key is entered."""
    chat, drawing, workflows = parts.chat, parts.drawing, parts.workflows
    outputs: list[Any] = [common.known, parts.told]
    outputs += [chat.model] if chat else []
    for choice, asked, _ in drawing:
        outputs += [choice, *asked.inputs]
    outputs += [workflows] if workflows else []

    async def fill(key: str) -> list[Any]:
        known = await session.known(common.gateway, key)
        updates: list[Any] = [known, known["problem"]]
        updates += [gr.update(choices=known["chats"], value=next(iter(known["chats"]), None))] if chat else []
        for _, asked, names in drawing:
            updates += _filled(known, asked, names)
        return updates + ([choices(known)] if workflows else [])

    quick: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
    blocks.load(None, None, common.key, js=_UNLOCK % json.dumps(parts.taking)).then(fill, common.key, outputs, **quick)
    common.key.submit(None, common.key, common.key, js=_REMEMBER).then(fill, common.key, outputs, **quick)
    common.key.blur(None, common.key, common.key, js=_REMEMBER).then(fill, common.key, outputs, **quick)
    if chat:
        blocks.load(pictured, chat.talk, chat.picture, queue=False, show_progress="hidden")


def _filled(known: Known, asked: Controls, names: tuple[str, ...]) -> list[Any]:
    able = session.able(known, names)
    first = able[0][1] if able else None
    return [gr.update(choices=able, value=first), *asked.fitted(known["forms"].get(first or ""))]
