"""The ratio of two predicted times, in which the errors of what is equal cancel."""

from __future__ import annotations

import math

from convcost.predict.estimate import Estimate, interval


def ratio(a: float, b: float, shared: float, spread: float) -> Estimate:
    """``a / b`` with a 90 % band.

    The times of what both networks share (S) and of the rest of each (A, B) are taken to be off by
    independent factors of the predictions' spread s. To first order the logarithm of
    (S + A) / (S + B) then varies by s * sqrt((S/Ta - S/Tb)^2 + (A/Ta)^2 + (B/Tb)^2).

    Args:
        a: predicted seconds of one network.
        b: of the other.
        shared: seconds of the part that both have.
        spread: the standard deviation of the logarithm of a predicted time.

    >>> found = ratio(0.9, 1.0, 0.9, 0.2)
    >>> found.value, found.low < 0.9 < found.high < 1
    (0.9, True)
    """
    of_a, of_b = shared / a, shared / b
    deviation = spread * math.sqrt((of_a - of_b) ** 2 + (1 - of_a) ** 2 + (1 - of_b) ** 2)
    value = a / b
    return Estimate(value, *interval(value, deviation))
