"""The samplers of a graph: which one composes the picture, and where its seed, steps and guidance are set."""

from __future__ import annotations

from dataclasses import dataclass

from protobanana.workflows.authoring.infer.conditioning import conditioning_links, prompts
from protobanana.workflows.authoring.infer.draft import Draft
from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.origin import NUMBERS, number
from protobanana.workflows.graph import Target

_SEEDS = ("noise_seed", "seed")
_NOT_SAMPLED = ("CONDITIONING", "MODEL", "GUIDER", "SIGMAS", "CLIP", "CONTROL_NET")


@dataclass(frozen=True)
class Sampling:
    """The samplers that a result depends on, in order. `main` composes the picture, later ones refine it."""

    samplers: tuple[str, ...]
    main: str


def find_sampling(net: Net, needed: list[str]) -> Sampling | None:
    """The samplers among these nodes, None where there are none.

    The first sampler that words reach composes the picture: earlier ones prepare (depth, lines), later ones refine.
    """
    found = [node_id for node_id in needed if is_sampler(net, node_id)]
    if not found:
        return None
    spoken = [node_id for node_id in found if prompts(net, node_id, negative=False)]
    return Sampling(tuple(found), (spoken or found)[0])


def is_sampler(net: Net, node_id: str) -> bool:
    """Whether a node draws: a model and conditioning, or a guider, go in and none of these comes out."""
    guided = net.takes(node_id, "GUIDER") or (net.takes(node_id, "MODEL") and net.takes(node_id, "CONDITIONING"))
    drawn = net.gives(node_id, "LATENT") or net.gives(node_id, "IMAGE")
    return guided and drawn and not any(net.gives(node_id, kind) for kind in _NOT_SAMPLED)


def add_sampling(net: Net, sampling: Sampling, draft: Draft, *, spoken_negative: bool) -> None:
    """Slots `seed`, `steps` and `cfg`."""
    _add_seed(net, sampling, draft)
    _add_steps(net, sampling, draft)
    _add_guidance(net, sampling, draft, spoken_negative=spoken_negative)


def chain(net: Net, node_id: str, kind: str) -> list[str]:
    """The nodes that a link of that type comes from, the nearest first, sources of other types left out."""
    first = net.links(node_id, kind)
    found: dict[str, None] = {}
    for link in first:
        found |= dict.fromkeys(reversed(net.upstream(link.source, kind)))
    return list(found)


def setting(net: Net, node_id: str, names: tuple[str, ...]) -> str | None:
    """The first of these inputs that the node has, as a number or as a link."""
    return next((name for name in names if net.widget(node_id, name) or net.link(node_id, name)), None)


def _add_seed(net: Net, sampling: Sampling, draft: Draft) -> None:
    targets: dict[Target, str] = {}
    whys = []
    for sampler in sampling.samplers:
        added = net.widget(sampler, "add_noise")
        if added is not None and added.value in ("disable", False):
            continue
        for node_id in (sampler, *chain(net, sampler, "NOISE")):
            name = setting(net, node_id, _SEEDS)
            if name is not None:
                source = number(net, node_id, name)
                whys.append(source.why)
                if source.target is not None:
                    targets[source.target] = net.label(sampler)
                break
    if targets:
        used = " and ".join(dict.fromkeys(targets.values()))
        draft.add("seed", tuple(targets), f"noise of {used}")
    elif whys:
        draft.explain("seed", whys[0])


def _add_steps(net: Net, sampling: Sampling, draft: Draft) -> None:
    main = sampling.main
    split = _split(net, sampling)
    if split is not None:
        draft.explain("steps", f"not settable: {split}")
        return
    for node_id in (main, *chain(net, main, "SIGMAS")):
        if setting(net, node_id, ("steps",)):
            source = number(net, node_id, "steps")
            draft.add_number("steps", source, f"steps of {net.label(node_id)}")
            return


def _split(net: Net, sampling: Sampling) -> str | None:
    """Why steps are shared out between samplers at fixed places, None when they are not."""
    for sampler in sampling.samplers:
        steps = net.widget(sampler, "steps")
        ends = net.widget(sampler, "end_at_step")
        starts = net.widget(sampler, "start_at_step")
        last = steps.value if steps else None
        cut = ends is not None and isinstance(last, int) and isinstance(ends.value, int) and ends.value < last
        if cut or (starts is not None and starts.value not in (0, 0.0)):
            return f"{net.label(sampler)} works on a fixed part of them"
        for node_id in chain(net, sampler, "SIGMAS"):
            widgets = {widget.name for widget in net.widgets(node_id, *NUMBERS)}
            if net.takes(node_id, "SIGMAS") and "step" in widgets:
                return f"{net.label(node_id)} splits them at a fixed place"
    return None


def _add_guidance(net: Net, sampling: Sampling, draft: Draft, *, spoken_negative: bool) -> None:
    main = sampling.main
    for node_id in (main, *chain(net, main, "GUIDER")):
        names = [name for name in net.graph[node_id]["inputs"] if name.startswith("cfg")]
        name = setting(net, node_id, ("cfg", *names))
        if name is None:
            continue
        source = number(net, node_id, name)
        if spoken_negative or source.target is None or net.value(source.target) != 1:
            draft.add_number("cfg", source, f"{name} of {net.label(node_id)}")
            return
        draft.explain("cfg", f"left out: {net.label(node_id)} works at 1 without a negative prompt")
    for link in conditioning_links(net, main, negative=False):
        for node_id in reversed(net.upstream(link.source, "CONDITIONING")):
            if setting(net, node_id, ("guidance",)):
                draft.add_number("cfg", number(net, node_id, "guidance"), f"guidance of {net.label(node_id)}")
                return


__all__ = ["Sampling", "add_sampling", "chain", "find_sampling", "is_sampler", "setting"]
