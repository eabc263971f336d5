"""Which causes are taken out of which networks, and what that changes by prediction."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convcost.count import count
from convcost.errors import ConvcostError, UsageError, unknown_name
from convcost.explain.ablation import MATTERS, Change
from convcost.explain.ablations import ablations
from convcost.explain.evidence import Case, Pair
from convcost.predict import predict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.explain.ablation import Without
    from convcost.explain.verify import Verifier

#: In place of names: every ablation that applies, or none.
ALL, NONE = "all", "none"
#: Without names so many are measured, those that save the largest shares of a network's time, and
#: each as much as matters.
_MOST = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """A cause that is to be taken out of a network.

    Attributes:
        name: of the ablation.
        case: the network as it is.
        without: what the ablation makes of it.
        pair: the network without the cause, compared with the network as it is; None where it is
            the framework's loop that is left out.
        predicted: the change.
        scale: on the time without the cause: for the MACs of the network as it is, where it is told
            for these.
    """

    name: str
    case: Case
    without: Without
    pair: Pair | None
    predicted: Change
    scale: float = 1.0


def plans(
    cases: Sequence[Case], names: Sequence[str] | None, verifier: Verifier | None
) -> tuple[tuple[Plan, ...], tuple[str, ...]]:
    """What is to be taken out, by the names or what matters most, and what could not be.

    Args:
        cases: the networks.
        names: of ablations, or `ALL`, or `NONE`; None: where networks are measured those that save
            most, else none.
        verifier: what measures the networks; None where they are only predicted.

    Raises:
        UsageError: there is no such ablation, or none of the networks has what it takes out.
    """
    if names is None:
        return (() if verifier is None else _usual(cases, verifier)), ()
    found: list[Plan] = []
    refused: list[str] = []
    for name in _known(names):
        before, reasons = len(found), []
        for case in cases:
            try:
                found += _plan(name, case)
            except ConvcostError as error:  # it does not fit, or --freeze names what is gone
                reasons.append(f"{name} stays in {case.name}: {error.message}")
        if len(found) == before and ALL not in names:
            raise _nothing(name, cases, reasons)
        refused += reasons
    return tuple(sorted(found, key=_share)), tuple(refused)


def _known(names: Sequence[str]) -> Sequence[str]:
    """The names of ablations that are meant.

    Raises:
        UsageError: there is no such ablation.
    """
    for name in names:
        if name not in (*ablations(), ALL, NONE):
            raise unknown_name("ablation", name, (*ablations(), ALL, NONE))
    if NONE in names and len(names) > 1:
        raise UsageError(f"'{NONE}' and other ablations exclude each other")
    if ALL in names:
        return tuple(ablations())
    return tuple(dict.fromkeys(name for name in names if name != NONE))


def _nothing(name: str, cases: Sequence[Case], reasons: Sequence[str]) -> UsageError:
    """Nothing to take out, or nothing that could be."""
    where = " or ".join(case.name for case in cases)
    text = reasons[0] if reasons else f"there is nothing in {where} for '{name}' to take out"
    return UsageError(text, hint=f"{name} looks for {ablations()[name].LOOKS_FOR}")


def _usual(cases: Sequence[Case], verifier: Verifier) -> tuple[Plan, ...]:
    """Those that save most."""
    found: list[Plan] = []
    for name in ablations():
        for case in cases:
            with suppress(ConvcostError):  # it does not fit: one of the others may
                found += _plan(name, case)
    usual = (
        plan
        for plan in found
        if plan.without.usual
        and _share(plan) <= -MATTERS
        and (plan.pair is not None or verifier.loops)
    )
    return tuple(sorted(usual, key=_share)[:_MOST])


def _share(plan: Plan) -> float:
    return plan.predicted.share or 0.0


def _plan(name: str, case: Case) -> Iterator[Plan]:
    """One, or none where there is nothing to take out."""
    without, old = ablations()[name].without(case), case.prediction
    if without is None:
        return
    if without.network is None:
        yield Plan(name, case, without, None, _of_loop(case))
        return
    network = replace(without.network, name=f"{case.name} without {without.subject}")
    workload = old.workload
    found = predict(network, workload, device=old.device, runtime=old.runtime, profile=case.profile)
    after = Case(case.index, network, count(network, workload), found, case.profile)
    pair = Pair(after, case)
    scale = case.macs / max(1, after.macs) if without.per_mac else 1.0
    ratio = pair.ratio.times(scale)
    predicted = changed(case.seconds, ratio.value, ratio.low, ratio.high)
    yield Plan(name, case, without, pair, predicted, scale)


def changed(
    seconds: float,
    ratio: float,
    low: float | None,
    high: float | None,
    confidence: float | None = None,
) -> Change:
    """The change from a time to so many times it.

    >>> changed(2.0, 0.75, 0.5, None)
    Change(seconds=-0.5, low=-1.0, high=None, whole=2.0, confidence=None)
    """
    low, high = (None if end is None else seconds * (end - 1) for end in (low, high))
    return Change(seconds * (ratio - 1), low, high, seconds, confidence)


def _of_loop(case: Case) -> Change:
    """The steps alone in place of the steps in the loop."""
    loop = case.prediction.loop.seconds
    whole = None if case.prediction.forward_only else case.seconds + loop
    return Change(-loop, whole=whole)
