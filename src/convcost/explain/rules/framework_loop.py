"""The framework's own loop over a data set, where batches are quick."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: Of a batch in the loop; below it the rule is silent.
_LEAST_SHARE = 0.2


def of_case(case: Case) -> Iterator[Finding]:
    """One finding, where a data set is asked for or a time of one is known."""
    prediction = case.prediction
    loop = prediction.loop.seconds
    asked = prediction.workload.samples is not None
    told = case.time is not None and not case.time.taken
    share = loop / (loop + case.seconds)
    if (asked or told) and share >= _LEAST_SHARE:
        yield Finding(
            network=case.index,
            layers=(),
            text=(
                f"the loop of {prediction.runtime.title} over a data set takes about "
                f"{format_seconds(loop)} per batch besides, {format_percent(share)} of what a "
                f"batch of {case.name} takes in it: feeding data, callbacks, progress. That "
                "part does not change with the network"
            ),
            numbers={
                "loop_seconds": loop,
                "loop_share": share,
                "batch": prediction.workload.batch,
            },
            advice="a larger batch; several steps per call (Keras: steps_per_execution)",
            seconds=loop,
        )
