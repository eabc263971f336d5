"""Explain networks: the answer, where the time goes, the difference and its causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.count import Workload, count
from convcost.errors import UsageError
from convcost.explain.ablated import failures, finished, told
from convcost.explain.achieved import achieved
from convcost.explain.agreement import checked, how_measured, surprises
from convcost.explain.answer import answer
from convcost.explain.differences import differences
from convcost.explain.evidence import Case, Evidence, Pair
from convcost.explain.explanation import Explanation
from convcost.explain.measured import with_measured
from convcost.explain.plans import plans
from convcost.explain.ratio import Ratio
from convcost.explain.rules import rules
from convcost.explain.side_by_side import taken
from convcost.explain.times import ratios_of, times_of
from convcost.explain.variations import variations
from convcost.explain.verification import verifications
from convcost.predict import predict
from convcost.runtime import default_for

if TYPE_CHECKING:
    from convcost.device import Device
    from convcost.explain.side_by_side import Ran
    from convcost.explain.verification import Verification
    from convcost.explain.verify import Verifier
    from convcost.measure import Measurements
    from convcost.network.network import Network
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime


def explain(
    networks: Sequence[Network],
    workload: Workload | None = None,
    *,
    device: Device | None = None,
    runtime: Runtime | None = None,
    profile: Profile | None = None,
    measured: Sequence[float] | Measurements = (),
    verifier: Verifier | None = None,
    ablate: Sequence[str] | None = None,
) -> Explanation:
    """Explain where the time goes, and why one network takes longer than another.

    Args:
        networks: one or more; each is compared with the first.
        workload: default: a batch of 32, inference. Its `samples` say what the measured times are
            for; without them, for one batch.
        device: default: this machine.
        runtime: one for all networks; default: that of the first network's framework.
        profile: of that runtime on that device in the workload's mode; None: by data sheet.
        measured: of these networks, in order: seconds that the user measured, or what convcost
            measured on that device. Without them, the times that the sources tell are used, where
            every source tells one.
        verifier: measures the networks, in the place of `measured`.
        ablate: names of ablations: causes that are taken out of the networks to see what they
            take; None: where the networks are measured those that save most, else none.

    Raises:
        UsageError: no network, what was measured is not of them, or there is nothing for a named
            ablation to take out.
    """
    if not networks:
        raise UsageError("there is no network to explain")
    workload = workload or Workload(batch=32)
    runtime = runtime or default_for(
        networks[0].framework,
        training=workload.training,
        device_kind="cpu" if device is None else device.kind,
    )
    cases = tuple(
        Case(
            index,
            network,
            count(network, workload),
            predict(network, workload, device=device, runtime=runtime, profile=profile),
            profile,
        )
        for index, network in enumerate(networks)
    )
    planned, refused = plans(cases, ablate, verifier)
    given, measurements = (measured, None) if isinstance(measured, Sequence) else ((), measured)
    ran: tuple[Ran | None, ...] = ()
    if verifier is not None:
        measurements, ran = taken(verifier, cases, planned)
    evidence = _measured(cases, workload, given, measurements)
    found = [finding for find in rules().values() for finding in find(evidence)]
    found.sort(key=lambda finding: -finding.seconds)
    parts = [part for pair in evidence.pairs for part in differences(pair)]
    said, checks = checked(evidence, answer(evidence, found, parts))
    ablations = finished(planned, evidence, ran)
    return Explanation(
        said=said,
        checks=(*checks, *told(ablations, evidence)),
        counts=tuple(case.count for case in evidence.cases),
        predictions=tuple(case.prediction for case in evidence.cases),
        verifications=tuple(x.verification for x in evidence.cases if x.verification is not None),
        ratios=tuple(map(_ratio, evidence.pairs)),
        findings=tuple(with_measured(finding, evidence) for finding in found),
        differences=tuple(parts),
        ablations=ablations,
        achieved=tuple(
            achieved(case, case.time, case.time.samples)
            for case in evidence.cases
            if case.time is not None and case.time.samples is not None
        ),
        variations=variations(evidence),
        assumptions=(
            *_assumptions(evidence.cases[0]),
            *how_measured(evidence.cases[0]),
            *(case.time.text for case in evidence.cases if case.time and case.time.text),
            *surprises(evidence),
            *refused,
            *failures(ablations, evidence),
        ),
    )


def _measured(
    cases: tuple[Case, ...],
    workload: Workload,
    given: Sequence[float],
    measurements: Measurements | None,
) -> Evidence:
    """The evidence with what was measured of it, by the user or by convcost.

    Raises:
        UsageError: what was measured is not of these networks.
    """
    networks = [case.network for case in cases]
    verified: tuple[Verification, ...] = ()
    if measurements is not None:
        verified = verifications([case.prediction for case in cases], measurements)
    times = times_of(networks, workload, given, verified)
    none = (None,) * len(cases)
    return Evidence(
        tuple(
            replace(case, time=time, verification=verification)
            for case, time, verification in zip(cases, times or none, verified or none, strict=True)
        ),
        ratios_of(times, measurements),
    )


def _ratio(pair: Pair) -> Ratio:
    part = pair.compared if pair.compared != pair.measured else None
    return Ratio(pair.a.index, pair.b.index, pair.ratio, pair.measured, part)


def _assumptions(case: Case) -> tuple[str, ...]:
    prediction = case.prediction
    return (
        *prediction.assumptions,
        (
            f"device {prediction.device.name} ({prediction.device.title}), runtime "
            f"{prediction.runtime.name} ({prediction.runtime.title})"
        ),
        (
            f"batch {prediction.workload.batch}, {prediction.workload.mode}, "
            f"{'training step' if prediction.of_step else 'forward pass'}; times by "
            f"{'calibrated profile' if prediction.basis == 'calibrated' else 'data sheet'}, "
            "without the framework's own loop over a data set"
        ),
    )
