"""How fast time grows with a parameter, and which points nothing else beats."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.sweep.vary import Value


@dataclass(frozen=True, slots=True)
class Growth:
    """The exponent of a power law, ``time ~ parameter ^ exponent``.

    Attributes:
        parameter: what was varied.
        exponent: by least squares in logarithms, everything else being equal.
        low: the smallest from one value to the next.
        high: the largest.
    """

    parameter: str
    exponent: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "parameter": self.parameter,
            "exponent": self.exponent,
            "low": self.low,
            "high": self.high,
        }


def growth(
    parameter: str, columns: Mapping[str, Sequence[Value]], seconds: Sequence[float]
) -> Growth | None:
    """The growth of time with one parameter.

    Args:
        parameter: numbers above zero.
        columns: the points, by parameter.
        seconds: of each; NaN where a point is not possible.

    Returns:
        None where it has fewer than three values beside each other.

    >>> found = growth("k", {"k": [1, 2, 4]}, [3.0, 12.0, 48.0])
    >>> round(found.exponent, 6), round(found.low, 6), round(found.high, 6)
    (2.0, 2.0, 2.0)
    """
    lines: defaultdict[tuple[Value, ...], list[tuple[float, float]]] = defaultdict(list)
    others = [column for name, column in columns.items() if name != parameter]
    for place, value in enumerate(columns[parameter]):
        if isinstance(value, str) or value <= 0:
            return None
        if seconds[place] > 0:  # also False for NaN
            point = (math.log(value), math.log(seconds[place]))
            lines[tuple([column[place] for column in others])].append(point)
    products = squares = 0.0
    local: list[float] = []
    longest = 0
    for line in lines.values():
        line.sort()
        longest = max(longest, len(line))
        x0, y0 = (fmean(values) for values in zip(*line, strict=True))
        products += sum((x - x0) * (y - y0) for x, y in line)
        squares += sum((x - x0) ** 2 for x, _ in line)
        local += [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in itertools.pairwise(line)
                  if x2 > x1]  # fmt: skip
    if longest < 3 or squares == 0:
        return None
    return Growth(parameter, products / squares, min(local), max(local))


def front(first: Any, second: Any) -> list[int]:
    """The points that no other one beats in both figures, less being better; by the first figure.

    Args:
        first: array; NaN is never on the front.
        second: likewise.

    >>> import numpy as np
    >>> front(np.array([3.0, 1.0, 2.0, 2.5]), np.array([1.0, 4.0, 2.0, 3.0]))
    [1, 2, 0]
    """
    import numpy as np

    found: list[int] = []
    best = math.inf
    for place in np.lexsort((second, first)).tolist():
        if math.isnan(first[place]) or math.isnan(second[place]):
            continue
        if second[place] < best:
            best = float(second[place])
            found.append(place)
    return found
