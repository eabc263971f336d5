"""What taking a cause out of a network changes, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

from convcost.explain.ablation import WITHIN, Ablation, Change
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
    from convcost.explain.side_by_side import Ran
    from convcost.measure import Measurement

#: Changes that are told in a line each.
_TOLD = 3
_NEAR = f"within {format_percent(WITHIN)}"
_WORDS: Mapping[Agreement, str] = {
    "as predicted": f"as predicted, {_NEAR}",
    "same direction": f"in the predicted direction, not {_NEAR}",
    "opposite direction": "opposite to what is predicted",
    "unsure": "too unsure to tell: a longer --time tells more",
}


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
    one = None if ran is None else ran.measurement
    return Ablation(
        name=plan.name,
        network=case.index,
        without=plan.without,
        predicted=plan.predicted,
        measured=None if ran is None or one is None else _change(plan, case, one, ran.batches),
        causes=causes,
        interrupted=measured and (ran is None or (one is not None and one.interrupted)),
        failure="" if ran is None else ran.failure,
    )


def _change(plan: Plan, case: Case, one: Measurement, batches: int | None) -> Change | None:
    """The measured change; None where the layers of steps whose part it is were not timed."""
    from convcost.measure.measurement import Measurements, ratios

    found = case.verification
    if found is None:
        return None
    if plan.pair is None:
        return _of_loop(found.measurement, one, batches or 1)
    after = plan.pair.a
    (beside,) = verifications([after.prediction], Measurements((one,), ()))
    (ratio,) = ratios((found.measurement, one))
    compared = Pair(
        replace(after, verification=beside), case, MeasuredRatio.of(ratio.times)
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
    return Change(found.median, found.low, found.high, whole, found.confidence)


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
            failed = ": it could not be measured" if each.failure else ""
            yield f"{start} {_less(each.predicted)}, by prediction{failed}"
            continue
        yield (
            f"{start} {_less(each.measured, _ends(each.measured))}; predicted "
            f"{_less(each.predicted)}: {_WORDS[each.agreement]}"
        )


def failures(ablations: Sequence[Ablation], evidence: Evidence) -> Iterator[str]:
    """What could not be measured, and why."""
    for each in ablations:
        if each.failure:
            name = evidence.cases[each.network].name
            yield f"{each.name} of {name} is predicted only, as measuring failed: {each.failure}"


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
