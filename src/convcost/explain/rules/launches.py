"""Networks whose time is that of starting kernels, not of what these do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.predict import predict
from convcost.predict.batches import over_batches
from convcost.predict.kernel import parts_of
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.count import Workload
    from convcost.explain.evidence import Case
    from convcost.predict import Prediction

#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.5
_BATCHES = tuple(2**power for power in range(13))


def of_case(case: Case) -> Iterator[Finding]:
    """One finding, with the batch from which on launches are the smaller part."""
    launch = parts_of(case.prediction.kernels)["launch"]
    if launch >= _LEAST_SHARE * case.seconds:
        yield _finding(case, launch)


def _finding(case: Case, launch: float) -> Finding:
    old, kernels = case.prediction, len(case.prediction.kernels)

    def predicted(workload: Workload) -> Prediction:
        return predict(
            case.network, workload, device=old.device, runtime=old.runtime, profile=case.profile
        )

    batches = [batch for batch in _BATCHES if batch > old.workload.batch]
    at = replace(old.workload, samples=None)
    crossover = over_batches(predicted, at, batches).crossover if batches else None
    larger = (
        f"from a batch of {crossover:,} on the work is the larger part"
        if crossover
        else f"up to a batch of {_BATCHES[-1]:,} that does not change"
    )
    share = launch / case.seconds
    return Finding(
        network=case.index,
        layers=(),
        text=(
            f"starting its {kernels} kernels takes {format_percent(share)} of the time of "
            f"{case.name}, {format_seconds(launch)}: a faster {old.device.kind.upper()}, or fewer "
            f"MACs, would hardly help; {larger}"
        ),
        numbers={
            "kernels": kernels, "launch_seconds": launch, "launch_share": share,
            "crossover": crossover,
        },
        advice="a larger batch; a runtime that fuses layers (torch.compile, XLA); fewer layers",
        seconds=launch,
    )  # fmt: skip
