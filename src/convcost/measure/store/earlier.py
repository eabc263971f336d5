"""An interval that also holds what the same network took in earlier runs.

Samples that are taken within a minute agree better with each other than with those of the next
minute, in which the machine's clock, its memory or its neighbours may be others. How far apart they
are, earlier runs of the same network tell.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.measure.statistics import Verdict, apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.measure.measurement import Measurement
    from convcost.measure.store.store import Store

#: So many runs count, the newest ones.
_MOST = 10


def with_earlier(one: Measurement, store: Store, fingerprint: str) -> Measurement:
    """A measurement whose interval holds the medians of earlier runs.

    Args:
        one: as it was measured; it is not in the store yet.
        store: of earlier runs.
        fingerprint: of its network.
    """
    runs = store.like(fingerprint, one, most=_MOST)
    return widened(one, [run.measurement.seconds.median for run in runs])


def widened(one: Measurement, medians: Sequence[float]) -> Measurement:
    """The interval from the lowest to the highest of its own ends and earlier medians."""
    if not medians:
        return one
    seconds = replace(
        one.seconds,
        low=min(one.seconds.low, *medians),
        high=max(one.seconds.high, *medians),
    )
    return replace(
        one,
        seconds=seconds,
        earlier=len(medians),
        verdict=_judged(one.verdict, apart([one.seconds.median, *medians])),
    )


def _judged(verdict: Verdict, reason: str | None) -> Verdict:
    """Noisy as well where the runs are far apart."""
    if reason is None:
        return verdict
    advice = verdict.advice or "measure what is to be compared side by side, in one command"
    return Verdict("noisy", (*verdict.reasons, reason), advice)
