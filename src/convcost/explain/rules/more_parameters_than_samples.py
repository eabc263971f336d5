"""More parameters than the data can teach (seed 004, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.units import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: Trained parameters over samples; below it the rule is silent.
_MANY = 10.0


def of_case(case: Case) -> Iterator[Finding]:
    """One finding where the network is trained on a known number of samples."""
    workload = case.prediction.workload
    trained = case.count.total.trainable_parameters
    if not (workload.training and workload.samples and isinstance(trained, int)):
        return
    ratio = trained / workload.samples
    if ratio >= _MANY:
        yield _finding(case, trained, workload.samples, ratio)


def _finding(case: Case, trained: int, samples: int, ratio: float) -> Finding:
    largest = max(case.count.layers, key=lambda row: row.parameters or 0)  # type: ignore[arg-type, return-value]
    return Finding(
        network=case.index,
        layers=(largest.name,),
        text=(
            f"{case.name} trains {format_count(trained)} parameters on {samples:,} samples, "
            f"{ratio:,.0f} per sample: it can learn them by heart; what it does on others has to "
            f"be watched. {largest.name} has most of them"
        ),
        numbers={"trainable_parameters": trained, "samples": samples, "per_sample": ratio},
        advice="fewer parameters where most are (global average pooling, a bottleneck), dropout, "
        "augmentation, or weights that were trained on more data and are kept (--freeze)",
    )
