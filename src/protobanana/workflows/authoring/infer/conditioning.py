"""The words behind a sampler's conditioning, positive and negative apart."""

from __future__ import annotations

import re

from protobanana.workflows.authoring.infer.net import Link, Net
from protobanana.workflows.authoring.infer.origin import is_negative, texts
from protobanana.workflows.graph import Target

_ZEROED = re.compile(r"zero_?out", re.IGNORECASE)
"""Classes that blank conditioning: the words before them have no effect."""

_LIMITS = re.compile(r"set_?(area|mask)", re.IGNORECASE)
"""Classes that bind words to a part of the picture."""


def conditioning_links(net: Net, sampler: str, *, negative: bool) -> list[Link]:
    """The conditioning that goes into a sampler, directly or through its guider, of one side."""
    found: dict[Link, None] = {}
    guiders = [link.source for link in net.links(sampler, "GUIDER")]
    nodes = [sampler, *(node_id for guider in guiders for node_id in reversed(net.upstream(guider, "GUIDER")))]
    for node_id in nodes:
        for link in net.links(node_id, "CONDITIONING"):
            name = link.input.casefold()
            if is_negative(name) == negative and "empty" not in name:
                found[link] = None
    return list(found)


def prompts(net: Net, sampler: str, *, negative: bool) -> list[list[Target]]:
    """The texts that reach a sampler from one side, see `origin.texts`: those for the whole picture, then for areas."""
    found: list[list[Target]] = []
    regional: list[list[Target]] = []
    seen: set[tuple[str, int, bool]] = set()
    waiting = [(link, False) for link in reversed(conditioning_links(net, sampler, negative=negative))]
    while waiting:
        link, limited = waiting.pop()
        limited = limited or _LIMITS.search(net.class_of(link.source)) is not None
        key = (link.source, link.slot, limited)
        if key in seen or _ZEROED.search(net.class_of(link.source)):
            continue
        seen.add(key)
        onward = _onward(net, link, negative=negative)
        waiting.extend((into, limited) for into in reversed(onward))
        if not any(_speaks(net, into) for into in onward):
            (regional if limited else found).extend(texts(net, link.source, negative=negative))
    every = [*found, *regional]
    return [group for place, group in enumerate(every) if group not in every[:place]]


def _speaks(net: Net, link: Link) -> bool:
    """Whether words come through a link: some text encoder lies behind it."""
    behind = net.upstream(link.source, "CONDITIONING")
    return any(net.links(node_id, "CLIP") or texts(net, node_id, negative=False) for node_id in behind)


def _onward(net: Net, link: Link, *, negative: bool) -> list[Link]:
    """The conditioning inputs of the source that its output carries on: those of the same side, if it has sides."""
    links = net.links(link.source, "CONDITIONING")
    behind = [into for into in links if is_negative(into.input)]
    if not behind or len(behind) == len(links):
        return links
    name = net.output_name(link.source, link.slot)
    if name and (is_negative(name) or "pos" in name):
        negative = is_negative(name)
    elif _outputs(net, link.source) > 1:
        negative = link.slot == 1
    return [into for into in links if (into in behind) == negative]


def _outputs(net: Net, node_id: str) -> int:
    """How many conditioning outputs a node has, as far as known."""
    spec = net.spec(node_id)
    if spec is not None:
        return spec.outputs.count("CONDITIONING")
    return len({link.slot for link in net.uses(node_id) if net.carries(link, "CONDITIONING")})


__all__ = ["conditioning_links", "prompts"]
