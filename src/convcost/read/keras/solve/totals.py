"""Whether the rows of a table add up to its printed totals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.network.dims import summed
from convcost.network.network import Network, Note
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.read.keras.summary.table import Row, Table

#: A number of parameters that is cut off, with what is left of it.
_CUT_CELL = re.compile(r"(?:^| )([0-9,]*)…(?=[ \['\"]|$)", re.MULTILINE)


def filled(table: Table) -> tuple[Table, list[Note]]:
    """The table with its only lost number of parameters, where the total tells it; and a note.

    Nothing is filled in where rows are missing, too: the total would be theirs as well.
    """
    lost = [row for row in table.rows if row.depth == 0 and row.parameters is None]
    total = None if table.totals is None or table.cut else table.totals.total
    if len(lost) != 1 or total is None or _begins_late(table):
        return table, []
    (row,) = lost
    number = total - sum(row.parameters or 0 for row in table.rows if row.depth == 0)
    digits = _CUT_CELL.findall(row.text)
    if number < 0 or not digits or not str(number).startswith(digits[-1].replace(",", "")):
        return table, []
    text = f"{number:,} of the {total:,} parameters are in no other row: those of {row.name}"
    rows = tuple(replace(r, parameters=number) if r is row else r for r in table.rows)
    return replace(table, rows=rows), [Note("repaired", text, None, row.line)]


def check(table: Table, network: Network, *, begins_late: bool) -> tuple[list[Note], list[str]]:
    """What the totals say otherwise, and what the text lacks.

    Args:
        table: as printed.
        network: read from it.
        begins_late: layers before the first row are known to be missing.
    """
    missing = ["the table is cut off: layers are missing"] if table.cut else []
    totals = table.totals
    if begins_late and not table.cut:
        missing.append("the text begins after the first layers")
    if totals is None or totals.total is None or table.cut:
        return [], missing
    notes = []
    counted = [(row, _parameters(row, network)) for row in table.rows if row.depth == 0]
    printed = sum(number for _, number in counted if isinstance(number, int))
    lost = [row.name for row, number in counted if not isinstance(number, int)]
    if begins_late and printed < totals.total:
        missing[-1] += f": {totals.total - printed:,} of {totals.total:,} parameters are not in it"
    elif lost and printed < totals.total:
        names = ", ".join(lost[:8]) + (" ..." if len(lost) > 8 else "")
        missing.append(
            f"{totals.total - printed:,} of {totals.total:,} parameters are in rows whose numbers "
            f"are cut off: {names}"
        )
    elif printed != totals.total:
        text = f"the rows add up to {printed:,} parameters, the table prints {totals.total:,}"
        notes.append(Note("contradiction", text, None, totals.line))
        if printed < totals.total:
            missing.append(f"{totals.total - printed:,} parameters of the total are in no row")
    frozen = _frozen(network, totals.non_trainable)
    if frozen is not None and not begins_late:
        notes.append(Note("assumed", frozen, None, totals.line))
    return notes, missing


def _begins_late(table: Table) -> bool:
    """Whether rows take what is in no row."""
    names = {row.name for row in table.rows}
    return any(entry.layer not in names for row in table.rows for entry in row.inputs or ())


def _parameters(row: Row, network: Network) -> Dim | None:
    """The printed number of parameters; where it is lost, the one that was solved, if any."""
    layers = [layer for layer in network.layers if layer.name == row.name]
    if row.parameters is not None or not layers or isinstance(layers[0].op, Unknown):
        return row.parameters
    return summed(network.table[name].elements for name in layers[0].parameters)


def _frozen(network: Network, non_trainable: int | None) -> str | None:
    """More parameters that are not trained than BatchNorm has statistics."""
    statistics = summed(p.elements for p in network.table.values() if not p.learned)
    known = not any(isinstance(layer.op, Unknown) for layer in network.layers)
    if not known or non_trainable is None or non_trainable == statistics:
        return None
    return (
        f"{non_trainable:,} parameters are not trainable, {statistics} of them statistics of "
        "BatchNorm: the rest is frozen; the table does not say where"
    )
