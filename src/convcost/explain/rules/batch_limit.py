"""What of the memory of a training step grows with the batch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.errors import ConvcostError
from convcost.explain.explanation import Finding
from convcost.runtime.memory import memory
from convcost.units import format_bytes, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case
    from convcost.runtime.memory import Memory

#: Of the peak; below it the batch is not what fills the memory.
_LEAST_SHARE = 0.5


def of_case(case: Case) -> Iterator[Finding]:
    """One finding where the network trains."""
    if not (case.prediction.workload.training and case.count.complete):
        return
    old = case.prediction
    workload = replace(old.workload, samples=None)
    try:
        one, two = (
            memory(case.network, replace(workload, batch=batch), runtime=old.runtime)
            for batch in (workload.batch, workload.batch + 1)
        )
    except ConvcostError:
        return
    each = two.peak - one.peak
    share = each * workload.batch / one.peak
    if share >= _LEAST_SHARE:
        yield _finding(case, one, each, share)


def _finding(case: Case, found: Memory, each: int, share: float) -> Finding:
    largest = max(found.layers, key=lambda layer: layer.saved)
    batch = found.workload.batch
    return Finding(
        network=case.index,
        layers=(largest.name,),
        text=(
            f"a training step of {case.name} needs {format_bytes(found.peak)} at a batch of "
            f"{batch:,}, {format_percent(share)} of it in proportion to the batch: "
            f"{format_bytes(each)} per sample, most of it kept for the backward pass (at most by "
            f"{largest.name}, {format_bytes(largest.saved)}). The parameters are "
            f"{format_bytes(found.parameters)}"
        ),
        numbers={
            "peak_bytes": found.peak, "bytes_per_sample": each, "batch_share": share,
            "parameter_bytes": found.parameters, "layer_bytes": largest.saved,
        },
        advice="`convcost memory --within 8GB` tells the largest batch; gradient accumulation "
        "keeps the batch of an update; --checkpoint keeps less and computes it again",
    )  # fmt: skip
