"""A measurement against an earlier run, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.units import format_ratio

if TYPE_CHECKING:
    from convcost.measure import Measurement


def against_earlier(one: Measurement) -> str:
    """The verdict, the ratio with its interval, and what else is not as it was then."""
    found = one.against
    if found is None:
        return (
            f"{one.source}: no earlier run to compare with (of this network and workload, in "
            f"{one.runtime}, on such a machine with as many threads)"
        )
    low, high = format_ratio(found.ratio.low), format_ratio(found.ratio.high)
    times = f"{format_ratio(found.ratio.median)} ({low.removesuffix('x')}-{high}) its time"
    changes = ", ".join(
        f"{name} {_shown(then)} -> {_shown(now)}" for name, (then, now) in found.changed.items()
    )
    return (
        f"{one.source} against run {found.run} of {moment(found.time)}: {found.verdict}, {times}"
        + (f"; changed: {changes}" if changes else "")
    )


def moment(time: str) -> str:
    """A time of the store for people, to the minute.

    >>> moment("2026-07-01T09:05:59+00:00")
    '2026-07-01 09:05 UTC'
    """
    return f"{time[:16].replace('T', ' ')} UTC"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
