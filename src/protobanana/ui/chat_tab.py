"""The chat: streamed text, progress, pictures in the conversation, and its branches."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from protobanana.client.gateway import Gateway
from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.ui import session, widgets
from protobanana.ui import talk as talks
from protobanana.ui.controls import Controls, controls, wishes
from protobanana.ui.drawing import FRAMES
from protobanana.ui.drawing_tab import RUN, STOP, Common, snippets
from protobanana.ui.order import chat_as_curl, chat_as_python
from protobanana.ui.session import Known
from protobanana.ui.talk import Talk

NAME, TITLE = "chat", "Chat"
MOST = 16
"""Pictures that can be attached to one turn."""
_SECRET = "the browser's own storage, of this page only"  # noqa: S105 - Gradio wants one; nothing secret is in there
_STEP = re.compile(r"(\d+)/(\d+)\s*$")


@dataclass(frozen=True)
class View:
    """The components of the chat."""

    talk: gr.BrowserState
    window: gr.Chatbot
    live: gr.HTML
    turns: gr.HTML
    text: gr.Textbox
    given: gr.HTML
    model: gr.Dropdown
    asked: Controls
    curl: gr.Textbox
    python: gr.Textbox

    @property
    def picture(self) -> list[Any]:
        """What shows the conversation."""
        return [self.talk, self.window, self.turns]


def chat_tab(common: Common) -> View:
    """Draw the tab."""
    saved = gr.BrowserState(default_value=talks.empty(), storage_key="protobanana.talk", secret=_SECRET)
    with gr.Row(equal_height=False, elem_classes="pb-talk"):
        with gr.Column():
            window = gr.Chatbot(
                show_label=False, label="Conversation", elem_id="pb-chat", height="calc(100vh - 23rem)",
                min_height=320, editable="user", buttons=["copy"],
                placeholder="Draw something, then change it:\n“a cat in a hat”, “make it night”, “cut it out”",
            )  # fmt: skip
            live = widgets.stage(NAME, "Ctrl+Enter sends, Esc stops.", quiet=True)
            with gr.Row(elem_classes="pb-say"):
                text = gr.Textbox(
                    "", label="Message", lines=2, max_lines=8, elem_id="prompt-chat", show_label=False, container=False,
                    placeholder="What shall I draw or change?", scale=8,
                )  # fmt: skip
                send = gr.Button("Send", variant="primary", elem_id="run-chat", elem_classes=RUN, scale=1, min_width=90)
                stop = gr.Button("Stop", elem_id="stop-chat", elem_classes=STOP, scale=1, min_width=90)
            with gr.Row(elem_classes="pb-small"):
                undo = gr.Button("Undo", elem_id="undo-chat", size="sm")
                clear = gr.Button("New chat", elem_id="new-chat", size="sm")
        with gr.Column():
            with gr.Group():
                given = widgets.pictures(NAME, "Attach pictures", MOST, place=TITLE, shelf=True)
            with gr.Accordion("Turns and branches", open=False):
                turns = widgets.turns()
            with gr.Accordion("Model and options", open=False):
                model = gr.Dropdown([], label="Model", elem_id="model-chat")
                asked = controls(NAME, several=False)
            code = snippets(NAME)
    view = View(saved, window, live, turns, text, given, model, asked, *code)
    _connect(view, common, send, stop)
    _history(view, undo, clear)
    return view


def pictured(talk: Talk) -> tuple[Talk, list[dict[str, Any]], dict[str, Any]]:
    """A conversation for `View.picture`."""
    way = talks.path(talk)
    tree = {"nodes": talk["nodes"], "leaf": talk["leaf"], "path": [node["id"] for node in way]}
    return talks.lasting(talk), talks.shown(way), tree


def _connect(view: View, common: Common, send: gr.Button, stop: gr.Button) -> None:
    outputs = [*view.picture, view.live, view.text, view.given, view.curl, view.python]

    async def say(  # noqa: PLR0917 - Gradio passes by position
        known: Known, key: str, talk: Talk, text: str, given: Any, model: str | None, *values: Any
    ) -> AsyncGenerator[tuple[Any, ...]]:
        pictures = (given or {}).get("pictures", [])
        if not text.strip() and not pictures:
            yield *[gr.skip()] * 3, {"error": "Write something, or attach a picture."}, *[gr.skip()] * 4
            return
        before, talk = talk, talks.added(talk, "user", text.strip(), pictures)
        yield *pictured(talk), {"live": {"words": "asking"}}, "", {"pictures": []}, *[gr.skip()] * 2
        try:
            known = await session.ensured(common.gateway, key, known)
            model = model or next(iter(known["chats"]), "")
            if not model:
                raise InvalidRequestError(known["problem"] or "This gateway has no model to chat with.")
            body = _body(talk, model, wishes(*values), common.gateway.url)
            yield *[gr.skip()] * 6, chat_as_curl(body, common.gateway.url), chat_as_python(body, common.gateway.url)
            async with aclosing(_answer(common.gateway, key, body)) as parts:
                async for answer, live, frame in parts:
                    shown = [*talks.shown(talks.path(talk)), {"role": "assistant", "content": _shown(answer, frame)}]
                    yield (
                        gr.skip(),
                        shown if answer or frame else gr.skip(),
                        gr.skip(),
                        {"live": live},
                        *[gr.skip()] * 4,
                    )
        except ProtoBananaError as error:
            yield *pictured(before), {"error": error.message}, text, {"pictures": pictures}, gr.skip(), gr.skip()
            return
        said, made = talks.read(answer)
        made = [{**one, **await _story(common.gateway, key, one, text)} for one in made]
        talk = talks.added(talk, "assistant", said, made)
        yield *pictured(talk), {"pictures": made}, *[gr.skip()] * 4

    def stopped(talk: Talk) -> tuple[Any, ...]:
        """The turn that was not answered goes back into the box."""
        way = talks.path(talk)
        if not way or way[-1]["role"] != "user":
            return *[gr.skip()] * 3, {}, gr.skip(), gr.skip()
        talk, turn = talks.undone(talk)
        back = turn or way[-1]
        return *pictured(talk), {"words": "Stopped."}, back["text"], {"pictures": back["pictures"]}

    inputs = [common.known, common.key, view.talk, view.text, view.given, view.model, *view.asked.inputs]
    settings: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
    event = send.click(say, inputs, outputs, **settings)
    stop.click(stopped, view.talk, outputs[:-2], cancels=[event], queue=False, show_progress="hidden")


def _history(view: View, undo: gr.Button, clear: gr.Button) -> None:
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden"}

    def undone(talk: Talk) -> tuple[Any, ...]:
        talk, turn = talks.undone(talk)
        return *pictured(talk), turn["text"] if turn else gr.skip()

    def edited(talk: Talk, event: gr.EditData) -> tuple[Any, ...]:
        """The turns before the edited one, and its new words in the box: sending them begins a branch."""
        index = event.index[0] if isinstance(event.index, list | tuple) else event.index
        turn = talks.path(talk)[index]
        return *pictured({**talk, "leaf": turn["parent"]}), str(event.value)

    def picked(talk: Talk, tree: Mapping[str, Any]) -> tuple[Any, ...]:
        return pictured(talks.moved(talk, tree["pick"])) if "pick" in tree else (gr.skip(),) * 3

    undo.click(undone, view.talk, [*view.picture, view.text], **quick)
    view.window.edit(edited, view.talk, [*view.picture, view.text], **quick)
    view.turns.change(picked, [view.talk, view.turns], view.picture, **quick)
    for anew in (clear.click, view.window.clear):
        anew(lambda: (*pictured(talks.empty()), {}), None, [*view.picture, view.live], **quick)


def _body(talk: Talk, model: str, asked: Mapping[str, Any], url: str) -> dict[str, Any]:
    messages = talks.messages(talks.path(talk), url)
    return {
        "model": model,
        "messages": messages,
        "stream": True,
        "image_output": "url",
        "partial_images": FRAMES,
        **asked,
    }


async def _answer(
    gateway: Gateway, key: str, body: Mapping[str, Any]
) -> AsyncGenerator[tuple[str, dict[str, Any], str]]:
    """The answer as far as it has come, how the work goes on, and the rough picture in its place, a data URL."""
    answer = frame = ""
    live: dict[str, Any] = {"words": "asking"}
    async with aclosing(gateway.events("/v1/chat/completions", key, body=body)) as events:
        async for event in events:
            for choice in event.get("choices") or ():
                delta = choice.get("delta") or {}
                answer += delta.get("content") or ""
                live, frame = _live(delta, live), _frame(delta) or ("" if delta.get("content") else frame)
                yield answer, live, frame


def _live(delta: Mapping[str, Any], live: dict[str, Any]) -> dict[str, Any]:
    line = str(delta.get("reasoning_content") or "").strip()
    if not line:
        return live
    step = _STEP.search(line)
    return {"words": line, "share": int(step[1]) / max(int(step[2]), 1) if step else None}


def _frame(delta: Mapping[str, Any]) -> str:
    frame = (delta.get("provider_specific_fields") or {}).get("partial_image")
    return f"data:image/{frame['output_format']};base64,{frame['b64_json']}" if frame else ""


def _shown(answer: str, frame: str) -> str:
    """The answer with its pictures at the page's addresses, and the rough one of a picture that is still to come."""
    said, pictures = talks.read(answer)
    pictures += [{"id": "", "src": frame, "note": "rough preview"}] if frame else []
    return str(talks.shown([{"role": "assistant", "text": said, "pictures": pictures}])[0]["content"])


async def _story(gateway: Gateway, key: str, picture: Mapping[str, Any], words: str) -> dict[str, Any]:
    """What a new picture was made from, as far as the gateway tells, and by which words."""
    about = await gateway.about(picture["id"], key) if picture["id"] else {}
    return {"parent": about.get("parent", ""), "words": words.strip()}
