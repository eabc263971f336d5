"""Sweeps: time over what is varied, and the points that nothing beats."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.report.charts.axis import Axis
from convcost.report.document import Chart
from convcost.report.views.charts.axes import BYTES, MACS, PARAMETERS, SECONDS, ranging

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.report.charts.curves import Curves
    from convcost.report.charts.scatter import Scatter
    from convcost.report.document import Figure
    from convcost.sweep import Sweep

#: Curves that the theme's colours tell apart.
_MOST_CURVES = 6
#: Points beyond which a drawing shows nothing more.
_MOST_POINTS = 400

_FIGURES: Mapping[str, Axis] = {
    "seconds": SECONDS,
    "parameters": PARAMETERS,
    "macs": MACS,
    "activation_bytes": Axis(key="activation_bytes", title="activations", show=BYTES.show),
    "memory_bytes": Axis(key="memory_bytes", title="memory", show=BYTES.show),
}


def of_sweep(found: Sweep) -> tuple[Chart, ...]:
    """Time over the numbers that vary most, a curve for each value of the others; and the front."""
    number = int(found.figures.possible.sum())
    numbers = {v.name: len(v.values) for v in found.varies if not isinstance(v.values[0], str)}
    charts = []
    if number > 1 and numbers:
        along = max(numbers, key=numbers.__getitem__)
        others = " and ".join(name for name in found.columns if name != along)
        charts.append(
            Chart(
                name="time",
                title=f"predicted time of {found.source} over {along}",
                text=(
                    f"The time of a batch over {along}{', for each ' if others else ''}{others}."
                    f"{_drawn(number)}"
                ),
                make=cache(lambda: _over(found, along)),
            )
        )
    if found.pareto is not None and number:
        names, front = found.pareto
        first, second = (_FIGURES[name.removeprefix("-")] for name in names)
        charts.append(
            Chart(
                name="front",
                title=f"{second.title} over {first.title} of {found.source}",
                text=(
                    f"{len(front):,} of {number:,} are not beaten in both {names[0]} and "
                    f"{names[1]}.{_drawn(number)}"
                ),
                make=cache(lambda: _front(found, first, second, front)),
            )
        )
    return tuple(charts)


def _over(found: Sweep, along: str) -> Figure:
    """Curves; points where there would be too many curves, as of points drawn by chance."""
    others = [name for name in found.columns if name != along]
    places = found.figures.possible.nonzero()[0].tolist()
    curves: dict[tuple[Any, ...], list[int]] = {}
    for place in places:
        curves.setdefault(tuple([found.columns[name][place] for name in others]), []).append(place)
    if len(curves) <= _MOST_CURVES:
        return _curves(found, along, others, curves)
    parameter = _parameter(along, found.columns[along].tolist())
    return _points(found, _some(places), parameter, SECONDS)


def _front(found: Sweep, first: Axis, second: Axis, front: Sequence[int]) -> Scatter:
    """The second figure over the first; what is beaten is of another series."""
    beaten = sorted(set(found.figures.possible.nonzero()[0].tolist()) - set(front))
    return _points(found, [*front, *_some(beaten)], first, second, frozenset(front))


def _curves(
    found: Sweep, along: str, others: Sequence[str], curves: Mapping[tuple[Any, ...], list[int]]
) -> Curves:
    from convcost.report.charts.curves import Curve, Curves, Place

    rows = {place: found.row(place) for places in curves.values() for place in _some(places)}
    drawn = []
    for values, all_places in curves.items():
        name = ", ".join(f"{other} {value}" for other, value in zip(others, values, strict=True))
        shown = sorted(_some(all_places), key=lambda place: rows[place][along])
        points = [
            Place(
                x=rows[place][along], y=rows[place]["seconds"], low=rows[place]["low"],
                high=rows[place]["high"], measured=rows[place].get("measured_seconds"),
            )
            for place in shown
        ]  # fmt: skip
        drawn.append(Curve(name, tuple(points)))
    return Curves(
        x=_parameter(along, [row[along] for row in rows.values()]),
        y=ranging(SECONDS, [row["seconds"] for row in rows.values()]),
        curves=tuple(drawn),
        what="of" if others else "curve",
    )


def _points(
    found: Sweep, places: Sequence[int], x: Axis, y: Axis, front: frozenset[int] | None = None
) -> Scatter:
    """Points by two of a sweep's figures.

    Args:
        found: the sweep.
        places: numbers of points, from 0.
        x: along the lower edge; its key is the figure's.
        y: along the left edge; likewise.
        front: which of the points nothing beats; None where that was not asked.
    """
    from convcost.report.charts.scatter import Point, Scatter

    rows = {place: found.row(place) for place in places}
    return Scatter(
        what="point",
        x=ranging(x, [row[x.key] for row in rows.values()]),
        y=ranging(y, [row[y.key] for row in rows.values()]),
        points=tuple(
            Point(
                name=", ".join(f"{name} {row[name]}" for name in found.columns),
                x=row[x.key],
                y=row[y.key],
                series=int(front is not None and place not in front),
                named=front is not None and place in front,
            )
            for place, row in rows.items()
        ),
        series=() if front is None else ("not beaten", "beaten"),
    )


def _parameter(name: str, values: list[float]) -> Axis:
    return ranging(Axis(key=name, title=name, show=lambda value: f"{value:g}"), values)


def _some(places: Sequence[int]) -> Sequence[int]:
    """At most so many, evenly."""
    every = -(-len(places) // _MOST_POINTS) or 1
    return places[::every]


def _drawn(number: int) -> str:
    return f" Of {number:,} points some {_MOST_POINTS} are drawn." if number > _MOST_POINTS else ""
