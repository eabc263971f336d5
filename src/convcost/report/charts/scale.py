"""Numbers to pixels, and the round numbers between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Ticks of a linear scale are such a multiple of a power of ten apart.
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
#: Ticks of a logarithmic scale within a power of ten, the fewest first.
_WITHIN = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A line of pixels that stands for a range of numbers.

    Attributes:
        low: the number at the start.
        high: the number at the end.
        start: pixels.
        end: pixels; below the start where the scale goes upwards.
        log: equal distances are equal ratios.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a number.

        >>> Scale(low=0, high=10, start=0, end=100)(2.5)
        25.0
        >>> Scale(low=1, high=100, start=0, end=100, log=True)(10)
        50.0
        """
        part = (self._at(value) - self._at(self.low)) / (self._at(self.high) - self._at(self.low))
        return self.start + part * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Round numbers within, about `most`.

        >>> Scale(low=0, high=7, start=0, end=1).ticks(5)
        [0.0, 2.0, 4.0, 6.0]
        >>> Scale(low=1, high=1000, start=0, end=1, log=True).ticks(5)
        [1.0, 10.0, 100.0, 1000.0]
        """
        return self._decades(most) if self.log else self._steps(most)

    def _at(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def _steps(self, most: int) -> list[float]:
        step = _round_step((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]

    def _decades(self, most: int) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        apart = max(1, -(-(last - first) // most))
        found: list[float] = []
        for parts in _WITHIN if apart == 1 else _WITHIN[:1]:
            every = [
                part * 10.0**power for power in range(first, last + 1, apart) for part in parts
            ]
            inside = [value for value in every if self.low <= value <= self.high]
            if len(inside) <= most or not found:
                found = inside
        return found


def spanning(
    values: Iterable[float], *, start: float, end: float, log: bool = False, zero: bool = False
) -> Scale:
    """A scale from the least of some values to the largest.

    Args:
        values: that can be drawn; none are taken for 0 to 1, or 1 to 10.
        start: pixels.
        end: pixels.
        log: as of `Scale`.
        zero: a linear scale begins at zero.
    """
    found = sorted(values)
    low, high = (found[0], found[-1]) if found else (1.0, 10.0) if log else (0.0, 1.0)
    if log:
        apart = 1.0 if high > low else 3.0
        return Scale(low=low / apart, high=high * apart, start=start, end=end, log=True)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        low, high = (0.0, 1.0) if high == 0 else (low - abs(low) / 2, high + abs(high) / 2)
    return Scale(low=low, high=high, start=start, end=end)


def apart(places: Iterable[tuple[float, float]], gap: float) -> list[bool]:
    """Which of several texts beside each other can be shown.

    Args:
        places: (middle, width) of each, from left to right; the first is always shown.
        gap: pixels between two.

    >>> apart([(0, 10), (8, 10), (30, 10)], 2)
    [True, False, True]
    """
    shown: list[bool] = []
    end = -math.inf
    for middle, width in places:
        shown.append(middle - width / 2 >= end + gap)
        if shown[-1]:
            end = middle + width / 2
    return shown


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(part * power for part in _ROUND if part * power >= least * 0.999)
