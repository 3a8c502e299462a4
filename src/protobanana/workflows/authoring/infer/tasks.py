"""Which operations a workflow can serve, by the slots that each of them fills."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from protobanana.errors import WorkflowError
from protobanana.workflows.wiring import count_pictures, picture_number

_SEVERAL = 2


class SmokeCase(Protocol):
    """A known input of an operation."""

    @property
    def params(self) -> Mapping[str, Any]:
        """What the operation is built with."""

    @property
    def inputs(self) -> Any:
        """The pictures it works on."""


class OperationClass(Protocol):
    """What is asked of an operation class; the classes of `protobanana.operations` are such."""

    @property
    def name(self) -> str:
        """How headers call it."""

    @property
    def makes_alpha(self) -> bool:
        """Whether its result has a transparent ground."""

    def smoke_cases(self) -> Sequence[SmokeCase]:
        """Known inputs that every workflow of the operation must handle."""

    def __call__(self, *args: Any, **params: Any) -> Any:
        """The operation with these parameters; its `slots(inputs)` are the slots that it fills."""


@dataclass(frozen=True, slots=True)
class Task:
    """One operation as a workflow sees it: the slots that it fills, and whether its result has a transparent ground."""

    name: str
    slots: frozenset[str]
    makes_alpha: bool = False

    def covers(self, slots: Collection[str], required: Collection[str]) -> bool:
        """Whether it finds its slots and fills those required; one of several pictures takes any number of them."""
        pictures = count_pictures(self.slots)
        filled = self.slots if pictures < _SEVERAL else self.slots | set(filter(picture_number, required))
        return self.slots <= set(slots) and set(required) <= filled


def tasks(operations: Iterable[OperationClass]) -> list[Task]:
    """The operations as data: the slots of one are those that its first smoke case fills."""
    found = []
    for operation in operations:
        case = operation.smoke_cases()[0]
        slots = operation(**case.params).slots(case.inputs)
        found.append(Task(operation.name, frozenset(slots), operation.makes_alpha))
    return found


def served(known: Iterable[Task], slots: Collection[str], required: Collection[str], *, cuts_out: bool) -> list[str]:
    """Names of the operations that a workflow with these slots serves; empty when none fits.

    `required`: pictures and masks that it cannot do without. Of two operations that differ by more than the number of
    pictures, the one that uses more of the slots is meant.
    """
    fitting = [task for task in known if task.makes_alpha == cuts_out and task.covers(slots, required)]
    return [task.name for task in fitting if not any(_special(task.slots) < _special(other.slots) for other in fitting)]


def nearest(known: Iterable[Task], slots: Collection[str], required: Collection[str]) -> str:
    """The plainest operation of the same kind, for a workflow that serves none: with as many pictures, or from nothing.

    Raises WorkflowError when there is no operation of that kind.
    """
    pictured = count_pictures(slots) > 0
    kin = [task for task in known if (count_pictures(task.slots) > 0) == pictured and not task.makes_alpha]
    if not kin:
        raise WorkflowError(f"no operation makes a picture {'of another' if pictured else 'from nothing'}.")
    enough = [
        task for task in kin if task.covers({*task.slots, *slots}, [slot for slot in required if picture_number(slot)])
    ]
    return min(enough or kin, key=lambda task: len(task.slots)).name


def _special(slots: Collection[str]) -> set[str]:
    """The slots without pictures beyond the first."""
    return {slot for slot in slots if (picture_number(slot) or 1) == 1}


__all__ = ["OperationClass", "SmokeCase", "Task", "nearest", "served", "tasks"]
