"""Depthwise convolutions, whose MACs say little about their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.units import format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.05
#: Their share of the time is at least so many times that of the MACs.
_LEAST_FACTOR = 1.5


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about all of them."""
    names = tuple(
        row.name for row in case.count.layers if row.op == "depthwise_conv" and row.forward
    )
    time = sum(case.predicted[name].share for name in names)
    macs = case.layer_macs(names) / max(1, case.macs)
    if time < _LEAST_SHARE or time < _LEAST_FACTOR * macs:
        return
    costs = [cost for name in names if (cost := case.counted[name].forward) is not None]
    moved = sum(number(cost.bytes, "bytes") for cost in costs)
    per_byte = case.layer_macs(names) / max(1, moved)
    seconds = sum(case.predicted[name].seconds for name in names)
    yield Finding(
        network=case.index,
        layers=names,
        text=(
            f"the {len(names)} depthwise convolutions of {case.name} do {format_percent(macs)} of "
            f"its MACs and take {format_percent(time)} of its time: each value that is read serves "
            f"one channel only, {per_byte:.1f} MACs per byte, so that memory limits them and not "
            "arithmetic. Fewer MACs are not as much less time"
        ),
        numbers={
            "layers": len(names), "macs_share": macs, "share": time, "bytes": moved,
            "macs_per_byte": per_byte, "seconds": seconds,
        },
        seconds=seconds,
        timed=names,
    )  # fmt: skip
