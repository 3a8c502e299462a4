"""The slots `prompt` and `negative_prompt`."""

from __future__ import annotations

from protobanana.workflows.authoring.infer.conditioning import prompts
from protobanana.workflows.authoring.infer.draft import Draft
from protobanana.workflows.authoring.infer.net import Net
from protobanana.workflows.authoring.infer.origin import likeliest, plausible
from protobanana.workflows.authoring.infer.sampling import Sampling
from protobanana.workflows.graph import Target

Groups = list[list[Target]]
"""Text inputs that reach a sampler, each with the widgets that may be meant."""


def add_wording(net: Net, sampling: Sampling, draft: Draft, named: dict[str, list[Target]]) -> None:
    """Both slots. `named`: slot -> the places that titles name.

    A text on both sides is the prompt's: it says what to draw, and no guidance sets it apart.
    """
    positive = prompts(net, sampling.main, negative=False)
    negative = prompts(net, sampling.main, negative=True)
    spoken = [group for group in positive if group not in negative] or positive
    refused = [group for group in negative if group not in spoken]
    for slot, groups, side in (("prompt", spoken, False), ("negative_prompt", refused, True)):
        targets = _chosen(net, draft, slot, groups, named.get(slot, []))
        others = [prompts(net, sampler, negative=side) for sampler in sampling.samplers if sampler != sampling.main]
        targets += _same_elsewhere(net, targets, others)
        _doubt_others(net, draft, slot, targets, others)
        reaches = f"reaches {net.label(sampling.main)} as {'negative' if side else 'positive'}"
        if targets:
            draft.add(slot, tuple(targets), f"{_described(net, targets)}, which {reaches}")
        else:
            draft.explain(slot, f"no text {reaches}")


def _described(net: Net, targets: list[Target]) -> str:
    return " and ".join(dict.fromkeys(f"{target.input} of {net.label(target.node)}" for target in targets))


def _chosen(net: Net, draft: Draft, slot: str, groups: Groups, named: list[Target]) -> list[Target]:
    """The widgets to fill. Inputs of one encoder and equal texts belong together; else one is picked and doubted."""
    every = list(dict.fromkeys(target for group in groups for target in group))
    meant = [target for target in every if target in named]
    settled = [_pick(net, group, named) for group in groups]
    first = settled[0] if settled else None
    together = [
        target
        for target in dict.fromkeys(settled)
        if first and (target.node == first.node or (net.value(target) and net.value(target) == net.value(first)))
    ]
    apart = [target for target in dict.fromkeys(settled) if target not in together]
    if len(meant) == 1 and meant[0] not in together:
        together, apart = meant, []
    elif not meant and first and apart:
        # An empty text beside a full one is a part that the author left unused.
        full = [target for target in dict.fromkeys(settled) if net.value(target)]
        if len(full) == 1:
            together, apart = full, []
    doubtful = apart if len(meant) != 1 else []
    open_ended = [plausible(net, group) for group in groups if not set(group) & set(named)]
    joined = [target for group in open_ended if len(group) > 1 for target in group]
    if doubtful or joined:
        draft.doubt(slot, tuple(dict.fromkeys((*together, *doubtful, *joined))))
    return together


def _pick(net: Net, group: list[Target], named: list[Target]) -> Target:
    """Of the parts that a text is joined from, the named one, else the likeliest."""
    meant = [target for target in group if target in named]
    return meant[0] if meant else likeliest(net, group)


def _same_elsewhere(net: Net, targets: list[Target], others: list[Groups]) -> list[Target]:
    """Copies of the chosen text that reach other samplers: a refiner is told the same."""
    values = {net.value(target) for target in targets} - {""}
    found = [target for groups in others for group in groups for target in group if net.value(target) in values]
    return [target for target in dict.fromkeys(found) if target not in targets]


def _doubt_others(net: Net, draft: Draft, slot: str, targets: list[Target], others: list[Groups]) -> None:
    different = [
        target
        for groups in others
        for group in groups
        for target in group
        if target not in targets and str(net.value(target)).strip()
    ]
    if targets and different and slot == "prompt":
        known = [Target(found.node, found.input) for found in draft.ambiguous.get(slot, ())]
        draft.doubt(slot, tuple(dict.fromkeys((*targets, *known, *different))))


__all__ = ["add_wording"]
