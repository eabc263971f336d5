"""The cells of a printout's row: shapes, numbers, percentages, and their meaning by column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from convcost.read.limits import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.read.torch.tables.table import Shape

Kind: TypeAlias = Literal[
    "shape", "none", "recursive", "frozen", "percent", "truth", "number", "part"
]

#: Titles of columns, as torchinfo prints them in any order.
COLUMNS = re.compile(
    r"Input *+Shape|Output *+Shape|Param *+#|Param *+%|Kernel *+Shape|Groups|Mult-Adds|Trainable"
)
_CELL = re.compile(
    r"(?:(?P<none>--)|\((?P<recursive>recursive)\)|\((?P<frozen>[0-9,]++)\)"
    r"|(?P<percent>[0-9]++(?:\.[0-9]++)?%)|(?P<truth>True|False|Partial)"
    r"|(?P<number>[0-9][0-9,]*+)(?:\.0)?|(?P<part>(?:──|└─) *+[0-9,]++))(?![\w.])"
)
_INNER = re.compile(r"[\[(]([0-9, -]*+)[\])]")
_DEEPEST = 6


class Cell(NamedTuple):
    """One cell of a row."""

    kind: Kind
    text: str

    @property
    def number(self) -> int:
        """The digits as a number."""
        return int(self.text.replace(",", ""))

    @property
    def shape(self) -> Shape | None:
        """The sizes, of the first tensor where there are several."""
        return read_shape(self.text)


def read_shape(text: str) -> Shape | None:
    """The first shape within a text.

    >>> read_shape("[-1, 64, 112, 112]"), read_shape("[[1, 10], [1, 5]]"), read_shape("[]")
    ((-1, 64, 112, 112), (1, 10), None)
    """
    inner = _INNER.search(text)
    if inner is None:
        return None
    words = [word.strip() for word in inner[1].split(",")]
    try:
        return possible(tuple(int(word) for word in words if word))
    except ValueError:
        return None


def possible(sizes: Shape) -> Shape | None:
    """A shape if its sizes can be, the first one perhaps left open.

    >>> possible((-1, 64)), possible((8, 0)), possible(())
    ((-1, 64), None, None)
    """
    if not sizes or not (sizes[0] > 0 or sizes[0] == -1):
        return None
    return sizes if all(0 < size <= MAX_SIZE for size in sizes[1:]) else None


def read_cells(text: str) -> list[Cell] | None:
    """All cells of a text; None where something in it is no cell.

    >>> [cell.kind for cell in read_cells("[1, 64, 32, 32]   (9,408)  --  0.08%")]
    ['shape', 'frozen', 'none', 'percent']
    >>> print(read_cells("[1, 2] and more"))
    None
    """
    cells: list[Cell] = []
    text = text.rstrip(" |")
    place = 0
    while place < len(text):
        if text[place] == " ":
            place += 1
        elif text[place] == "[":
            end = _closing(text, place)
            if end is None:
                return None
            cells.append(Cell("shape", text[place:end]))
            place = end
        else:
            match = _CELL.match(text, place)
            if match is None:
                return None
            kind: Kind = match.lastgroup  # type: ignore[assignment]
            cells.append(Cell(kind, match[match.lastgroup or 0]))
            place = match.end()
    return cells


def by_column(cells: Sequence[Cell], columns: Sequence[str]) -> dict[str, Cell] | None:
    """Cells by the titles of their columns.

    Without titles: a shape is the output's, the numbers behind it are parameters, then MACs.

    >>> cells = read_cells("[1, 64, 32, 32] 9,408")
    >>> sorted(by_column(cells, ()))
    ['Output Shape', 'Param #']
    """
    if columns:
        return dict(zip(columns, cells, strict=True)) if len(cells) == len(columns) else None
    free = ["Output Shape", "Param #", "Mult-Adds"]
    if len(cells) > len(free):
        return None
    named: dict[str, Cell] = {}
    for cell in cells:
        if not free:
            return None
        if cell.kind == "shape":
            if free[0] != "Output Shape":
                return None
        elif free[0] == "Output Shape" and cell.kind != "none":
            free.pop(0)
        named[free.pop(0)] = cell
    return named


def column_titles(text: str) -> tuple[str, ...]:
    """The titles of a header's columns, spelt with single spaces."""
    return tuple(re.sub(" +", " ", match[0]) for match in COLUMNS.finditer(text))


def _closing(text: str, start: int) -> int | None:
    depth = 0
    for place in range(start, min(len(text), start + 500)):
        if text[place] == "[":
            depth += 1
        elif text[place] == "]":
            depth -= 1
        if depth == 0:
            return place + 1
        if depth > _DEEPEST:
            return None
    return None
