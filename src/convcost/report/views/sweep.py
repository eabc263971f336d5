"""Sweeps: a row per point, how time grows, what nothing beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Document, LaterData, LaterRows, Lines, Report, Section, Table
from convcost.report.figures import (
    LOWER_BOUNDS,
    bounded,
    exact,
    number_column,
    plural,
    rounded,
    signed_percent,
    size_in_bytes,
    text_column,
)
from convcost.report.views.charts.sweep import of_sweep
from convcost.report.views.circumstances import circumstances
from convcost.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from convcost.report.document import Column, Row
    from convcost.sweep import Growth, Sweep

#: Rows of a table for people: all of them are in the other formats.
_MOST_ROWS = 200
#: What is told of each point, as a sweep names it.
_SIZES = (
    number_column("parameters", "parameters", rounded, rank=3),
    number_column("macs", "MACs", rounded, rank=2),
    number_column("activation_bytes", "activations", size_in_bytes, rank=4),
    number_column("memory_bytes", "memory", size_in_bytes, rank=1),
)
_TIMES = (
    number_column("seconds", "time", format_seconds),
    number_column("low", "from", format_seconds, rank=5),
    number_column("high", "to", format_seconds, rank=5),
)
_FOOTNOTE = (
    "range: that of the prediction (nine times out of ten); memory = the most at one time, without "
    "workspace; growth = exponent of time over the parameter, everything else being equal, and its "
    "least and most from one value to the next."
)


def report(found: Sweep, *, next_: str = "") -> Report:
    """A sweep as a report.

    Args:
        found: the sweep.
        next_: the command to propose.
    """
    columns = _columns(found)
    shown = min(len(found), _MOST_ROWS)
    return Report(
        Document(
            answers=(_answer(found),),
            sections=(
                Section(
                    "",
                    (
                        *of_sweep(found),
                        Table(columns=columns, rows=tuple(_rows(found, shown))),
                        Lines("of what", _circumstances(found, shown)),
                    ),
                ),
            ),
            records=Table(columns=_record_columns(found), rows=LaterRows(lambda: _records(found))),
            footnotes=(_FOOTNOTE,),
            next=next_,
        ),
        LaterData(found.to_dict),
    )


def _answer(found: Sweep) -> str:
    possible = found.figures.possible.nonzero()[0].tolist()
    what = f"{found.source}: {plural(len(found), 'point')}"
    if len(possible) < len(found):
        what += f", {exact(len(found) - len(possible))} of them not possible"
    if not possible:
        return what
    seconds = found.figures.seconds
    first, last = (pick(possible, key=seconds.__getitem__) for pick in (min, max))
    bound = "at least " if _lacking(found) else ""
    text = (
        f"{what}: {bound}{format_seconds(float(seconds[first]))} ({_point(found, first)}) to "
        f"{format_seconds(float(seconds[last]))} ({_point(found, last)}) per batch on "
        f"{found.device.name} with {found.runtime.name}, by {found.basis}"
    )
    grown = "; ".join(map(_growth, found.growth))
    return f"{text}; {grown}" if grown else text


def _lacking(found: Sweep) -> bool:
    """Whether the figures of a point are lower bounds."""
    figures = found.figures
    return bool((figures.possible & ~figures.complete).any())


def _growth(found: Growth) -> str:
    return (
        f"time grows as {found.parameter}^{found.exponent:.2f} "
        f"({found.low:.2f} to {found.high:.2f})"
    )


def _point(found: Sweep, place: int) -> str:
    values = found.row(place)
    return ", ".join(f"{name} {values[name]}" for name in found.columns)


def _columns(found: Sweep) -> tuple[Column, ...]:
    figures = [
        number_column("point", "point", exact),
        *(text_column(name, name) for name in found.columns),
        *_SIZES,
        *_TIMES,
    ]
    if found.measured:
        figures += [
            number_column("measured_seconds", "measured", format_seconds),
            number_column("error", "predicted off by", signed_percent),
        ]
    if found.pareto is not None:
        figures.append(text_column("pareto", "front"))
    return tuple(figures)


def _rows(found: Sweep, number: int) -> Iterator[Row]:
    front = frozenset() if found.pareto is None else frozenset(found.pareto[1])
    for place in range(number):
        values = found.row(place)
        if not values["possible"]:
            empty = (None,) * (len(_columns(found)) - len(found.columns) - 2)
            yield (place + 1, *(values[name] for name in found.columns), "not possible", *empty)
            continue
        cells = [place + 1, *(values[name] for name in found.columns)]
        whole = values["complete"]
        cells += [bounded(values[each.key], each.show, whole=whole) for each in _SIZES]
        cells += [values[column.key] for column in _TIMES]
        if found.measured:
            taken = values.get("measured_seconds")
            cells += [taken, None if taken is None else values["seconds"] / taken - 1]
        if found.pareto is not None:
            cells.append("*" if place in front else "")
        yield tuple(cells)


def _record_columns(found: Sweep) -> tuple[Column, ...]:
    """Those of the table, and after what is varied whether it is possible, and complete."""
    columns, varied = _columns(found), len(found.columns) + 1
    more = (text_column(key, key) for key in ("possible", "complete"))
    return (*columns[:varied], *more, *columns[varied:])


def _records(found: Sweep) -> Iterator[Row]:
    """The bare figures of every point, None where it is not possible.

    A column at a time: there may be a million points.
    """
    number, possible = len(found), found.figures.possible.tolist()

    def known(values: Sequence[Any]) -> list[Any]:
        return [value if there else None for value, there in zip(values, possible, strict=True)]

    columns = [[*range(1, number + 1)], *(each.tolist() for each in found.columns.values())]
    columns.append(possible)
    keys = ("complete", *(column.key for column in (*_SIZES, *_TIMES)))
    columns += [known(getattr(found.figures, key).tolist()) for key in keys]
    if found.measured:
        taken = {place: one.seconds.median for place, one in found.measured.items()}
        predicted = found.figures.seconds.tolist()
        columns.append([taken.get(place) for place in range(number)])
        columns.append([predicted[i] / taken[i] - 1 if i in taken else None for i in range(number)])
    if found.pareto is not None:
        front = frozenset(found.pareto[1])
        columns.append([place in front for place in range(number)])
    return zip(*columns, strict=True)


def _circumstances(found: Sweep, shown: int) -> tuple[str, ...]:
    lines = [
        *circumstances(
            found.device, found.runtime, found.workload, found.basis,
            varied="batch" in found.columns,
        )
    ]  # fmt: skip
    if _lacking(found):
        lines.append(LOWER_BOUNDS)
    if shown < len(found):
        lines.append(
            f"the first {exact(shown)} of {exact(len(found))} points: --format csv, json or "
            "parquet has all"
        )
    if found.pareto is not None:
        names, front = found.pareto
        lines.append(f"{exact(len(front))} points that nothing beats in both "
                     f"{' and '.join(names)}: marked *")  # fmt: skip
    return tuple(lines)
