"""Compare a printout's own figures with the network that was read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.builder import BATCH
from convcost.network.dims import Dim, product, summed
from convcost.network.evaluation import substitute
from convcost.network.network import Network, Note
from convcost.network.op import Call
from convcost.ops.unknown import Unknown
from convcost.units import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.torch.tables.layout import Shapes, Step
    from convcost.read.torch.tables.table import TorchTable

#: Printed totals of multiply-adds that differ by more are mentioned.
_CLOSE = 0.05


def check(
    table: TorchTable, network: Network, read: Sequence[tuple[Step, Op, Tensor]], shapes: Shapes
) -> tuple[list[Note], list[str]]:
    """What the printout says otherwise, and what it lacks.

    Args:
        table: as printed.
        network: read from it.
        read: the layers that have a rule: their step, op and input.
        shapes: of the printout.
    """
    batch = max(shapes.batch or 1, 1)
    notes = [
        note for step, op, tensor in read if (note := _row_note(table, step, op, tensor, batch))
    ]
    missing = ["the printout is cut off: layers may be missing"] if table.cut else []
    totals = table.totals
    if totals is not None and totals.total is not None:
        learned = summed(p.elements for p in network.table.values() if p.learned)
        extra = _scan_extra(table, network)
        printed = any(row.parameters is not None for row in table.rows)
        if isinstance(learned, int) and learned + extra != totals.total:
            if printed:
                text = f"the rows add up to {learned:,} parameters, the printout's total is "
                notes.append(Note("contradiction", f"{text}{totals.total:,}", None, totals.line))
            if totals.total > learned:
                missing.append(f"no row shows {totals.total - learned:,} parameters of the total")
    whole = not missing and not any(isinstance(x.op, Unknown) for x in network.layers)
    if whole and totals is not None and totals.mult_adds is not None:
        ours = _number(summed(_macs(op, tensor) for _, op, tensor in read), batch)
        amount = totals.mult_adds
        if (
            ours is not None
            and not amount.admits(ours)
            and abs(amount.value - ours) > _CLOSE * max(ours, 1)
        ):
            text = (
                f"the printout's total is {format_count(amount.value)} multiply-adds for its "
                f"batch; counted here: {ours:,} MACs ({_convention(table)})"
            )
            notes.append(Note("inferred", text, None, totals.line))
    return notes, missing


def _convention(table: TorchTable) -> str:
    if table.tool == "torchinfo":
        return "torchinfo adds biases and normalisation, and counts a Linear once per sample"
    return "the tool's convention is another one"


def _row_note(table: TorchTable, step: Step, op: Op, tensor: Tensor, batch: int) -> Note | None:
    """A printed number of multiply-adds that is neither ours nor ours with the biases."""
    printed = step.row.macs
    if printed is None or not op.equations(_call(op, tensor)):
        return None
    batch = batch if table.batched else 1
    ours = _number(_macs(op, tensor), batch)
    result = op.outputs(tensor)[0]
    outputs = _number(product(result.shape), batch)
    if ours is None or outputs is None or printed in (ours, ours + outputs):
        return None
    text = f"{printed:,} multiply-adds are printed, {ours:,} counted"
    reason = _reason(step, result, printed, batch)
    kind = "inferred" if reason else "contradiction"
    return Note(kind, f"{text}{reason}", step.name, step.row.line)  # type: ignore[arg-type]


def _reason(step: Step, result: Tensor, printed: int, batch: int) -> str:
    """Which known fault of torchinfo explains the number."""
    parameters = step.row.parameters or 0
    if step.row.kind == "Linear" and printed in (parameters, parameters * batch):
        if len(result.axes) > 2:
            return ": torchinfo leaves out the positions of a Linear on more than two axes"
        return ": torchinfo counts the biases"
    positions = product(a.size for a in result.axes if a.name not in ("batch", "channel"))
    transposed = step.row.kind.startswith("ConvTranspose")
    if transposed and printed == parameters * batch * positions:
        return ": torchinfo multiplies by output positions, a transposed one works per input"
    if step.row.kind in ("LSTM", "GRU", "RNN"):
        return ": torchinfo counts both biases of every gate"
    return ""


def _scan_extra(table: TorchTable, network: Network) -> int:
    """torch-scan's parameters contain statistics, and a counter per BatchNorm."""
    if table.tool != "torch-scan":
        return 0
    statistics = [p for p in network.table.values() if not p.learned]
    elements = summed(p.elements for p in statistics)
    return (elements if isinstance(elements, int) else 0) + len(statistics) // 2


def _call(op: Op, tensor: Tensor) -> Call:
    return Call((tensor,), op.outputs(tensor))


def _macs(op: Op, tensor: Tensor) -> Dim:
    return summed(equation.macs for equation in op.equations(_call(op, tensor)))


def _number(size: Dim, batch: int) -> int | None:
    """A size at some batch; None where other sizes are open."""
    bound = substitute(size, {str(BATCH): batch})
    return bound if isinstance(bound, int) else None
