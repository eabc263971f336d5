"""What a pasted summary table says, as data: rows, totals, and what was repaired on the way.

Everything here is what was printed. A value that the text does not hold is ``None`` (or empty, or
a `Cut`), never a guess.
"""

from __future__ import annotations

from typing import TypeAlias

from convcost.network.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """The place where a shape was cut off by its column, or by the end of the text.

    Always the last dimension of its shape. Digits may be missing after ``prefix``, and whole
    dimensions may be missing after this one; with an empty prefix nothing of the dimension is left.

    >>> Cut("204").admits(2048), Cut("204").admits(20), Cut("").admits(64)
    (True, False, True)
    """

    prefix: str

    def admits(self, size: int) -> bool:
        """Tell whether ``size`` could be the dimension that was cut."""
        return str(size).startswith(self.prefix)


Dimension: TypeAlias = int | Cut | None
"""A printed dimension: a number, ``None`` (printed None, null or ?), or a number cut off."""

Shape: TypeAlias = tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """One entry of the "Connected to" column, ``layer[node][tensor]``.

    Attributes:
        layer: Name of the layer; spelt as in its own row where that row could be told.
        node: Which call of the layer, from 0.
        tensor: Which output of that call, from 0.
        cut: The end of the name was lost and more than one row, or none, begins like it.
    """

    layer: str
    node: int
    tensor: int
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One layer of the table.

    Attributes:
        line: Where the row begins in the whole text, from 1.
        name: Name of the layer as printed.
        kind: Class of the layer as printed, possibly cut ("Batch"); empty when lost.
        shapes: Output shapes: several for several outputs, none for ``multiple`` or when lost.
        parameters: The "Param #" cell; None when lost.
        inputs: The "Connected to" cell; None when the table has no such column.
        text: The row as it stood in the text, for error messages.
        name_cut: The end of the name was lost.
        kind_cut: The closing bracket of the class was lost, and letters before it may be.
        trainable: The "Trainable" column; None when there is none.
        depth: How deep the row is nested (``expand_nested``); 0 at the top.
    """

    line: int
    name: str
    kind: str
    shapes: tuple[Shape, ...]
    parameters: int | None
    inputs: tuple[Connection, ...] | None
    text: str
    name_cut: bool = False
    kind_cut: bool = False
    trainable: bool | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The lines below a table; a line that is missing or cut off is None."""

    line: int
    total: int | None = None
    non_trainable: int | None = None


@dataclass(frozen=True, slots=True)
class TextNote:
    """Something about the text that was repaired, passed over or lost, and on which line."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One summary table found in a text.

    Attributes:
        title: The name after ``Model:``.
        rows: The layers in the order printed; never empty.
        totals: The lines below the table; None when the text holds none.
        line: First line of the table in the whole text, from 1.
        end_line: Its last line (a line may hold more than the table).
        cut: The table does not reach its totals, or rows were left out.
        notes: What was repaired at the level of text.
    """

    title: str | None
    rows: tuple[Row, ...]
    totals: Totals | None
    line: int
    end_line: int
    cut: bool
    notes: tuple[TextNote, ...]
