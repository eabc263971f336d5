"""Curves: how one quantity goes with another, with ranges, and single points that were measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass
from convcost.report.charts.plot import Key, plot
from convcost.report.charts.theme import SERIES
from convcost.report.document import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.report.charts.axis import Axis
    from convcost.report.charts.canvas import Canvas
    from convcost.report.charts.plot import Plot

#: Values along the lower edge that all get a tick of their own.
_FEW = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point of a curve.

    Attributes:
        x: where.
        y: the value; None where it is not known.
        low: the start of its range; None without one.
        high: the end of it.
        measured: what was measured there; None where nothing was.
    """

    x: float
    y: float | None
    low: float | None = None
    high: float | None = None
    measured: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through places from left to right; the name is empty where there is one curve."""

    name: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Several curves on the same axes.

    Attributes:
        x: along the lower edge.
        y: along the left edge.
        curves: all of them; as many as the theme has colours can be told apart.
        what: what the curves' names are.
    """

    x: Axis
    y: Axis
    curves: tuple[Curve, ...]
    what: str = "curve"

    @property
    def table(self) -> Table:
        """A row per point."""
        y = self.y
        more = {"low": f"{y.title}, from", "high": f"{y.title}, to", "measured": "measured"}
        columns = [
            Column(key=self.what, title=self.what),
            self.x.column,
            y.column,
            *(Column(key=f"{y.key}_{key}", title=title, show=y.show, align="right")
              for key, title in more.items()),
        ]  # fmt: skip
        rows = tuple(
            (curve.name, place.x, place.y, place.low, place.high, place.measured)
            for curve in self.curves
            for place in curve.places
        )
        empty = {
            column.key
            for number, column in enumerate(columns)
            if number > 2 and all(row[number] is None for row in rows)
        }
        if not any(curve.name for curve in self.curves):
            empty.add(self.what)
        return Table(columns=tuple(columns), rows=rows).without(frozenset(empty))

    def draw(self, width: int) -> Canvas:
        """Bands below, lines above them, marks on top."""
        places = [place for curve in self.curves for place in curve.places if self._fits(place)]
        ys = [value for place in places for value in _values(place) if self.y.fits(value)]
        marks = sorted({place.x for place in places})
        found = plot(
            width, self.x, self.y, marks, ys, keys=list(self._keys),
            marks=marks if len(marks) <= _FEW else (), zero=not self.y.log,
        )  # fmt: skip
        for number, curve in enumerate(self.curves):
            self._draw(found, number % SERIES, curve)
        return found.canvas

    @property
    def _keys(self) -> Iterator[Key]:
        if len(self.curves) > 1:
            yield from (
                Key(curve.name, number % SERIES, "line") for number, curve in enumerate(self.curves)
            )
        if any(place.measured is not None for curve in self.curves for place in curve.places):
            yield Key("measured", 3, "mark")

    def _fits(self, place: Place) -> bool:
        return self.x.fits(place.x) and self.y.fits(place.y)

    def _draw(self, on: Plot, number: int, curve: Curve) -> None:
        canvas, y = on.canvas, self.y
        line = [(on.x(p.x), on.y(p.y)) for p in curve.places if self.x.fits(p.x) and y.fits(p.y)]
        ranged = [
            (on.x(p.x), on.y(p.low), on.y(p.high))
            for p in curve.places
            if self._fits(p) and y.fits(p.low) and y.fits(p.high)
        ]
        if len(ranged) > 1:
            upper = [(x, high) for x, _, high in ranged]
            lower = [(x, low) for x, low, _ in reversed(ranged)]
            canvas.path([*upper, *lower], f"band{number}", closed=True)
        if len(line) > 1:
            canvas.path(line, f"line{number}")
        for place in filter(self._fits, curve.places):
            where = f"{self.x.title} {self.x.show(place.x)}: "
            if len(line) <= 4 * _FEW and y.fits(place.y):
                told = f"{curve.name}: {where}" if curve.name else where
                at = (on.x(place.x), on.y(place.y))
                canvas.mark(number, *at, 3.5, f"fill{number}", told + y.show(place.y))
            if y.fits(place.measured):
                at, told = (on.x(place.x), on.y(place.measured)), f"measured, {where}"
                canvas.mark(3, *at, 5.5, "mark3", told + y.show(place.measured))


def _values(place: Place) -> tuple[float | None, ...]:
    return (place.y, place.low, place.high, place.measured)
