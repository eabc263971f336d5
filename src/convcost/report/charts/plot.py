"""What charts with two axes share: edges, grid, ticks, axis titles; and the legend of any chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcost.network.dataclass import dataclass
from convcost.report.charts.canvas import FONT, Canvas, shortened, widest, width_of
from convcost.report.charts.scale import Scale, apart, spanning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.report.charts.axis import Axis

_LINE = FONT * 1.5
_SWATCH = 22.0
_GAP = 8.0
#: Height over width of a plot: on a desk, on a telephone.
_TALL, _TALLER = 0.42, 0.75


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend.

    Attributes:
        name: of a series.
        number: of it, from 0.
        look: ``mark``, ``open``, ``fill``, ``line`` or ``guide``.
    """

    name: str
    number: int
    look: Literal["mark", "open", "fill", "line", "guide"]


@dataclass(frozen=True, slots=True)
class Plot:
    """A canvas with axes on it.

    Attributes:
        canvas: what to draw on.
        x: numbers to pixels.
        y: likewise; upwards.
        bounds: left, top, right, bottom of the area between the axes.
    """

    canvas: Canvas
    x: Scale
    y: Scale
    bounds: tuple[float, float, float, float]


def legend_lines(keys: Sequence[Key], width: float) -> list[list[Key]]:
    """The entries of a legend in lines that fit."""
    lines: list[list[Key]] = []
    used = width
    for key in keys:
        needed = min(_SWATCH + width_of(key.name) + 2 * _GAP, width)
        if used + needed > width:
            lines.append([])
            used = 0.0
        lines[-1].append(key)
        used += needed
    return lines


def draw_legend(canvas: Canvas, lines: Sequence[Sequence[Key]], top: float) -> float:
    """A legend from the left; returns where it ends."""
    for line in lines:
        x, middle = 0.0, top + _LINE / 2
        for key in line:
            _swatch(canvas, key, x, middle)
            name = shortened(key.name, canvas.width - _SWATCH)
            canvas.text(x + _SWATCH, middle + FONT * 0.35, name)
            x += _SWATCH + width_of(name) + 2 * _GAP
        top += _LINE
    return top


def _swatch(canvas: Canvas, key: Key, x: float, middle: float) -> None:
    if key.look == "guide":
        canvas.line(x, middle, x + 16, middle, "guide")
    elif key.look == "line":
        canvas.line(x, middle, x + 16, middle, f"line{key.number}")
        canvas.mark(key.number, x + 8, middle, 3.5, f"fill{key.number}")
    elif key.look == "mark":
        canvas.mark(key.number, x + 8, middle, 5, f"mark{key.number}")
    else:
        canvas.rect(x + 1, middle - 5, 14, 10, f"{key.look}{key.number}")


def plot(
    width: int,
    x: Axis,
    y: Axis,
    xs: Sequence[float],
    ys: Sequence[float],
    *,
    keys: Sequence[Key] = (),
    marks: Sequence[float] = (),
    zero: bool = True,
    room: float = _GAP,
) -> Plot:
    """Axes with room for all values.

    Args:
        width: pixels.
        x: along the lower edge.
        y: along the left edge.
        xs: values that can be drawn.
        ys: likewise.
        keys: of the legend.
        marks: where ticks belong on the lower edge; else at round numbers.
        zero: a linear left axis begins at zero.
        room: pixels between the edges and the outermost values.
    """
    lines = legend_lines(keys, width)
    above = len(lines) * _LINE + (_GAP if lines else 0) + _LINE
    tall = width * (_TALLER if width < 500 else _TALL)
    bottom = above + tall
    below = 0.0 if zero and not y.log else room
    up = spanning(ys, start=bottom - below, end=above + room, log=y.log, zero=zero)
    y_ticks = [tick for tick in up.ticks(6) if _within(up, tick)]
    left = widest([y.tick(tick) for tick in y_ticks]) + _GAP
    right = width - 2 * _GAP
    along = spanning(xs, start=left + room, end=right - room, log=x.log)
    canvas = Canvas(width, bottom + 2 * _LINE + _GAP)
    draw_legend(canvas, lines, 0)
    canvas.text(0, above - _GAP / 2, y.title, "faint")
    for tick in y_ticks:
        canvas.line(left, up(tick), right, up(tick), "grid")
        canvas.text(left - _GAP / 2, up(tick) + FONT * 0.35, y.tick(tick), "faint", "end")
    _lower(canvas, along, x, bottom, marks or along.ticks(max(2, width // 90)))
    canvas.line(left, bottom, right, bottom, "edge")
    if x.title:
        canvas.text(right, bottom + 2 * _LINE, x.title, "faint", "end")
    return Plot(canvas, along, up, (left, above, right, bottom))


def _lower(canvas: Canvas, along: Scale, x: Axis, bottom: float, ticks: Sequence[float]) -> None:
    """Ticks of the lower edge; their texts where there is room."""
    texts = [x.tick(tick) for tick in ticks]
    places = [(along(tick), width_of(text)) for tick, text in zip(ticks, texts, strict=True)]
    for (place, _), text, shown in zip(places, texts, apart(places, _GAP), strict=True):
        canvas.line(place, bottom, place, bottom + 4, "edge")
        if shown:
            canvas.text(place, bottom + 4 + FONT, text, "faint", "middle")


def _within(scale: Scale, value: float) -> bool:
    return scale.low <= value <= scale.high
