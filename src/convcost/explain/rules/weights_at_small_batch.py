"""Weights that are read for few samples: a larger batch reads them no more often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.units import format_bytes, format_names, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: Weights are at least this share of what such a layer reads and writes ...
_MOST_WEIGHTS = 0.8
#: ... and such layers take at least this share of the time.
_LEAST_SHARE = 0.1


def of_case(case: Case) -> Iterator[Finding]:
    """One finding about all of them."""
    names = tuple(row.name for row in case.count.layers if _reads_weights(case, row.name))
    share = sum(case.predicted[name].share for name in names)
    if share >= _LEAST_SHARE:
        yield _finding(case, names, share)


def _reads_weights(case: Case, name: str) -> bool:
    cost, layer = case.counted[name].forward, case.predicted.get(name)
    if cost is None or layer is None or layer.bound != "memory":
        return False
    moved = number(cost.bytes, "bytes")
    return number(cost.weight_bytes, "bytes") >= _MOST_WEIGHTS * max(1, moved)


def _finding(case: Case, names: tuple[str, ...], share: float) -> Finding:
    costs = [cost for name in names if (cost := case.counted[name].forward) is not None]
    weights = sum(number(cost.weight_bytes, "bytes") for cost in costs)
    batch = case.prediction.workload.batch
    samples = "one sample" if batch == 1 else f"{batch} samples"
    seconds = sum(case.predicted[name].seconds for name in names)
    return Finding(
        network=case.index,
        layers=names,
        text=(
            f"{format_names(names)} of {case.name} read "
            f"{format_bytes(weights)} of weights for {samples}: that takes "
            f"{format_percent(share)} of the time, whatever the arithmetic"
        ),
        numbers={"weight_bytes": weights, "share": share, "batch": batch, "seconds": seconds},
        advice="a larger batch reads them as often for more samples; or fewer weights: global "
        "average pooling in place of Flatten and Dense",
        seconds=seconds,
        timed=names,
    )
