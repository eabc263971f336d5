"""Whether the rows of a table add up to its printed totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dims import summed
from convcost.network.network import Network, Note
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from convcost.read.summary.table import Table


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
    printed = sum(row.parameters or 0 for row in table.rows if row.depth == 0)
    if begins_late and printed < totals.total:
        missing[-1] += f": {totals.total - printed:,} of {totals.total:,} parameters are not in it"
    elif printed != totals.total:
        text = f"the rows add up to {printed:,} parameters, the table prints {totals.total:,}"
        notes.append(Note("contradiction", text, None, totals.line))
        if printed < totals.total:
            missing.append(f"{totals.total - printed:,} parameters of the total are in no row")
    frozen = _frozen(network, totals.non_trainable)
    if frozen is not None and not begins_late:
        notes.append(Note("assumed", frozen, None, totals.line))
    return notes, missing


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
