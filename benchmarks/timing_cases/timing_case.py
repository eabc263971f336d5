"""What a reported pair of times is, and what convcost predicts for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import convcost
from convcost.predict import Estimate, interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.explain import Explanation
    from convcost.network.network import Network

#: A device and a runtime, by name.
Place: TypeAlias = tuple[str, str]

#: A prediction that is off by less is a hit, whatever its interval.
CLOSE = 0.25


@dataclass(frozen=True, kw_only=True)
class Case:
    """Two networks, or one in two places, whose times were reported: time(B) / time(A).

    Attributes:
        key: the row of the table of cases.
        source: where it was reported.
        a: what A is, in words.
        b: what B is.
        networks: builds both.
        places: where both run, or where A runs and where B; several where the report does not tell.
        batch: samples per batch.
        training: whether training was timed.
        inverted: whether the table has rates in place of times.
        pair: whether A and B are networks to choose between, which `explain` compares in words.
        assumed: what the report leaves open, and what is taken.
        explained: what to say of the outcome.
    """

    key: str
    source: str
    a: str
    b: str
    networks: Callable[[], tuple[Network, Network]]
    places: tuple[tuple[Place, Place], ...]
    batch: int
    training: bool = False
    inverted: bool = False
    pair: bool = True
    assumed: tuple[str, ...]
    explained: str


def same(runtime: str, *devices: str) -> tuple[tuple[Place, Place], ...]:
    """A and B side by side on each of the devices."""
    return tuple(((device, runtime), (device, runtime)) for device in devices)


def predicted(case: Case, places: tuple[Place, Place]) -> Estimate:
    """Time(B) / time(A) with its 90 % band.

    Side by side as `explain` compares them, so that the errors of equal layers cancel; in two
    places the errors are taken to be independent.
    """
    if places[0] == places[1]:
        return explained(case, places[0]).ratios[0].predicted
    of_a, of_b = (
        convcost.predict(
            network, device=device, runtime=runtime, batch=case.batch, training=case.training,
            basis="data sheet",
        ).seconds
        for network, (device, runtime) in zip(case.networks(), places, strict=True)
    )  # fmt: skip
    ratio = of_b.value / of_a.value
    return Estimate(ratio, *interval(ratio, math.hypot(of_a.spread, of_b.spread)))


def explained(case: Case, place: Place) -> Explanation:
    """What convcost says of both in one place."""
    device, runtime = place
    return convcost.explain(
        *case.networks(), device=device, runtime=runtime, batch=case.batch, training=case.training,
        basis="data sheet",
    )  # fmt: skip


def hit(reported: float, found: Estimate) -> bool:
    """Whether a prediction is good: the report lies in its band, or it is close."""
    close = abs(found.value / reported - 1) <= CLOSE
    return close or found.low <= reported <= found.high
