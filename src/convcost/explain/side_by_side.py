"""Networks measured turn by turn with those that lack a cause; of these, some may fail."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.explain.evidence import Case
    from convcost.explain.plans import Plan
    from convcost.explain.verify import Verifier
    from convcost.measure import Measurement, Measurements
    from convcost.network.network import Network

#: Seconds that a run of the framework's loop is to take, by prediction, and how many batches it
#: has at least, so that what is done once per run weighs little, and at most.
_LOOP_SECONDS = 0.5
_FEWEST, _MOST = 16, 256

#: Measures networks side by side.
_Measure: TypeAlias = "Callable[[Sequence[Network]], Measurements]"


@dataclass(frozen=True, slots=True)
class Ran:
    """What was measured for a plan.

    Attributes:
        measurement: of the network without the cause; of the loop, where that is left out; None
            where it failed.
        batches: of the loop; None without one.
        failure: why it failed; empty where it did not.
    """

    measurement: Measurement | None = None
    batches: int | None = None
    failure: str = ""


def taken(
    verifier: Verifier, cases: Sequence[Case], plans: Sequence[Plan]
) -> tuple[Measurements, tuple[Ran | None, ...]]:
    """Measure networks, and those without a cause between them, turn by turn.

    The framework's loop is measured behind them. The effort is shared by all of them. What lacks a
    cause and cannot be measured is left out, and all others are measured without it.

    Args:
        verifier: what measures.
        cases: the networks.
        plans: what is taken out.

    Returns:
        The measurements of the networks, and what was measured for each plan: None where Ctrl-C
        came before.

    Raises:
        ConvcostError: one of the networks as they are cannot be measured.
    """
    from convcost.measure import Measurements

    own = [case.network for case in cases]
    pairs = [(place, plan.pair) for place, plan in enumerate(plans) if plan.pair is not None]
    others = {place: pair.a.network for place, pair in pairs}
    loops = {place: plan for place, plan in enumerate(plans) if plan.pair is None}
    share = (len(own) + len(others)) / (len(own) + len(plans))
    found, ran = _measured(partial(verifier, share=share), own, others)
    assert found is not None  # noqa: S101 - for types: there are networks as they are
    if not found.interrupted:
        ran |= _in_loop(verifier, loops, 1 - share)
    mine = Measurements(found.networks[: len(own)], found.ratios[: len(own) - 1])
    return mine, tuple(ran.get(place) for place in range(len(plans)))


def _in_loop(verifier: Verifier, plans: Mapping[int, Plan], share: float) -> dict[int, Ran]:
    """The networks in the framework's loop."""
    if not plans:
        return {}
    cases = [plan.case for plan in plans.values()]
    batch = max(case.seconds + case.prediction.loop.seconds for case in cases)
    batches = min(max(round(_LOOP_SECONDS / batch), _FEWEST), _MOST)
    measure = partial(verifier.in_loop, batches=batches, share=share)
    networks = {place: plan.case.network for place, plan in plans.items()}
    try:
        _, ran = _measured(measure, [], networks)
    except KeyboardInterrupt:  # what was measured before stays
        return {}
    return {place: Ran(one.measurement, batches, one.failure) for place, one in ran.items()}


def _measured(
    measure: _Measure, own: Sequence[Network], others: Mapping[int, Network]
) -> tuple[Measurements | None, dict[int, Ran]]:
    """Measure networks; of the others those that fail are left out, and the rest begins anew.

    Args:
        measure: measures them.
        own: that have to be measured.
        others: that need not, by their places.

    Returns:
        What was measured, None where nothing is left; and what there is of each of the others.

    Raises:
        ConvcostError: one of one's own failed, or it is not known which did.
    """
    if not own and not others:
        return None, {}
    try:
        found = measure([*own, *others.values()])
    except ConvcostError as error:
        failed = _failed(error, others, alone=not own)
        if not failed:
            raise
        ran = dict.fromkeys(failed, Ran(failure=" ".join(error.message.split())))
    else:
        rest = zip(others, found.networks[len(own) :], strict=True)
        return found, {place: Ran(one) for place, one in rest}
    left = {place: network for place, network in others.items() if place not in failed}
    found_of_left, ran_of_left = _measured(measure, own, left)
    return found_of_left, ran | ran_of_left


def _failed(error: ConvcostError, others: Mapping[int, Network], *, alone: bool) -> list[int]:
    """The one that an error is about; all of them where it is about none and they are alone."""
    named = [place for place, network in others.items() if network.name == error.network]
    return named[:1] or (list(others) if alone else [])
