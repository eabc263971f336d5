"""Rows of the tools that print a tree: torchinfo and torch-scan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.read.torch.tables.cells import (
    by_column,
    column_titles,
    possible,
    read_cells,
    read_shape,
)
from convcost.read.torch.tables.table import TorchRow

if TYPE_CHECKING:
    from convcost.read.torch.tables.cells import Cell

_BRANCH = re.compile(r"(?:──|└─)(?=[A-Za-z_])")
_HEADER = re.compile(r"Layer *+\( *+type *+(?:\( *+var_name *+\))? *+(?P<index>:depth-idx)? *+\)")
_SCAN_HEADER = re.compile(r"Layer *+Type *+Output *+Shape *+Param *+#")
_ROW = re.compile(
    r" *+(?P<tree>(?:\| *+)*+(?:(?:──|└─|\+) *+)?)(?P<kind>[A-Za-z_]\w*+)"
    r"(?: *+\((?P<name>[\w.\-]++)\))?(?: *+: *+(?P<depth>[0-9]{1,3})(?:-(?P<index>[0-9]{1,6}))?)?"
    r"(?= |$)"
)
_SCAN_ROW = re.compile(
    r" *+(?P<tree>(?:\| *+)*+(?:(?:──|└─) *+)?)(?P<name>[\w.\-]++) ++(?P<kind>[A-Za-z_]\w*+) ++"
    r"(?P<shape>\((?:-?[0-9]++,? *+)*+\)) ++(?P<number>[0-9][0-9,]*+)$"
)


def starts(text: str) -> list[int]:
    """Where rows of a tree begin inside a text, the bars before their branches included.

    >>> starts("|    └─Conv2d: 2-1 [1, 3] 4 |    └─ReLU: 2-2 [1, 3] --")
    [0, 28]
    """
    branches = (match.start() for match in _BRANCH.finditer(text))
    return [_after_blanks(text, branch) for branch in branches]


def _after_blanks(text: str, branch: int) -> int:
    """Where the bars and spaces before a branch begin."""
    start = branch
    while start and text[start - 1] in "| ":
        start -= 1
    return text.find("|", start, branch) if "|" in text[start:branch] else branch


def torchinfo_columns(text: str) -> tuple[str, ...] | None:
    """The columns of torchinfo's header; None where a text is another one.

    >>> torchinfo_columns("Layer (type:depth-idx)   Output Shape   Param #   Mult-Adds")
    ('Output Shape', 'Param #', 'Mult-Adds')
    """
    header = _HEADER.search(text)
    if header is None:
        return None
    return column_titles(text[header.end() :]) or None


def is_scan_header(text: str) -> bool:
    """Whether a text is torch-scan's header."""
    return _SCAN_HEADER.search(text) is not None


def torchinfo_row(line: int, text: str, columns: tuple[str, ...]) -> TorchRow | None:
    """Read a row of torchinfo; one without a header must show its place in the tree.

    >>> row = torchinfo_row(7, "|    └─Conv2d (conv1): 2-1  [1, 16, 64, 64]  (448)", ())
    >>> row.depth, row.kind, row.name, row.shape, row.parameters, row.trainable
    (2, 'Conv2d', 'conv1', (1, 16, 64, 64), 448, False)
    """
    match = _ROW.match(text)
    if match is None or not (columns or match["depth"] or match["tree"].strip(" |+")):
        return None
    cells = read_cells(text[match.end() :])
    if not cells or "None" in text or "null" in text:
        return None
    depth = int(match["depth"]) if match["depth"] else _depth(match["tree"])
    if cells[-1].kind == "part":
        # The parameter of a module, printed below it: its row has the sum.
        return TorchRow(line=line, kind="", depth=depth)
    if not (columns or match["depth"]):
        return None
    named = by_column(cells, columns)
    if named is None:
        return None
    return TorchRow(
        line=line,
        kind=match["kind"],
        name=match["name"] or "",
        label=f"{match['depth']}-{match['index']}" if match["index"] else "",
        depth=depth,
        shape=_shape(named.get("Output Shape")),
        input_shape=_shape(named.get("Input Shape")),
        kernel=_sizes(named.get("Kernel Shape")),
        groups=_number(named.get("Groups")),
        parameters=_parameters(named.get("Param #")),
        macs=_number(named.get("Mult-Adds")),
        trainable=_trainable(named),
        recursive="Param #" in named and named["Param #"].kind == "recursive",
    )


def scan_row(line: int, text: str) -> TorchRow | None:
    """Read a row of torch-scan.

    >>> scan_row(3, "|    └─conv1   Conv2d   (-1, 64, 112, 112)   9,408").shape
    (-1, 64, 112, 112)
    """
    match = _SCAN_ROW.match(text)
    if match is None:
        return None
    return TorchRow(
        line=line,
        kind=match["kind"],
        name=match["name"],
        depth=_depth(match["tree"]),
        shape=read_shape(match["shape"]),
        parameters=int(match["number"].replace(",", "")),
    )


def _depth(tree: str) -> int:
    return tree.count("|") + 1 if tree.strip(" |") else 0


def _shape(cell: Cell | None) -> tuple[int, ...] | None:
    return cell.shape if cell is not None and cell.kind == "shape" else None


def _sizes(cell: Cell | None) -> tuple[int, ...] | None:
    """A kernel, printed as a list or, for equal sides, as one number."""
    if cell is None:
        return None
    return possible((cell.number,)) if cell.kind == "number" else _shape(cell)


def _number(cell: Cell | None) -> int | None:
    number = cell.number if cell is not None and cell.kind == "number" else 0
    return number or None


def _parameters(cell: Cell | None) -> int | None:
    if cell is None or cell.kind not in ("number", "frozen", "none", "recursive"):
        return None
    return cell.number if cell.kind in ("number", "frozen") else 0


def _trainable(named: dict[str, Cell]) -> bool | None:
    if "Param #" in named and named["Param #"].kind == "frozen":
        return False
    cell = named.get("Trainable")
    if cell is None or cell.kind != "truth" or cell.text == "Partial":
        return None
    return cell.text == "True"
