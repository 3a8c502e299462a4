"""Whether the calls an LLM made in a turn are the labelled ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_WORDED = ("prompt", "region", "result")
"""Arguments in free words, judged together: models divide an instruction among them in more than one right way."""
_LABELS = frozenset({"tool", "pictures", "shows", "prompt", "note", "ratio", "from"})
_SIDES = (("left", "right", "width"), ("top", "bottom", "height"))


@dataclass(frozen=True)
class Made:
    """A call as it was understood: pictures by their numbers; `error` says why it was none."""

    tool: str
    pictures: tuple[int, ...]
    params: Mapping[str, Any]
    error: str = ""


@dataclass
class Verdict:
    """The judgement of one turn."""

    tools: bool = True
    """The right tools, each as often as labelled, and no others."""
    arguments: list[tuple[str, bool]] = field(default_factory=list)
    """Labelled tool and whether its arguments are right, for calls whose tool is right."""
    missing: list[str] = field(default_factory=list)
    asked: bool | None = None
    """Whether a question came where one is due; None where none is."""
    made: Sequence[Made] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return self.tools and all(right for _, right in self.arguments) and self.asked is not False


def judge(turn: Mapping[str, Any], made: Sequence[Made], text: str, *, answered: bool = True) -> Verdict:
    """Compare what was made with the turn's labels. Calls that were refused and then corrected do not count."""
    verdict = Verdict(made=made)
    left = [call for call in made if not call.error] or list(made)
    for label in turn.get("calls", []):
        fitting = [call for call in left if call.tool in label["tool"].split("|")]
        best = next((call for call in fitting if fits(label, call)), fitting[0] if fitting else None)
        name = label["tool"].split("|")[0]
        if best is None:
            verdict.missing.append(name)
            continue
        left.remove(best)
        verdict.arguments.append((name, fits(label, best)))
    verdict.tools = answered and not left and not verdict.missing
    if turn.get("asks"):
        verdict.asked = answered and not made and bool(re.search(r"[?？]", text))
    return verdict


def fits(label: Mapping[str, Any], call: Made) -> bool:
    """Whether a call's arguments are the labelled ones: the pictures (in any order: the prompt numbers them), every
    labelled value exactly and no other side grown, every labelled word (alternatives parted by `|`) somewhere in the
    free text, and no variants nobody asked for.
    """
    if call.error:
        return False
    wanted = [label["shows"]] if "shows" in label else label.get("pictures", [])
    if sorted(call.pictures) != sorted(wanted):
        return False
    words = " ".join(str(call.params.get(name, "")) for name in _WORDED).casefold()
    if not all(any(word.casefold() in words for word in choice.split("|")) for choice in label.get("prompt", [])):
        return False
    if "ratio" in label and not _reaches(label["ratio"], label["from"], call.params):
        return False
    exact = {"n": 1} | {name: value for name, value in label.items() if name not in _LABELS}
    sides = {side for pair in _SIDES for side in pair[:2]}
    if sides & exact.keys():
        exact |= dict.fromkeys(sides - exact.keys(), 0)
    return all(_same(value, call.params.get(name, int(name == "n"))) for name, value in exact.items())


def _same(wanted: object, given: object) -> bool:
    return str(given) == wanted if isinstance(wanted, str) else _number(given) == wanted


def _reaches(ratio: float, size: Sequence[int], params: Mapping[str, Any]) -> bool:
    """Whether a picture of `size` grows to about that ratio, by its sides or by the size to reach."""
    grown = [
        _number(params.get(whole, 0)) or length + _number(params.get(low, 0)) + _number(params.get(high, 0))
        for length, (low, high, whole) in zip(size, _SIDES, strict=True)
    ]
    return abs(grown[0] / grown[1] / ratio - 1) <= 0.05


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return -1.0
