"""Earlier measurements: the list, and one run whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.measure import Measurements
from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import band, exact, number_column, plural, size_in_bytes, text_column
from convcost.report.views import measure
from convcost.report.views.against import moment
from convcost.units import format_seconds

if TYPE_CHECKING:
    from convcost.measure import History, Measurement, Run
    from convcost.report.document import Row

#: Of times that were taken at different moments.
CONVENTIONS = (
    (
        "time = of a batch, or of a loop over samples; the range holds the true median 19 times "
        "out of 20."
    ),
    (
        "two times of different moments are no ratio: convcost measure --against RUN gives one "
        "with its range, and --run RUN those of networks that were measured side by side."
    ),
)
_RUN = number_column("run", "run", str)
_NETWORK = text_column("network", "network")
_RUNTIME = text_column("runtime", "runtime", rank=1)
_SECONDS = number_column("seconds", "time", format_seconds)
_VERDICT = text_column("verdict", "verdict", rank=4)
_PEAK = number_column("peak_bytes", "peak memory", size_in_bytes, rank=6)
_COLUMNS = (
    _RUN,
    text_column("time", "measured", rank=5),
    _NETWORK,
    _RUNTIME,
    text_column("workload", "workload", rank=2),
    _SECONDS,
    text_column("range", "range", rank=3),
    _VERDICT,
    _PEAK,
)
_RECORDS = (
    _RUN,
    number_column("session", "session", str),
    text_column("time", "measured"),
    _NETWORK,
    text_column("fingerprint", "fingerprint"),
    _RUNTIME,
    number_column("batch", "batch", exact),
    text_column("mode", "mode"),
    text_column("dtype", "dtype"),
    text_column("optimizer", "optimizer"),
    text_column("loss", "loss"),
    number_column("threads", "threads", exact),
    text_column("model", "machine"),
    text_column("convcost", "convcost"),
    text_column("per", "per"),
    _SECONDS,
    number_column("low", "low", format_seconds),
    number_column("high", "high", format_seconds),
    _VERDICT,
    _PEAK,
)


def report(found: History, *, chosen: bool, all_: str = "", next_: str = "") -> Report:
    """Runs as a table, the newest first.

    Args:
        found: the runs.
        chosen: a network or a runtime was asked for.
        all_: the command that shows those that are left out.
        next_: the command to propose.
    """
    table = Table(columns=_COLUMNS, rows=tuple(map(_row, found.runs)))
    if all(run.measurement.peak_bytes is None for run in found.runs):
        table = table.without(frozenset({_PEAK.key}))
    return Report(
        Document(
            answers=(_answer(found, all_, chosen=chosen),),
            sections=(Section("", (table,)),) if found.runs else (),
            records=Table(columns=_RECORDS, rows=tuple(map(_record, found.runs))),
            footnotes=CONVENTIONS if found.runs else (),
            next=next_,
        ),
        found.to_dict(),
    )


def report_one(found: History, *, next_: str = "") -> Report:
    """One run whole, and how it compares with those that were measured side by side with it."""
    (run,) = found.runs
    whole = measure.report(Measurements((run.measurement,), ()), notes=((),), next_=next_)
    document = whole.document
    sections = document.sections
    if found.ratios:
        together = Measurements(tuple(each.measurement for each in found.session), found.ratios)
        beside = Lines("measured side by side", measure.answers(together))
        sections = (*sections, Section("", (beside,)))
    answers = (f"run {run.id} of {moment(run.time)}, {document.answers[0]}",)
    document = replace(document, answers=answers, sections=sections)
    return Report(document, found.to_dict(), whole.trace)


def _answer(found: History, all_: str, *, chosen: bool) -> str:
    if not found.total:
        nothing = "this was never measured" if chosen else "nothing was measured yet"
        return f"{nothing}; the runs are kept in {found.store}"
    if len(found.runs) < found.total:
        last = f"the last {exact(len(found.runs))} of {plural(found.total, 'run')}"
        return f"{last} in {found.store}" + (f" ({all_} shows all)" if all_ else "")
    return f"{plural(found.total, 'run')} in {found.store}"


def _row(run: Run) -> Row:
    one = run.measurement
    return (
        run.id,
        moment(run.time),
        one.source,
        one.runtime,
        workload_of(one),
        one.seconds.median,
        band(one.seconds),
        one.verdict.name + (", interrupted" if one.interrupted else ""),
        one.peak_bytes,
    )


def _record(run: Run) -> Row:
    one = run.measurement
    workload, seconds = one.workload, one.seconds
    return (
        *(run.id, run.session, run.time, one.source, run.fingerprint, one.runtime),
        *(workload.batch, workload.mode, workload.dtype, workload.optimizer, workload.loss),
        *(one.machine["threads"], one.machine["model"], run.convcost),
        *(one.per, seconds.median, seconds.low, seconds.high, one.verdict.name, one.peak_bytes),
    )


def workload_of(one: Measurement) -> str:
    """What was run, in short: what is usual is left out."""
    workload = one.workload
    parts = [f"batch {exact(workload.batch)}"]
    if workload.training:
        parts.append(f"training with {workload.optimizer}" if workload.optimizer else "training")
    if one.loop != "step":
        parts.append(f"{one.loop} of {exact(workload.samples or 0)} samples")
    if workload.freeze:
        parts.append(f"frozen {' '.join(workload.freeze)}")
    if workload.dtype:
        parts.append(workload.dtype)
    return ", ".join([*parts, plural(one.machine["threads"], "thread")])
