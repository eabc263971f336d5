"""Explain networks: the answer, where the time goes, the difference and its causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count import Workload, count
from convcost.errors import UsageError
from convcost.explain.achieved import achieved
from convcost.explain.answer import answer
from convcost.explain.differences import differences
from convcost.explain.evidence import Case, Evidence
from convcost.explain.explanation import Explanation, Ratio
from convcost.explain.rules import rules
from convcost.explain.times import Time, given, ratio, told
from convcost.explain.variations import variations
from convcost.predict import predict
from convcost.runtime import default_for
from convcost.units import format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.device import Device
    from convcost.network.network import Network
    from convcost.runtime import Runtime


def explain(
    networks: Sequence[Network],
    workload: Workload | None = None,
    *,
    device: Device | None = None,
    runtime: Runtime | None = None,
    measured: Sequence[float] = (),
) -> Explanation:
    """Explain where the time goes, and why one network takes longer than another.

    Args:
        networks: one or more; each is compared with the first.
        workload: default: a batch of 32, inference. Its `samples` say what the measured times are
            for; without them, for one batch.
        device: default: this machine.
        runtime: one for all networks; default: that of the first network's framework.
        measured: seconds that the user measured, one per network. Without them, the times that
            the sources tell are used, where every source tells one.

    Raises:
        UsageError: no network, or another number of measured times.
    """
    if not networks:
        raise UsageError("there is no network to explain")
    if measured and len(measured) != len(networks):
        raise UsageError(
            f"{len(measured)} measured times for {len(networks)} networks",
            hint="give one time per network, in the order of the sources: --measured 4.6s,2.3s",
        )
    workload = workload or Workload(batch=32)
    if workload.samples is not None and not measured and not any(n.measured for n in networks):
        raise UsageError(
            "samples say what measured times are for, and there are none",
            hint="give --measured 4.6s,2.3s too; or predict --samples for a whole data set",
        )
    runtime = runtime or default_for(networks[0].framework)
    evidence = Evidence(
        tuple(
            Case(
                index,
                network,
                count(network, workload),
                predict(network, workload, device=device, runtime=runtime),
            )
            for index, network in enumerate(networks)
        )
    )
    found = [finding for find in rules().values() for finding in find(evidence)]
    found.sort(key=lambda finding: -finding.seconds)
    parts = [part for pair in evidence.pairs for part in differences(pair)]
    times = given(measured, workload) if measured else told(networks, workload)
    return Explanation(
        answer=answer(evidence, found, parts),
        counts=tuple(case.count for case in evidence.cases),
        predictions=tuple(case.prediction for case in evidence.cases),
        ratios=tuple(
            Ratio(
                pair.a.index,
                pair.b.index,
                pair.ratio,
                ratio(times[pair.a.index], times[pair.b.index]) if times else None,
            )
            for pair in evidence.pairs
        ),
        findings=tuple(found),
        differences=tuple(parts),
        achieved=tuple(
            achieved(case, time.seconds, time.samples, trained=time.trained)
            for case, time in zip(evidence.cases, times, strict=False)
            if time.samples is not None
        ),
        variations=variations(evidence),
        assumptions=(
            *_assumptions(evidence.cases[0]),
            *(time.text for time in times if time.text),
            *_surprises(evidence, times),
        ),
    )


def _surprises(evidence: Evidence, times: Sequence[Time]) -> Iterator[str]:
    """Measured ratios that the prediction did not see coming."""
    for pair in evidence.pairs if times else ():
        measured = ratio(times[pair.a.index], times[pair.b.index])
        band = pair.ratio
        if not band.low <= measured <= band.high:
            yield (
                f"the measured ratio {pair.a.name} / {pair.b.name}, {format_ratio(measured)}, is "
                f"outside the predicted {format_ratio(band.low)} to {format_ratio(band.high)}: try "
                "the --runtime, --device and --batch of the measurement"
            )


def _assumptions(case: Case) -> tuple[str, ...]:
    prediction = case.prediction
    return (
        *prediction.assumptions,
        (
            f"device {prediction.device.name} ({prediction.device.title}), runtime "
            f"{prediction.runtime.name} ({prediction.runtime.title})"
        ),
        (
            f"batch {prediction.workload.batch}, {prediction.workload.mode}, forward pass; times "
            "by data sheet, without the framework's own loop"
        ),
    )
