"""Cut widths of channels-first images: from the rows that a stride leaves, or from the height."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass
from convcost.read.keras.summary.table import Cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from convcost.read.keras.solve.items import Item
    from convcost.read.keras.summary.table import Dimension

_MOST_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Guess:
    """A size that was cut off.

    Attributes:
        size: the likeliest one.
        why: where it comes from.
        others: other readings.
    """

    size: int
    why: str
    others: tuple[str, ...] = ()


def guess(item: Item, source: Item | None, consumers: Iterable[Item]) -> Guess | None:
    """The cut width of an item, by its neighbours' heights, else by its own height."""
    pairs = [(item, consumer) for consumer in consumers]
    if source is not None:
        pairs.append((source, item))
    for before, after in pairs:
        found = _by_stride(before, after, of_source=before is item)
        if found is not None:
            return found
    height, last = item.shape[-2], item.shape[-1]
    if isinstance(height, int) and isinstance(last, Cut) and last.prefix and last.admits(height):
        return Guess(height, "assumed: as wide as high")
    return None


def twos(number: int) -> int:
    """The largest power of two that divides a number: sizes that people choose have a large one.

    >>> twos(128), twos(1152), twos(2047)
    (128, 128, 1)
    """
    return number & -number


def _by_stride(before: Item, after: Item, *, of_source: bool) -> Guess | None:
    """The width from the ratio of heights: of so many rows as many are left as of columns."""
    if before.rank != after.rank or before.rank < 4:
        return None
    high, low = before.shape[-2], after.shape[-2]
    if not isinstance(high, int) or not isinstance(low, int) or not 0 < low <= high:
        return None
    stride = round(high / low)
    if -(-high // stride) != low:
        return None
    fitting = [
        (wide, -(-wide // stride))
        for wide in _completions(before.shape[-1])
        if _admits(after.shape[-1], -(-wide // stride))
    ]
    if not fitting:
        return None
    digits = min(len(str(wide)) for wide, _ in fitting)
    shortest = [pair for pair in fitting if len(str(pair[0])) == digits]
    best = max(shortest, key=lambda pair: twos(pair[0]))
    position = 0 if of_source else 1
    others = sorted({pair[position] for pair in shortest} - {best[position]})
    why = f"since {low} of {high} rows are left, {best[1]} of {best[0]} columns"
    return Guess(best[position], why, tuple(map(str, others[:4])))


def _completions(printed: Dimension) -> Iterator[int]:
    """The numbers that a printed one may be, the shortest first."""
    if isinstance(printed, int):
        yield printed
    elif isinstance(printed, Cut) and printed.prefix:
        for digits in range(_MOST_DIGITS + 1):
            start = int(printed.prefix) * 10**digits
            yield from range(start, start + 10**digits)


def _admits(printed: Dimension, size: int) -> bool:
    return printed == size or (isinstance(printed, Cut) and printed.admits(size))
