"""What a sweep varies, from its text: ``conv*.kernel=1,3,5``, ``batch=1..256``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Value: TypeAlias = int | float | str

#: Values of one parameter at most.
MOST_VALUES = 1_000_000
_HINT = "write NAME=1,3,5, NAME=1..256 (doubling) or NAME=1..9:2 (in steps of 2)"
_NUMBER = r"-?\d{1,12}(?:\.\d{1,12})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::({_NUMBER}))?")
_WORD = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class Vary:
    """One parameter of a sweep.

    Attributes:
        name: ``batch``, ``width``, ``image``, an open size of the network, or a pattern of layers
            with an attribute of theirs.
        values: in the order that was given.
        low: of the range to draw from; None where single values were given.
        high: likewise.
    """

    name: str
    values: tuple[Value, ...]
    low: float | None = None
    high: float | None = None

    @property
    def pattern(self) -> str | None:
        """Of names of layers; None where it is no attribute of layers."""
        return self.name.rpartition(".")[0] or None

    @property
    def attribute(self) -> str:
        """Of layers, or the name itself."""
        return self.name.rpartition(".")[2]

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return all(isinstance(value, int) for value in self.values)

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return not any(isinstance(value, str) for value in self.values)

    @property
    def array(self) -> Any:
        """The values: int64, float64, or texts as objects."""
        import numpy as np

        kind = np.int64 if self.whole else np.float64 if self.numeric else object
        return np.array(self.values, dtype=kind)

    def drawn(self, state: Any, number: int) -> Any:
        """Values by chance: from a range on a logarithmic scale, else some of the values.

        Args:
            state: of `numpy.random.default_rng`.
            number: of them.
        """
        import numpy as np

        if self.low is None or self.high is None or self.low <= 0:
            return state.choice(self.array, number)
        found = np.exp(state.uniform(math.log(self.low), math.log(self.high), number))
        return np.rint(found).astype(np.int64) if self.whole else found


def parse(text: str) -> Vary:
    """Read ``NAME=VALUES``.

    Raises:
        UsageError: it is written in another way, or has too many values.

    >>> parse("conv*.kernel=1,3,5..7:2").values, parse("width=0.25..2").values
    ((1, 3, 5, 7), (0.25, 0.5, 1.0, 2.0))
    >>> parse("features.0.filters=64").pattern, parse("padding=same,valid").values
    ('features.0', ('same', 'valid'))
    """
    name, separator, values = (part.strip() for part in text.partition("="))
    if not (name and separator and values):
        raise UsageError(f"'{text}' varies nothing", hint=_HINT)
    found: list[Value] = []
    ranges = []
    for part in values.split(","):
        chosen = _RANGE.fullmatch(part.strip())
        if chosen is None:
            found.append(_value(part.strip(), text))
            continue
        low, high = (_number(chosen[place]) for place in (1, 2))
        if isinstance(low, float) or isinstance(high, float):
            low, high = float(low), float(high)
        found += _ranged(low, high, None if chosen[3] is None else _number(chosen[3]), text)
        ranges.append((low, high))
    if len(found) > MOST_VALUES:
        raise UsageError(f"'{text}' has {len(found):,} values; at most {MOST_VALUES:,}")
    found = list(dict.fromkeys(found))
    if len(ranges) == 1 and values.count(",") == 0:
        return Vary(name, tuple(found), *map(float, ranges[0]))
    return Vary(name, tuple(found))


def _ranged(low: float, high: float, step: float | None, text: str) -> Iterator[Value]:
    """Doubling from the first to the last, or in steps."""
    if high < low or (step is None and low <= 0) or (step is not None and step <= 0):
        raise UsageError(f"'{text}' has a range that leads nowhere", hint=_HINT)
    value = low
    if step is None:
        while value < high:
            yield value
            value *= 2
        yield high
        return
    if (high - low) / step > MOST_VALUES:
        raise UsageError(f"'{text}' has more than {MOST_VALUES:,} values")
    for place in range(int((high - low) / step + 1e-9) + 1):
        yield low + place * step


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _value(text: str, whole: str) -> Value:
    if re.fullmatch(_NUMBER, text):
        return _number(text)
    if _WORD.fullmatch(text):
        return text
    raise UsageError(f"'{text}' in '{whole}' is neither a number nor a word", hint=_HINT)


def of_values(name: str, values: Iterable[Value]) -> Vary:
    """One parameter with its values.

    Raises:
        UsageError: there are none.
    """
    found = tuple(dict.fromkeys(values))
    if not found:
        raise UsageError(f"'{name}' has no values", hint=_HINT)
    return Vary(name, found)
