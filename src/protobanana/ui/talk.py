"""A conversation as a tree: every turn stays, and the newest of one branch is where it goes on. It lives in the
browser, as plain data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from protobanana.client.picture import Reference, src_of

Talk = dict[str, Any]
"""`nodes`: `id`, `parent` (an id or None), `role`, `text`, `pictures`; `leaf`: the id of the newest turn, or None."""
Node = Mapping[str, Any]
_PICTURE = re.compile(r"!\[(?P<alt>[^\[\]\n]*)\]\((?P<url>[^()\s]+)\)")
_NAME = re.compile(r"img_[a-z2-7]{16}")
_SIZE = re.compile(r"(\d+x\d+)\s*$")
_MARKUP = str.maketrans("[]<>`\n", "()    ")
_LONGEST = 200
"""Turns that are kept; the oldest ones that do not lead to the newest go first."""


def empty() -> Talk:
    """A conversation that has not begun."""
    return {"nodes": [], "leaf": None}


def path(talk: Talk) -> list[Node]:
    """The turns from the first to the newest."""
    known = {node["id"]: node for node in talk["nodes"]}
    found: list[Node] = []
    node = known.get(talk["leaf"])
    while node is not None:
        found.append(node)
        node = known.get(node["parent"])
    return found[::-1]


def added(talk: Talk, role: str, text: str, pictures: Sequence[Reference]) -> Talk:
    """The conversation, gone on by one turn."""
    number = max((node["id"] for node in talk["nodes"]), default=-1) + 1
    node = {
        "id": number,
        "parent": talk["leaf"],
        "role": role,
        "text": text,
        "pictures": [dict(one) for one in pictures],
    }
    return _trimmed({"nodes": [*talk["nodes"], node], "leaf": number})


def undone(talk: Talk) -> tuple[Talk, Node | None]:
    """The conversation before its last turn of the user's, and that turn; nothing is thrown away."""
    turn = next((node for node in reversed(path(talk)) if node["role"] == "user"), None)
    return (talk if turn is None else {**talk, "leaf": turn["parent"]}), turn


def moved(talk: Talk, leaf: int) -> Talk:
    """The conversation, to go on from another turn of it."""
    return {**talk, "leaf": leaf} if any(node["id"] == leaf for node in talk["nodes"]) else talk


def shown(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """Turns as Gradio's chat shows them: pictures in the text."""
    return [{"role": node["role"], "content": _markdown(node, "")} for node in nodes]


def messages(nodes: Sequence[Node], url: str) -> list[dict[str, Any]]:
    """Turns as OpenAI's protocol has them. Pictures go by the gateway's own address: it finds them in its store."""
    return [
        {"role": node["role"], "content": _markdown(node, f"{url}/")}
        if node["role"] == "assistant" or not node["pictures"]
        else {"role": "user", "content": _parts(node, f"{url}/")}
        for node in nodes
    ]


def read(content: str) -> tuple[str, list[dict[str, Any]]]:
    """The text of an answer and its pictures, taken apart."""
    pictures = [_reference(match) for match in _PICTURE.finditer(content)]
    return re.sub(r"\n{3,}", "\n\n", _PICTURE.sub("", content)).strip(), pictures


def lasting(talk: Talk) -> Talk:
    """The conversation as the browser can keep it: a picture that the gateway does not keep leaves its name only."""
    nodes = [
        {**node, "pictures": [one for one in node["pictures"] if not one["src"].startswith("data:")]}
        for node in talk["nodes"]
    ]
    # By name: Gradio's browser state has a mark of its own in it after an event that leaves it as it is.
    return {"nodes": nodes, "leaf": talk["leaf"]}


def _reference(match: re.Match[str]) -> dict[str, Any]:
    alt = match["alt"].strip()
    name, size = _NAME.match(alt), _SIZE.search(alt)
    return {
        "id": name[0] if name else "",
        "src": src_of(match["url"]),
        "note": alt[name.end() if name else 0 :].strip(),
        "size": size[1] if size else "",
    }


def _markdown(node: Node, base: str) -> str:
    pictures = [f"![{_alt(one)}]({_address(one, base)})" for one in node["pictures"]]
    return "\n\n".join(part for part in (node["text"], *pictures) if part)


def _parts(node: Node, base: str) -> list[dict[str, Any]]:
    pictures = [{"type": "image_url", "image_url": {"url": _address(one, base)}} for one in node["pictures"]]
    return [{"type": "text", "text": node["text"]}, *pictures]


def _alt(picture: Reference) -> str:
    said = " ".join(part for part in (picture.get("id"), picture.get("note") or picture.get("words")) if part)
    return said.translate(_MARKUP)


def _address(picture: Reference, base: str) -> str:
    src = str(picture["src"])
    return src if src.startswith("data:") else f"{base}{src}"


def _trimmed(talk: Talk) -> Talk:
    if len(talk["nodes"]) <= _LONGEST:
        return talk
    needed = {node["id"] for node in path(talk)}
    spare = [node["id"] for node in talk["nodes"] if node["id"] not in needed][: len(talk["nodes"]) - _LONGEST]
    kept = [node for node in talk["nodes"] if node["id"] not in spare]
    known = {node["id"] for node in kept}
    return {**talk, "nodes": [node if node["parent"] in known else {**node, "parent": None} for node in kept]}
