"""What is drawn along an edge: a quantity, its name, and how its values read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from convcost.network.dataclass import dataclass
from convcost.report.document import Column

if TYPE_CHECKING:
    from collections.abc import Callable

#: Beyond these, ratios of two values may be no numbers any more.
_LEAST, _MOST = 1e-100, 1e100


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A quantity.

    Attributes:
        key: its name for machines, unit included.
        title: its name for people.
        show: a value as people read it.
        log: equal distances are equal ratios; values have to be above zero.
    """

    key: str
    title: str
    show: Callable[[Any], str]
    log: bool = False

    @property
    def column(self) -> Column:
        """Its column in a table."""
        return Column(key=self.key, title=self.title, show=self.show, align="right")

    def fits(self, value: float | None) -> TypeGuard[float]:
        """Whether a value can be drawn: known, finite and, where that is needed, above zero."""
        if value is None:
            return False
        if value == 0:
            return not self.log
        return _LEAST <= abs(value) < _MOST and (value > 0 or not self.log)

    def tick(self, value: float) -> str:
        """A value at a tick: no digits that say nothing.

        >>> from convcost.units import format_seconds
        >>> axis = Axis(key="seconds", title="time", show=format_seconds)
        >>> axis.tick(0.001), axis.tick(0.0015), axis.tick(0.5)
        ('1 ms', '1.5 ms', '500 ms')
        """
        number, blank, unit = self.show(value).partition(" ")
        if "." in number:
            # of "1.00x" too
            digits = number.rstrip("x%")
            number = digits.rstrip("0").rstrip(".") + number[len(digits) :]
        return f"{number}{blank}{unit}"
