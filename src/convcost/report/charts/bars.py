"""Bars: a row per thing, one or several values each, with ranges where they are known."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass
from convcost.report.charts.canvas import FONT, Canvas, shortened, widest
from convcost.report.charts.plot import Key, draw_legend, legend_lines
from convcost.report.document import Column, Table

if TYPE_CHECKING:
    from convcost.report.charts.axis import Axis

_BAR, _GAP, _SPACE = 14.0, 4.0, 8.0
#: The share of the width that names beside the bars may take; longer ones stand above.
_NAMES = 0.34
_NARROWEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What a bar is of.

    Attributes:
        key: its name for machines.
        name: its name for people.
        colour: number of a colour of the theme.
        open: drawn as an outline: what is predicted, beside what is measured.
    """

    key: str
    name: str
    colour: int = 0
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar.

    Attributes:
        series: the number of its series.
        value: None where it is not known.
        low: the start of its range; None without one.
        high: the end of it.
        note: a few words behind the value.
    """

    series: int
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The bars of one thing."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Rows of bars from one zero.

    Attributes:
        what: the heading of the rows' names.
        axis: of all bars.
        series: all that there are.
        rows: from top to bottom.
        apart: each row has a bar of one series, which says what kind of thing it is; else a bar of
            every series.
    """

    what: str
    axis: Axis
    series: tuple[Series, ...]
    rows: tuple[Row, ...]
    apart: bool = False

    @property
    def table(self) -> Table:
        """A row per thing."""
        return self._by_kind if self.apart else self._side_by_side

    @property
    def _by_kind(self) -> Table:
        kind = Column(key="kind", title="kind")
        rows = [(row.name, bar.value, self.series[bar.series].name)
                for row in self.rows for bar in row.bars]  # fmt: skip
        return Table(columns=(self._name, self.axis.column, kind), rows=tuple(rows))

    @property
    def _side_by_side(self) -> Table:
        ranged = {bar.series for row in self.rows for bar in row.bars if bar.low is not None}
        columns, places = [self._name], []
        for number, series in enumerate(self.series):
            several = len(self.series) > 1
            for part in ("value", *(("low", "high") if number in ranged else ())):
                title = series.name if several else self.axis.title
                title = title if part == "value" else "from" if part == "low" else "to"
                key = series.key if part == "value" else f"{series.key}_{part}"
                columns.append(Column(key=key, title=title, show=self.axis.show, align="right"))
                places.append((number, part))
        rows = []
        for row in self.rows:
            of = {bar.series: bar for bar in row.bars}
            rows.append((row.name, *(getattr(of.get(n), part, None) for n, part in places)))
        return Table(columns=tuple(columns), rows=tuple(rows))

    @property
    def _name(self) -> Column:
        return Column(key=self.what.replace(" ", "_"), title=self.what)

    def draw(self, width: int) -> Canvas:
        """Names beside their bars, or above them where they are long or the drawing is narrow."""
        names = widest([row.name for row in self.rows])
        beside = width >= _NARROWEST and names <= _NAMES * width
        left = names + _SPACE if beside else 0.0
        tail = max((self._tail(bar) for row in self.rows for bar in row.bars), default=0.0)
        scale = max(width - left - tail, width / 4) / (self._longest or 1.0)
        lines = legend_lines(self._keys, width)
        heights = [self._height(row, beside=beside) for row in self.rows]
        canvas = Canvas(width, len(lines) * FONT * 1.5 + _SPACE + sum(heights))
        top = draw_legend(canvas, lines, 0) + _SPACE
        for row, height in zip(self.rows, heights, strict=True):
            self._draw_row(canvas, row, left, top, scale, beside=beside)
            top += height
        return canvas

    @cached_property
    def _longest(self) -> float:
        ends = [end for row in self.rows for bar in row.bars for end in (bar.value, bar.high)]
        return max((end for end in ends if self.axis.fits(end)), default=0.0)

    @property
    def _keys(self) -> list[Key]:
        used = {bar.series for row in self.rows for bar in row.bars}
        return [
            Key(series.name, series.colour, "open" if series.open else "fill")
            for number, series in enumerate(self.series)
            if number in used and len(self.series) > 1
        ]

    def _height(self, row: Row, *, beside: bool) -> float:
        return len(row.bars) * (_BAR + _GAP / 2) + _SPACE + (0 if beside else FONT + _GAP)

    def _tail(self, bar: Bar) -> float:
        return widest([self._told(bar)]) + 2 * _SPACE

    def _told(self, bar: Bar) -> str:
        value = "not known" if bar.value is None else self.axis.show(bar.value)
        return f"{value} {bar.note}".rstrip()

    def _draw_row(
        self, canvas: Canvas, row: Row, left: float, top: float, scale: float, *, beside: bool
    ) -> None:
        """The name, and its bars below each other."""
        if beside:
            middle = top + len(row.bars) * (_BAR + _GAP / 2) / 2
            canvas.text(left - _SPACE, middle + FONT * 0.3, row.name, anchor="end")
        else:
            canvas.text(0, top + FONT * 0.85, shortened(row.name, canvas.width))
            top += FONT + _GAP
        canvas.line(left, top - 2, left, top + len(row.bars) * (_BAR + _GAP / 2), "edge")
        for bar in row.bars:
            self._draw_bar(canvas, row, bar, left, top, scale)
            top += _BAR + _GAP / 2

    def _draw_bar(
        self, canvas: Canvas, row: Row, bar: Bar, left: float, top: float, scale: float
    ) -> None:
        series, told, end = self.series[bar.series], self._told(bar), left
        look = f"{'open' if series.open else 'fill'}{series.colour}"
        if self.axis.fits(bar.value) and bar.value > 0:
            end += bar.value * scale
            canvas.rect(left, top, bar.value * scale, _BAR, look, f"{row.name}: {told}")
        if self.axis.fits(bar.low) and self.axis.fits(bar.high) and 0 <= bar.low <= bar.high:
            start, stop, middle = left + bar.low * scale, left + bar.high * scale, top + _BAR / 2
            canvas.line(start, middle, stop, middle, "range")
            for x in (start, stop):
                canvas.line(x, middle - 4, x, middle + 4, "range")
            end = max(end, stop)
        canvas.text(end + _GAP + 2, top + FONT * 0.9, told)
