"""Points of two quantities, their area a third: bubbles, fronts, rooflines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass
from convcost.report.charts.canvas import shortened
from convcost.report.charts.labels import Name, box_of, place
from convcost.report.charts.plot import Key, plot
from convcost.report.document import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.report.charts.axis import Axis
    from convcost.report.charts.canvas import Canvas
    from convcost.report.charts.plot import Plot

_LEAST = 3.5
#: Pixels of the longest name.
_NAME = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A thing with two or three quantities.

    Attributes:
        name: of it.
        x: where along the lower edge; None where it is not known.
        y: where along the left edge; likewise.
        size: what its area says; None where nothing is said.
        series: the number of its kind.
        named: its name is written beside it, where there is room.
    """

    name: str
    x: float | None
    y: float | None
    size: float | None = None
    series: int = 0
    named: bool = True


@dataclass(frozen=True, slots=True)
class Guide:
    """A dashed line through points, such as a limit; named in the legend."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """Points on two axes.

    Attributes:
        what: what the points are.
        x: along the lower edge.
        y: along the left edge.
        points: all; those that cannot be drawn are in the table alone.
        series: names of their kinds; none where there is one kind.
        kind: what the kinds are, for the table.
        size: what areas say; None where all points are alike.
        largest: pixels of the largest point's radius.
        guides: lines.
    """

    what: str
    x: Axis
    y: Axis
    points: tuple[Point, ...]
    series: tuple[str, ...] = ()
    kind: str = "kind"
    size: Axis | None = None
    largest: float = 10.0
    guides: tuple[Guide, ...] = ()

    @property
    def table(self) -> Table:
        """A row per point."""
        columns = [Column(key=self.what, title=self.what), self.x.column, self.y.column]
        columns += [self.size.column] if self.size else []
        columns += [Column(key=self.kind, title=self.kind)] if self.series else []
        rows = []
        for point in self.points:
            row: list[object] = [point.name, point.x, point.y]
            row += [point.size] if self.size else []
            row += [self.series[point.series]] if self.series else []
            rows.append(tuple(row))
        return Table(columns=tuple(columns), rows=tuple(rows))

    def draw(self, width: int) -> Canvas:
        """Guides below, large points before small ones, names on top."""
        points = [(p, p.x, p.y) for p in self.points if self.x.fits(p.x) and self.y.fits(p.y)]
        ends = [end for guide in self.guides for end in guide.points]
        xs = [x for _, x, _ in points] + [x for x, _ in ends]
        ys = [y for _, _, y in points] + [y for _, y in ends]
        largest = self.largest if width >= 500 else 0.7 * self.largest
        found = plot(
            width, self.x, self.y, xs, ys, keys=list(self._keys), zero=False, room=largest + 4
        )
        for guide in self.guides:
            found.canvas.path([(found.x(x), found.y(y)) for x, y in guide.points], "guide")
        names = []
        for point, x, y in sorted(points, key=lambda each: -(each[0].size or 0.0)):
            size = self._radius(point, largest)
            at = (found.x(x), found.y(y))
            look = f"mark{point.series}"
            found.canvas.mark(point.series, *at, size, look, self._told(point))
            names.append((point, Name(shortened(point.name, _NAME), *at, size)))
        _write(found, [name for point, name in names if point.named], [name for _, name in names])
        return found.canvas

    @property
    def _keys(self) -> Iterator[Key]:
        used = {point.series for point in self.points}
        yield from (Key(n, i, "mark") for i, n in enumerate(self.series) if i in used)
        yield from (Key(guide.name, 0, "guide") for guide in self.guides if guide.name)
        if self.size is not None and not self.series:
            yield Key(f"area: {self.size.title}", 0, "mark")

    def _radius(self, point: Point, largest: float) -> float:
        if self.size is None:
            return _LEAST + 1
        most = max((p.size for p in self.points if self.size.fits(p.size)), default=0.0)
        if not self.size.fits(point.size) or not 0 < point.size <= most:
            return _LEAST
        return max(_LEAST, largest * math.sqrt(point.size / most))

    def _told(self, point: Point) -> str:
        parts = [(self.x, point.x), (self.y, point.y), (self.size, point.size)]
        told = [f"{axis.show(v)} {axis.title}" for axis, v in parts if axis and v is not None]
        return f"{point.name}: {', '.join(told)}"


def _write(on: Plot, names: list[Name], marks: list[Name]) -> None:
    """Names where there is room, with a line to their mark where they are not beside it."""
    taken = [box_of(mark.x, mark.y, mark.size) for mark in marks]
    for name, placed in zip(names, place(names, on.bounds, taken), strict=True):
        if placed is None:
            continue
        if placed.led:
            on.canvas.line(name.x, name.y, *placed.near(name), "lead")
        on.canvas.text(placed.x, placed.y, name.text, "name")
