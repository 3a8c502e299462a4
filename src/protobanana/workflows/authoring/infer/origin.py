"""Where a value comes from: the widget behind an input, through primitives, switches and text nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protobanana.workflows.authoring.infer.net import Link, Net, Widget
from protobanana.workflows.graph import Target

NUMBERS = ("INT", "FLOAT")

_DECORATION = re.compile(
    r"system|templat|lyric|delimit|separat|find|pattern|regex|replace|prefix|suffix|filename|path|url|format|model"
    r"|choice|option|info|language|device|preset"
)
"""Names of text inputs that shape or accompany a prompt but are not one."""

_NEVER_FOLLOWED = re.compile(r"system|templat|lyric|delimit|separat|find|pattern|regex")
_NEGATIVE = re.compile(r"neg|uncond")
_PLAIN = frozenset(
    {"text", "prompt", "positive", "positive_prompt", "text_positive", "user_prompt", "instruction", "caption", "tags"}
)
_TEXTUAL = re.compile(r"text|prompt|string|value|caption|instruct|descri|content|on_(true|false)|positive")
"""Names of the text inputs of text nodes: not views, moods and other parts that such a node makes a text of."""

_TEMPLATE_TITLE = re.compile(r"system|template|trigger|style|prefix|suffix|quality|format", re.IGNORECASE)
_PROMPT_TITLE = re.compile(r"prompt|describe|description|caption|instruction|your text", re.IGNORECASE)
_ENCODERS = frozenset({"text_g", "text_l", "clip_g", "clip_l", "t5xxl", "llama", "bert", "mt5xl", "qwen25_7b"})


@dataclass(frozen=True)
class Number:
    """A numeric input traced back: the widget that sets it, or why none does."""

    target: Target | None
    why: str


def is_negative(name: str) -> bool:
    """Whether an input or output by that name belongs to the negative side."""
    return _NEGATIVE.search(name.casefold()) is not None


def number(net: Net, node_id: str, name: str) -> Number:
    """The widget that sets a numeric input."""
    label = net.label(node_id)
    while True:
        if net.widget(node_id, name) is not None:
            return Number(Target(node_id, name), f"{name} of {label}")
        link = net.link(node_id, name)
        if link is None:
            return Number(None, f"{label} takes no value there")
        node_id, label = link.source, net.label(link.source)
        onward = _number_inside(net, link)
        if onward is None:
            return Number(None, _fixed(net, node_id))
        name = onward


def _number_inside(net: Net, link: Link) -> str | None:
    """The input of the source that decides what the link carries, None where the source computes it."""
    node_id = link.source
    links = net.links(node_id)
    widgets = net.widgets(node_id, *NUMBERS)
    if not links and len(widgets) == 1:
        return widgets[0].name
    named = net.output_name(node_id, link.slot)
    inputs = net.graph[node_id]["inputs"]
    if named and named in inputs and (named in {w.name for w in widgets} or net.link(node_id, named)):
        return named
    return links[0].input if len(links) == 1 and not widgets and not net.takes(node_id, "IMAGE") else None


def _fixed(net: Net, node_id: str) -> str:
    if net.takes(node_id, "IMAGE"):
        return f"not settable: it follows a picture ({net.label(node_id)})"
    return f"not settable: {net.label(node_id)} computes it"


def texts(net: Net, node_id: str, *, negative: bool) -> list[list[Target]]:
    """The prompts that a node takes, one entry per text input: the widgets that may be meant, best guess unmade."""
    groups = []
    for name in prompt_inputs(net, node_id, negative=negative):
        found = text(net, node_id, name)
        if found:
            groups.append(found)
    return groups


def prompt_inputs(net: Net, node_id: str, *, negative: bool = False) -> list[str]:
    """Names of a node's text inputs that take a prompt of that side."""
    names = _text_inputs(net, node_id)
    if negative and any(map(is_negative, names)):
        return [name for name in names if is_negative(name)]
    names = [name for name in names if not _DECORATION.search(name.casefold()) and not is_negative(name)]
    plain = [name for name in names if name.rpartition(".")[2].casefold() in _PLAIN]
    return plain or [name for name in names if _is_prompt(net, node_id, name)]


def _is_prompt(net: Net, node_id: str, name: str) -> bool:
    spec = net.declared(node_id).get(name)
    if spec is None:
        known = name.casefold()
        return known in _ENCODERS or "prompt" in known or "text" in known
    return bool(spec.options.get("multiline") or spec.options.get("forceInput") or name in _ENCODERS)


def text(net: Net, node_id: str, name: str) -> list[Target]:
    """The widgets that a text input's words come from, in order; several where text nodes join several."""
    found: dict[Target, None] = {}
    seen: set[Target] = set()
    waiting = [Target(node_id, name)]
    while waiting:
        target = waiting.pop()
        if target in seen:
            continue
        seen.add(target)
        if net.widget(*target) is not None:
            found[target] = None
            continue
        link = net.link(*target)
        if link is not None:
            waiting.extend(reversed(_text_sources(net, link.source)))
    return list(found)


def _text_sources(net: Net, node_id: str) -> list[Target]:
    """The inputs that a text node's words come from: linked ones before those that only decorate them."""
    # What has no text input of its own may pass text on untyped: reroutes, converters.
    linked = [link.input for link in net.links(node_id, "STRING") if not _NEVER_FOLLOWED.search(link.input.casefold())]
    if not linked and not net.widgets(node_id) and len(net.links(node_id)) == 1:
        linked = [net.links(node_id)[0].input]
    if linked:
        return [Target(node_id, name) for name in linked]
    every = net.widgets(node_id, "STRING")
    alone = len(every) == 1 and not net.links(node_id)
    widgets = [w.name for w in every if not _is_decoration(w) and (alone or _TEXTUAL.search(w.name.casefold()))]
    plain = [name for name in widgets if name.casefold() in _PLAIN]
    return [Target(node_id, name) for name in plain or widgets]


def _is_decoration(widget: Widget) -> bool:
    return bool(_DECORATION.search(widget.name.casefold())) or is_negative(widget.name)


def likeliest(net: Net, targets: list[Target]) -> Target:
    """Of texts that are joined to one, the one that a request gives: the longest of those that may be it."""
    return max(plausible(net, targets), key=lambda target: len(str(net.value(target))))


def plausible(net: Net, targets: list[Target]) -> list[Target]:
    """Of texts that are joined to one, those that a request may give: not templates, and what a title calls prompt."""
    plain = [target for target in targets if not _TEMPLATE_TITLE.search(net.title(target.node))] or targets
    called = [target for target in plain if _PROMPT_TITLE.search(net.title(target.node))]
    return called or plain


def _text_inputs(net: Net, node_id: str) -> list[str]:
    linked = {link.input for link in net.links(node_id, "STRING")}
    held = {widget.name for widget in net.widgets(node_id, "STRING")}
    return [name for name in net.graph[node_id]["inputs"] if name in linked | held]


__all__ = ["NUMBERS", "Number", "is_negative", "likeliest", "number", "plausible", "prompt_inputs", "text", "texts"]
