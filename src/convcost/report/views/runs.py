"""Runs of one or several moments beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.measure import Measurements
from convcost.report.document import Document, Report, Section, Table
from convcost.report.figures import number_column, size_in_bytes, text_column
from convcost.report.views import history, measure, timeline
from convcost.report.views.against import moment
from convcost.report.views.charts import times
from convcost.units import format_seconds

if TYPE_CHECKING:
    from convcost.measure import Measurement
    from convcost.report.document import Row
    from convcost.verbs.reports import Runs

_COLUMNS = (
    text_column("run", "run"),
    text_column("time", "measured", rank=5),
    text_column("network", "network"),
    text_column("runtime", "runtime", rank=1),
    text_column("workload", "workload", rank=2),
    number_column("seconds", "time", format_seconds),
    number_column("low", "from", format_seconds, rank=3),
    number_column("high", "to", format_seconds, rank=3),
    text_column("verdict", "verdict", rank=4),
    number_column("peak_bytes", "peak memory", size_in_bytes, rank=6),
    text_column("machine", "machine", rank=7),
)


def report(found: Runs, *, next_: str = "") -> Report:
    """A table of all, then each whole.

    Args:
        found: the runs.
        next_: the command to propose.
    """
    measured = found.measurements
    rows = tuple(map(_row, found.names, found.times, measured))
    table = Table(columns=_COLUMNS, rows=rows)
    if len({one.machine["model"] for one in measured}) == 1:
        table = table.without(frozenset({"machine"}))
    titles = [f"{name}: {x.source}" for name, x in zip(found.names, measured, strict=True)]
    bars = times.of_networks(titles, measured=[one.seconds for one in measured])
    whole = measure.report(Measurements(measured, ()), notes=((),) * len(measured))
    return Report(
        Document(
            answers=tuple(line for each in found.moments for line in measure.answers(each)),
            sections=(
                Section("runs", (*bars, table)),
                *(
                    Section(title, measure.blocks(one, frozenset()))
                    for title, one in zip(titles, measured, strict=True)
                ),
            ),
            records=whole.document.records,
            footnotes=(*history.CONVENTIONS, *whole.document.footnotes),
            next=next_,
        ),
        found.to_dict(),
        timeline.of_measurements(measured),
    )


def _row(name: str, time: str, one: Measurement) -> Row:
    seconds = one.seconds
    return (
        name,
        moment(time) if time else None,
        *(one.source, one.runtime, history.workload_of(one)),
        *(seconds.median, seconds.low, seconds.high),
        one.verdict.name + (", interrupted" if one.interrupted else ""),
        one.peak_bytes,
        one.machine["model"],
    )
