"""Networks without one cause of their time: measured side by side with the networks as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

from convcost.explain.ablation import Ablation, Change
from convcost.explain.difference import by_cause
from convcost.explain.differences import differences
from convcost.explain.evidence import Pair
from convcost.explain.plans import changed
from convcost.explain.ratio import MeasuredRatio
from convcost.explain.verification import verifications
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.explain.ablation import Agreement
    from convcost.explain.difference import Cause
    from convcost.explain.evidence import Case, Evidence
    from convcost.explain.plans import Plan
    from convcost.explain.verify import Verifier
    from convcost.measure import Measurement, Measurements

#: Seconds that a run of the framework's loop is to take, by prediction, and how many batches it
#: has at least, so that what is done once per run weighs little, and at most.
_LOOP_SECONDS = 0.5
_FEWEST, _MOST = 16, 256
#: Changes that are told in a line each.
_TOLD = 3
_WORDS: Mapping[Agreement, str] = {
    "as predicted": "as predicted, within 25 %",
    "same direction": "in the predicted direction, not within 25 %",
    "opposite direction": "opposite to what is predicted",
    "unsure": "too unsure to tell: a longer --time tells more",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What was measured for a plan.

    Attributes:
        measurement: of the network without the cause; of the loop, where that is left out.
        batches: of the loop; None without one.
    """

    measurement: Measurement
    batches: int | None = None


def taken(
    verifier: Verifier, cases: Sequence[Case], plans: Sequence[Plan]
) -> tuple[Measurements, tuple[Ran | None, ...]]:
    """Measure networks, and those without a cause between them, turn by turn.

    The framework's loop is measured behind them. The effort is shared by all of them.

    Args:
        verifier: what measures.
        cases: the networks.
        plans: what is taken out.

    Returns:
        The measurements of the networks, and what was measured for each plan: None where Ctrl-C
        came before.
    """
    from convcost.measure import Measurements

    own = [case.network for case in cases]
    others = [plan.pair.a.network for plan in plans if plan.pair is not None]
    loops = [plan for plan in plans if plan.pair is None]
    number = len(own) + len(others)
    share = number / (number + len(loops))
    found = verifier([*own, *others], share=share)
    beside = iter(found.networks[len(own) :])
    in_loop = iter(_in_loop(verifier, loops, 1 - share, skip=found.interrupted))
    ran = tuple(next(in_loop) if plan.pair is None else Ran(next(beside)) for plan in plans)
    return Measurements(found.networks[: len(own)], found.ratios[: len(own) - 1]), ran


def _in_loop(
    verifier: Verifier, plans: Sequence[Plan], share: float, *, skip: bool
) -> list[Ran | None]:
    """The networks in the framework's loop."""
    if skip or not plans:
        return [None] * len(plans)
    batch = max(plan.case.seconds + plan.case.prediction.loop.seconds for plan in plans)
    batches = min(max(round(_LOOP_SECONDS / batch), _FEWEST), _MOST)
    try:
        found = verifier.in_loop([plan.case.network for plan in plans], batches, share=share)
    except KeyboardInterrupt:  # what was measured before stays
        return [None] * len(plans)
    return [Ran(each, batches) for each in found.networks]


def finished(
    plans: Sequence[Plan], evidence: Evidence, ran: Sequence[Ran | None]
) -> tuple[Ablation, ...]:
    """The ablations with what was measured of them.

    Args:
        plans: what is taken out.
        evidence: the networks, with what was measured of them.
        ran: what was measured for each plan; empty where nothing was.
    """
    return tuple(
        _finished(plan, evidence.cases[plan.case.index], one, measured=bool(ran))
        for plan, one in zip(plans, ran or (None,) * len(plans), strict=True)
    )


def _finished(plan: Plan, case: Case, ran: Ran | None, *, measured: bool) -> Ablation:
    causes: dict[Cause, float] = {}
    if plan.pair is None:
        causes = {"loop": plan.predicted.seconds}
    elif not plan.without.per_mac:
        causes = {each.cause: each.seconds for each in by_cause(differences(plan.pair))}
    return Ablation(
        name=plan.name,
        network=case.index,
        without=plan.without,
        predicted=plan.predicted,
        measured=None if ran is None else _change(plan, case, ran),
        causes=causes,
        interrupted=measured and (ran is None or ran.measurement.interrupted),
    )


def _change(plan: Plan, case: Case, ran: Ran) -> Change | None:
    """The measured change; None where the layers of steps whose part it is were not timed."""
    from convcost.measure.measurement import Measurements, ratios

    found = case.verification
    if found is None:
        return None
    if plan.pair is None:
        return _of_loop(found.measurement, ran.measurement, ran.batches or 1)
    after = plan.pair.a
    (beside,) = verifications([after.prediction], Measurements((ran.measurement,), ()))
    (ratio,) = ratios((found.measurement, ran.measurement))
    times = ratio.times
    compared = Pair(
        replace(after, verification=beside),
        case,
        MeasuredRatio(times.median, times.low, times.high, times.confidence),
    ).compared
    whole = found.compared
    if compared is None or whole is None:
        return None
    scaled = compared.times(plan.scale)
    return changed(whole.median, scaled.value, scaled.low, scaled.high, scaled.confidence)


def _of_loop(step: Measurement, loop: Measurement, batches: int) -> Change:
    """A step by itself in place of a batch of the loop; process by process, as both have them."""
    from convcost.measure.statistics import interval

    alone, within = _medians(step), [seconds / batches for seconds in _medians(loop)]
    found = interval([x - y for x, y in zip(alone, within, strict=False)])
    whole = loop.seconds.median / batches
    return Change(found.median, found.low, found.high, found.median / whole, found.confidence)


def _medians(found: Measurement) -> list[float]:
    """Of each process."""
    rest = iter(found.samples)
    return [median(islice(rest, number)) for number in found.processes]


def told(ablations: Sequence[Ablation], evidence: Evidence) -> Iterator[str]:
    """A line for each of the largest changes."""
    for each in ablations[:_TOLD]:
        per = ", per MAC," if each.without.per_mac else ""
        name = evidence.cases[each.network].name
        start = f"without {each.without.subject}{per} {name} takes"
        if each.measured is None or each.agreement is None:
            yield f"{start} {_less(each.predicted)}, by prediction"
            continue
        yield (
            f"{start} {_less(each.measured, _ends(each.measured))}; predicted "
            f"{_less(each.predicted)}: {_WORDS[each.agreement]}"
        )


def _less(change: Change, ends: str = "") -> str:
    """So much less or more, its interval, and the share of the whole."""
    words = f"{format_seconds(abs(change.seconds))} {'less' if change.seconds < 0 else 'more'}"
    share = "" if change.share is None else f", {format_percent(abs(change.share))}"
    return f"{words}{f' ({ends})' if ends else ''}{share}"


def _ends(change: Change) -> str:
    """The interval of how much less, or more."""
    sign = -1 if change.seconds < 0 else 1
    ends = sorted(sign * end for end in (change.low, change.high) if end is not None)
    return " to ".join(map(format_seconds, ends))
