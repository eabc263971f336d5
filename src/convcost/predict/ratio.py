"""The ratio of two predicted times, in which errors that both have cancel."""

from __future__ import annotations

import math

from convcost.predict.estimate import Estimate, interval


def ratio(a: Estimate, b: Estimate, shared: float) -> Estimate:
    """``a / b`` with a 90 % band.

    The times of what both networks share (S) and of the rest of each (A, B) are off by factors of
    the predictions' spread s. To first order the logarithm of (S + A) / (S + B) then varies by
    s * sqrt((S/Ta - S/Tb)^2 + (A/Ta)^2 + (B/Tb)^2), were these factors independent. Parts of one
    network are off together, with the correlation `common`; A and B are parts of one network the
    more so, the larger S is in one of them. What all three have in common cancels, since the
    weights in the sum, S/Ta - S/Tb, A/Ta and -B/Tb, add up to zero.

    Args:
        a: predicted time of one network.
        b: of the other.
        shared: seconds of the part that both have.

    >>> close = ratio(Estimate(0.9, 0.7, 1.2), Estimate(1.0, 0.8, 1.3), 0.8)
    >>> close.value, close.low < 0.9 < close.high < 1.1
    (0.9, True)
    >>> apart = ratio(Estimate(0.9, 0.7, 1.2), Estimate(1.0, 0.8, 1.3), 0.0)
    >>> apart.high > 1.2
    True
    """
    of_a, of_b = shared / a.value, shared / b.value
    common = min(a.common, b.common) * max(of_a, of_b)
    spread = max(a.spread, b.spread) * math.sqrt(1 - common)
    deviation = spread * math.sqrt((of_a - of_b) ** 2 + (1 - of_a) ** 2 + (1 - of_b) ** 2)
    value = a.value / b.value
    return Estimate(value, *interval(value, deviation))
