"""Which module a row calls again: a printout says only that it ran before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcost.read.torch.tables.layout import Step
    from convcost.read.torch.tables.table import TorchRow


class Calls:
    """The first calls of all modules so far, by class."""

    def __init__(self) -> None:
        self._steps: dict[str, list[Step]] = {}
        self._used: Counter[str] = Counter()

    def add(self, step: Step) -> None:
        """A module ran for the first time."""
        self._steps.setdefault(step.row.kind, []).append(step)

    def used(self, step: Step) -> None:
        """It ran again."""
        self._used[step.name] += 1

    def first(self, row: TorchRow) -> Step | None:
        """The module that a row calls again: of its class, with its channels, used the least."""

        def unlikeness(step: Step) -> tuple[bool, int]:
            shape = step.row.shape
            return shape is None or shape[1:] != (row.shape or ())[1:], self._used[step.name]

        own = _channels(row, row)
        steps = self._steps.get(row.kind, ())
        found = [step for step in steps if _channels(step.row, row) == own]
        return min(found, key=unlikeness) if found else None


def _channels(row: TorchRow, like: TorchRow) -> int | None:
    """The size behind the batch of an image, or else the last one, by the rank of another row."""
    place = 1 if len(like.shape or ()) > 2 else -1
    return row.shape[place] if row.shape and len(row.shape) > 1 else None
