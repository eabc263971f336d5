"""Names beside marks, where they cover neither each other nor the marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.network.dataclass import dataclass
from convcost.report.charts.canvas import FONT, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: (left, top, right, bottom) in pixels.
Box: TypeAlias = tuple[float, float, float, float]

#: Pixels between a mark and its name.
_GAP = 4.0
#: How far a name may move away from its mark, in lines of text, up or down.
_FAR = 3


@dataclass(frozen=True, slots=True)
class Name:
    """A name that is wanted at a mark.

    Attributes:
        text: the name.
        x: of the mark's middle.
        y: of the mark's middle.
        size: the mark's radius.
    """

    text: str
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a name stands: its base line's start, and whether a line leads to its mark."""

    x: float
    y: float
    led: bool

    def near(self, name: Name) -> tuple[float, float]:
        """Where a line from the mark meets the name: above, below or beside it."""
        x = min(max(name.x, self.x), self.x + width_of(name.text))
        return x, min(max(name.y, self.y - FONT * 0.9), self.y + FONT * 0.25)


def place(names: Sequence[Name], within: Box, taken: Sequence[Box]) -> list[Placed | None]:
    """Places for names, those at the front first.

    Args:
        names: the most important first.
        within: the edges that no name may cross.
        taken: by marks and other texts.

    Returns:
        None for a name that there is no room for.
    """
    boxes = list(taken)
    found: list[Placed | None] = []
    for name in names:
        best = next((each for each in _places(name) if _free(each[1], within, boxes)), None)
        if best is not None:
            boxes.append(best[1])
        found.append(None if best is None else best[0])
    return found


def box_of(x: float, y: float, size: float) -> Box:
    """What a mark covers."""
    return (x - size, y - size, x + size, y + size)


def _places(name: Name) -> Iterator[tuple[Placed, Box]]:
    """Beside the mark, above and below it, then further away."""
    width, size = width_of(name.text), name.size
    beside = (name.x + size + _GAP, name.x - size - _GAP - width)
    for lines in range(_FAR + 1):
        for side in (-1, 1) if lines else (0,):
            middle = name.y + side * lines * FONT
            for x in beside:
                yield _at(x, middle, width, led=lines > 0)
            yield _at(name.x - width / 2, middle + side * (size + FONT / 2), width, led=lines > 0)


def _at(x: float, middle: float, width: float, *, led: bool) -> tuple[Placed, Box]:
    box = (x, middle - FONT * 0.6, x + width, middle + FONT * 0.6)
    return Placed(x, middle + FONT * 0.35, led), box


def _free(box: Box, within: Box, taken: Sequence[Box]) -> bool:
    inside = box[0] >= within[0] and box[1] >= within[1]
    inside = inside and box[2] <= within[2] and box[3] <= within[3]
    return inside and not any(_overlap(box, other) for other in taken)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
