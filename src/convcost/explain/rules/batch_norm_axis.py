"""BatchNorm along an axis that is not the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.ops.norm import BatchNorm
from convcost.units import format_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case
    from convcost.network.network import Layer


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about all such layers."""
    wrong = [layer for layer in case.network.layers if _is_wrong(layer)]
    if wrong:
        yield _finding(case, wrong)


def _is_wrong(layer: Layer) -> bool:
    op = layer.op
    return isinstance(op, BatchNorm) and layer.outputs[0].has("channel") and op.axis != "channel"


def _finding(case: Case, wrong: list[Layer]) -> Finding:
    first = wrong[0]
    assert isinstance(first.op, BatchNorm)  # noqa: S101 - for types
    axis, tensor = first.op.axis, first.outputs[0]
    along, channels = (number(tensor.size(name), name) for name in (axis, "channel"))
    names = tuple(layer.name for layer in wrong)
    which = format_names(names, most=1)
    return Finding(
        network=case.index,
        layers=names,
        text=(
            f"{which} of {case.name} normalises along {axis}: {along} means and "
            f"variances, of the rows or columns of all channels together, instead of {channels}, "
            "one per channel. It cannot be folded into a convolution, and what it learns does not "
            "carry over to another image size"
        ),
        numbers={"layers": len(names), "size": along, "channels": channels},
        advice="give the channels' axis: BatchNormalization(axis=1) for channels_first data",
        seconds=sum(case.predicted[name].seconds for name in names),
        timed=names,
    )
