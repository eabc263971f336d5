"""What samples of a time say: a median with its interval, and whether to believe it.

Times are skewed and have outliers on one side, so nothing here assumes a distribution: the interval
of a median is made of order statistics (David and Nagaraja, Order Statistics, section 7.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import islice
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Literal

from convcost.units import format_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Of the intervals, where there are enough samples.
CONFIDENCE = 0.95
_SURE = Fraction(str(CONFIDENCE))
#: The fewest samples whose whole range holds the median with that confidence: 1 - 2 / 2^6 = 0.97.
ENOUGH = 6

#: A probe this much slower than a quiet one met a disturbance.
_SLOW_PROBE = 1.25
#: As many disturbed samples reach into the interval of the median.
DISTURBED = 0.2
#: Half of the samples within this share of the median: the limit that pyperf has for the standard
#: deviation.
_SPREAD = 0.1
#: The interval of the median is wider than this share of it.
_WIDE = 0.1
#: The later half of the samples differs from the earlier one by this share.
_TREND = 0.05
#: Next steps.
MORE_TIME = "give it more time: a longer --time"
_ALONE = "close what else runs on this machine and measure again"


@dataclass(frozen=True, slots=True)
class Interval:
    """A median and the interval that holds the true one.

    Attributes:
        median: of the samples.
        low: an order statistic.
        high: its counterpart.
        confidence: the probability that such an interval holds the true median, for independent
            samples of any continuous distribution; below `CONFIDENCE` with fewer than `ENOUGH`.
    """

    median: float
    low: float
    high: float
    confidence: float

    def to_dict(self, middle: str = "median") -> dict[str, float]:
        """Plain values by the JSON contract.

        Args:
            middle: the key of the median; of ratios ``value``.
        """
        return {
            middle: self.median,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a time would come out the same again.

    Attributes:
        name: ``stable`` or ``noisy``.
        reasons: why it is noisy.
        advice: what to do next; empty where it is stable.
    """

    name: Literal["stable", "noisy"]
    reasons: tuple[str, ...] = ()
    advice: str = ""

    def __str__(self) -> str:
        return self.name

    def to_dict(self) -> dict[str, Any]:
        """Keys of the JSON contract."""
        return {"verdict": self.name, "reasons": list(self.reasons), "advice": self.advice}


def interval(samples: Sequence[float]) -> Interval:
    """The median and the narrowest symmetric pair of order statistics around it at 95 %.

    The k-th smallest and the k-th largest of n samples miss the true median when fewer than k
    samples fall on one side of it: 2 P(Binomial(n, 1/2) < k).

    Args:
        samples: at least one, in any order.

    >>> interval([5, 1, 4, 2, 6, 3])
    Interval(median=3.5, low=1, high=6, confidence=0.96875)
    """
    ordered = sorted(samples)
    number = len(ordered)
    rank, missed = _rank(number)
    return Interval(median(ordered), ordered[rank - 1], ordered[-rank], max(0.0, 1 - missed))


def of_processes(samples: Sequence[float], processes: Sequence[int]) -> Interval:
    """The interval of the medians of processes.

    Samples of one process have more in common than those of two: where the memory lies, the clock
    of the processor just then. As many processes are independent, not as many samples.

    Args:
        samples: at least one, in the order in which they were taken.
        processes: how many of them each process gave.

    >>> of_processes([5, 5, 1, 4, 2, 6, 3], [2, 1, 1, 1, 1, 1])
    Interval(median=3.5, low=1, high=6, confidence=0.96875)
    """
    rest = iter(samples)
    return interval([median(islice(rest, number)) for number in processes])


@cache
def _rank(number: int) -> tuple[int, float]:
    """The largest k that keeps the confidence, at least 1, and what it misses.

    In whole numbers: 2^-1100 is no float.
    """
    ways, everything = 1, 1 << number  # fewer than 1 of n: all on the other side
    rank, missed = 1, 2 * ways
    for k in range(1, number // 2):
        ways += math.comb(number, k)
        if Fraction(2 * ways, everything) > 1 - _SURE:
            break
        rank, missed = k + 1, 2 * ways
    return rank, float(Fraction(missed, everything))


def disturbed(probes: Sequence[float]) -> tuple[bool, ...]:
    """Which probes of the same work met a slow moment: compared with a quiet one of their own.

    >>> disturbed([1.0, 1.1, 1.0, 2.0])
    (False, False, False, True)
    """
    if not probes:
        return ()
    quiet = sorted(probes)[len(probes) // 4]
    return tuple(probe > _SLOW_PROBE * quiet for probe in probes)


def verdict(samples: Sequence[float], processes: Sequence[int], slow: Sequence[bool]) -> Verdict:
    """Whether the samples agree with each other.

    Args:
        samples: in the order in which they were taken; at least one.
        processes: how many of them each process gave.
        slow: of each sample, whether a probe beside it met a disturbance.

    >>> verdict([1.0, 1.01, 1.0, 1.02, 1.0, 1.01], [1] * 6, [False] * 6).name
    'stable'
    >>> verdict([1.0, 1.0, 1.0], [1] * 3, [False] * 3).reasons
    ('3 processes; an interval of 95 % needs 6',)
    """
    if len(processes) < ENOUGH:
        few = f"{len(processes)} processes; an interval of 95 % needs {ENOUGH}"
        return Verdict("noisy", (few,), MORE_TIME)
    found = of_processes(samples, processes)
    reasons, advice = [], ""
    width = (found.high - found.low) / found.median
    if width > _WIDE:
        reasons.append(f"the interval is {format_percent(width)} of the median wide")
        advice = MORE_TIME
    quarter, _, three = quantiles(samples, n=4, method="inclusive")
    spread = (three - quarter) / found.median
    if spread > _SPREAD:
        reasons.append(f"half of the samples spread over {format_percent(spread)} of the median")
        advice = f"{_ALONE}, with a longer --time"
    trend = _trend(samples)
    if trend is not None:
        change = f"{format_percent(abs(trend))} {'longer' if trend > 0 else 'less'}"
        reasons.append(f"the later half took {change}: the machine's clock or load changes")
        advice = "let the machine rest, and measure again"
    share = sum(slow) / len(samples)
    if share > DISTURBED:
        beside = f"{format_percent(share)} of the samples"
        reasons.append(f"{beside} were taken beside slow moments of the machine")
        advice = f"{_ALONE}; --threads 1 suffers less from others"
    return Verdict("noisy", tuple(reasons), advice) if reasons else Verdict("stable")


def apart(medians: Sequence[float]) -> str | None:
    """A reason to call runs noisy whose medians differ; None where they agree.

    >>> apart([1.0, 1.3]), apart([1.0, 1.05])
    ('runs of the same network differ by up to 30 %', None)
    """
    between = max(medians) / min(medians) - 1
    if between <= _WIDE:
        return None
    return f"runs of the same network differ by up to {format_percent(between)}"


def _trend(samples: Sequence[float]) -> float | None:
    """The change from the first half to the second; None where it may be chance, or is small."""
    half = len(samples) // 2
    if half < ENOUGH:
        return None
    early, late = interval(samples[:half]), interval(samples[-half:])
    apart = late.low > early.high or early.low > late.high
    change = late.median / early.median - 1
    return change if apart and abs(change) > _TREND else None
