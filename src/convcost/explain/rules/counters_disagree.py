"""Other tools' counts of the same network, where they are another figure and not another unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.count.conventions.difference import count_as
from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.units import format_names, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.count.conventions.difference import Cause, OtherCount
    from convcost.explain.evidence import Case, Evidence

#: Those whose figures are quoted most; they count PyTorch's modules.
_TOOLS = ("fvcore", "thop", "torchinfo")
#: Figures that differ by less are a matter of what counts as an operation.
_LEAST_FACTOR = 1.1


def find(evidence: Evidence) -> Iterator[Finding]:
    """One finding for a single PyTorch network whose MACs some tool misses."""
    case = evidence.cases[0]
    if len(evidence.cases) != 1 or case.network.framework != "torch":
        return
    others = [count_as(case.network, tool, case.count.workload) for tool in _TOOLS]
    off = [other for other in others if other.complete and _factor(other) > _LEAST_FACTOR]
    if off:
        yield _finding(case, others, max(off, key=_factor))


def _factor(other: OtherCount) -> float:
    """How far the tool's figure is from ours, either way."""
    return math.exp(abs(math.log(max(1, other.operations) / max(1, other.ours))))


def _finding(case: Case, others: list[OtherCount], worst: OtherCount) -> Finding:
    flops = number(case.count.total.forward.flops, "FLOP")
    causes = "; ".join(map(_clause, worst.causes[:2]))
    rest = ", ".join(_figure(other) for other in others if other is not worst)
    text = (
        f"{_figure(worst)} on {case.name}, where convcost counts {case.macs:,} MACs, which are "
        f"{flops:,} FLOP with the element-wise operations: {causes}"
    )
    return Finding(
        network=case.index,
        layers=worst.causes[0].layers,
        text=f"{text}. Others: {rest}" if rest else text,
        numbers={
            "macs": case.macs, "flops": flops,
            **{other.convention.name: other.operations for other in others},
        },
        advice="a figure needs its convention beside it: `convcost count --as TOOL "
        "--explain-difference` gives every layer's part",
    )  # fmt: skip


def _figure(other: OtherCount) -> str:
    ratio = format_ratio(other.operations / max(1, other.ours))
    return f"{other.convention.name} says {other.operations:,} ({ratio} of ours)"


def _clause(cause: Cause) -> str:
    where = format_names(cause.layers, most=1)
    return f"{cause.difference:+,} at {where}, since {cause.because}"
