"""Networks side by side, and how two of them differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import (
    band,
    exact,
    number_column,
    plural,
    prose_column,
    rounded,
    signed,
    size_in_bytes,
    text_column,
)
from convcost.report.views.charts.bubbles import of_comparison
from convcost.report.views.circumstances import circumstances
from convcost.units import format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.compare import Comparison, Costs, LayerDifference
    from convcost.report.document import Block, Row

_COLUMNS = (
    text_column("network", "network"),
    number_column("parameters", "parameters", rounded),
    number_column("macs", "MACs", rounded),
    number_column("activation_bytes", "activations", size_in_bytes, rank=4),
    number_column("memory_bytes", "memory", size_in_bytes, rank=2),
    number_column("seconds", "time", format_seconds),
    text_column("range", "range", rank=5),
    number_column("of_first", "of the first", format_ratio, rank=1),
    number_column("top1", "top-1", lambda percent: f"{percent:.1f} %", rank=3),
)
_RECORDS = (
    *(column for column in _COLUMNS if column.key not in ("range", "of_first", "top1")),
    number_column("low", "from", format_seconds),
    number_column("high", "to", format_seconds),
    *(column for column in _COLUMNS if column.key in ("of_first", "top1")),
    text_column("complete", "complete"),
)
_DIFFERENCES = (
    text_column("a", "first"),
    text_column("b", "second"),
    text_column("op", "op", rank=1),
    number_column("parameters", "parameters", signed),
    number_column("macs", "MACs", signed),
    prose_column("changes", "what differs"),
)
_FOOTNOTE = (
    "MACs, activations = bytes that the layers write, memory = the most at one time, and time are "
    "of a batch; top-1 as published, of the zoo's own networks."
)


def report(found: Comparison, *, next_: str = "") -> Report:
    """A comparison as a report."""
    table = Table(columns=_COLUMNS, rows=tuple(_row(found, row) for row in found.rows))
    blocks: list[Block] = [*of_comparison(found), table]
    if found.differences is not None:
        title = f"{found.rows[0].source} and {found.rows[1].source}, layers that differ"
        rows = tuple(map(_difference, found.differences))
        blocks.append(Table(columns=_DIFFERENCES, rows=rows, title=title))
    blocks.append(Lines("of what", tuple(_circumstances(found))))
    return Report(
        Document(
            answers=(_answer(found),),
            sections=(Section("", tuple(blocks)),),
            records=Table(columns=_RECORDS, rows=tuple(_record(found, row) for row in found.rows)),
            footnotes=(_FOOTNOTE,),
            next=next_,
        ),
        found.to_dict(),
    )


def _answer(found: Comparison) -> str:
    timed = [row for row in found.rows if row.seconds is not None]
    what = plural(len(found.rows), "network")
    if found.differences is not None:
        what = f"{what}, {plural(len(found.differences), 'layer')} not the same"
    if not timed:
        return f"{what}: no time is known"
    first, last = (pick(timed, key=_seconds) for pick in (min, max))
    text = (
        f"{what}: {first.source} takes least, {format_seconds(_seconds(first))}, {last.source} "
        f"most, {format_seconds(_seconds(last))} ({format_ratio(_seconds(last) / _seconds(first))})"
    )
    with_ = f"per batch of {exact(found.workload.batch)} on {found.device.name} with "
    return f"{text} {with_}{found.runtime.name}, by {found.basis}"


def _seconds(row: Costs) -> float:
    return 0.0 if row.seconds is None else row.seconds.value


def _row(found: Comparison, row: Costs) -> Row:
    return (
        row.source,
        *(_at_least(row, name) for name in ("parameters", "macs", "activation_bytes")),
        row.memory_bytes,
        None if row.seconds is None else row.seconds.value,
        "" if row.seconds is None else band(row.seconds),
        _of_first(found, row),
        None if row.top1 is None else row.top1.percent,
    )


def _record(found: Comparison, row: Costs) -> Row:
    """The bare figures; of a network that is not complete they are lower bounds."""
    times = row.seconds
    ends = (None, None, None) if times is None else (times.value, times.low, times.high)
    return (
        *(row.source, row.parameters, row.macs, row.activation_bytes, row.memory_bytes),
        *(*ends, _of_first(found, row), None if row.top1 is None else row.top1.percent),
        row.complete,
    )


def _of_first(found: Comparison, row: Costs) -> float | None:
    first = found.rows[0]
    if row.seconds is None or first.seconds is None:
        return None
    return row.seconds.value / first.seconds.value


def _at_least(row: Costs, name: str) -> object:
    """A figure; in words where layers are missing from it."""
    figure = getattr(row, name)
    return figure if row.complete or figure is None else f"at least {rounded(figure)}"


def _difference(found: LayerDifference) -> Row:
    changes = "; ".join(found.changes)
    if found.a is None or found.b is None:
        changes = f"only in the {'second' if found.a is None else 'first'}"
    return (found.a, found.b, found.op, found.parameters, found.macs, changes)


def _circumstances(found: Comparison) -> Iterator[str]:
    yield from circumstances(found.device, found.runtime, found.workload, found.basis, several=True)
    for row in found.rows:
        if row.why:
            yield f"no time of {row.source}: {row.why}"
    sources = {row.top1.source: row.source for row in found.rows if row.top1 is not None}
    for source, name in sources.items():
        yield f"top-1 of {name}: {source}"
