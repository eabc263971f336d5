"""Measurements: how many times as long, the time of a batch, and its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import (
    band,
    bar_column,
    exact,
    number_column,
    plural,
    share_column,
    text_column,
)
from convcost.report.views import timeline
from convcost.report.views.against import against_earlier
from convcost.report.views.charts import times
from convcost.report.views.remarks import remarks
from convcost.units import format_percent, format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.measure import LayerTime, Measurement, Measurements, Ratio
    from convcost.network.network import Note
    from convcost.report.document import Block, Chart, Row

_CONVENTIONS = (
    (
        "time = the median of what each process took, in turns in which the networks alternate; "
        "the range holds the true median 19 times out of 20, for as long as the machine stays as "
        "it was."
    ),
    (
        "share = of the whole batch; a layer's time is seen inside the running network, fused "
        "layers together; loop = what the framework does between the layers."
    ),
)

_COLUMNS = (
    text_column("layer", "layer"),
    number_column("seconds", "time", format_seconds),
    share_column(rank=1),
    bar_column(rank=3),
    text_column("phases", "of it", rank=4),
    text_column("fused_with", "together with", rank=2),
    text_column("kernels", "kernels", rank=5),
)
_RECORDS = (
    text_column("network", "network"),
    text_column("runtime", "runtime"),
    number_column("batch", "batch", str),
    *_COLUMNS,
)


def report(
    found: Measurements,
    *,
    notes: Sequence[Sequence[Note]],
    ops: Sequence[Mapping[str, str]] = (),
    assumed: frozenset[str] = frozenset(),
    against: bool = False,
    verbose: bool = False,
    next_: str = "",
) -> Report:
    """Measurements as a report.

    Args:
        found: of one or several networks.
        notes: the networks' own, in the same order.
        ops: kinds of ops by layer, likewise; a trace says them where they are given.
        assumed: which of runtime, batch and threads the user did not choose.
        against: say how each compares with an earlier run, also where there is none.
        verbose: show every note.
        next_: the command to propose.
    """
    earlier = tuple(map(against_earlier, found.networks)) if against else ()
    headings = len(found.networks) > 1
    return Report(
        Document(
            answers=(*answers(found), *earlier),
            sections=(
                Section("", _networks(found)),
                *(
                    Section(
                        one.source if headings else "",
                        (*blocks(one, assumed), *remarks(of_network, (), verbose=verbose)),
                    )
                    for one, of_network in zip(found.networks, notes, strict=True)
                ),
            ),
            records=Table(
                columns=_RECORDS,
                rows=tuple(row for one in found.networks for row in _records(one)),
            ),
            footnotes=_CONVENTIONS,
            next=next_,
        ),
        found.to_dict(),
        timeline.of_measurements(found.networks, ops),
    )


def _networks(found: Measurements) -> tuple[Chart, ...]:
    """Several beside each other."""
    names = [one.source for one in found.networks]
    return times.of_networks(names, measured=[one.seconds for one in found.networks])


def answers(found: Measurements) -> tuple[str, ...]:
    """The first lines: the time of the only network, or the ratios of several."""
    if not found.ratios:
        return tuple(map(_time, found.networks))
    first, *later = found.networks
    return tuple(_ratio(ratio, one, first) for ratio, one in zip(found.ratios, later, strict=True))


def _time(one: Measurement) -> str:
    what = f"{format_seconds(one.seconds.median)} ({band(one.seconds)})"
    return f"{one.source}: {what} per {_batch(one)} in {one.runtime}{_doubt([one])}"


def _ratio(ratio: Ratio, a: Measurement, b: Measurement) -> str:
    """The slower network first, whichever was given first."""
    times, low, high = ratio.times.median, ratio.times.low, ratio.times.high
    if times < 1:
        a, b = b, a
        times, low, high = 1 / times, 1 / high, 1 / low
    both = f"{format_seconds(a.seconds.median)} against {format_seconds(b.seconds.median)}"
    ends = f"{both} per {_batch(a)}{_doubt([a, b])}"
    between = f"{format_ratio(low).removesuffix('x')}-{format_ratio(high)}"
    if low <= 1:
        told = f"cannot be told apart in {a.runtime}: {format_ratio(times)} ({between})"
        return f"{a.source} and {b.source} {told}; {ends}"
    takes = f"{a.source} takes {format_ratio(times)} ({between}) the time of {b.source}"
    return f"{takes} in {a.runtime}: {ends}"


def _batch(one: Measurement) -> str:
    """Of what the time is."""
    workload = one.workload
    if workload.samples is not None:
        of = f"{exact(workload.samples)} samples in batches of {exact(workload.batch)}"
        return f"{one.per} of {of}"
    step = "training step, batch" if workload.training else "batch"
    return f"{step} of {exact(workload.batch)}"


def _doubt(found: Sequence[Measurement]) -> str:
    if any(one.interrupted for one in found):
        return "; interrupted"
    return "; noisy, see the reasons" if any(one.verdict.name == "noisy" for one in found) else ""


def blocks(one: Measurement, assumed: frozenset[str]) -> tuple[Block, ...]:
    """Its layers, how it was run, its memory, how sure it is."""
    return (
        *times.of_measurement(one),
        *([_table(one)] if one.layers else []),
        Lines("of what", circumstances(one, assumed)),
        *([Lines("memory", _memory(one, one.peak_bytes))] if one.peak_bytes is not None else []),
        Lines("how sure", _sureness(one)),
    )


def _memory(one: Measurement, peak: int) -> tuple[str, ...]:
    """The peak by the framework's own record, and how far the prediction is off."""
    lines = [f"peak: {exact(peak)} bytes, by {one.runtime}'s own record"]
    predicted = one.predicted_peak_bytes
    if predicted is not None:
        off = format_percent(abs(predicted / peak - 1))
        side = "more" if predicted > peak else "less"
        lines.append(f"predicted: {exact(predicted)} bytes, {off} {side}")
    return tuple(lines)


def _table(one: Measurement) -> Table:
    empty = (None,) * (len(_COLUMNS) - 2)
    rows = tuple(_row(layer) for layer in one.layers)
    table = Table(columns=_COLUMNS, rows=rows, footer=(("whole", one.seconds.median, *empty),))
    unused = {
        key for key, place in (("phases", 4), ("fused_with", 5)) if not any(r[place] for r in rows)
    }
    return table.without(frozenset(unused))


def _row(layer: LayerTime) -> Row:
    phases = ""
    if len(layer.phases) > 1:
        parts = layer.phases.items()
        phases = ", ".join(f"{phase} {format_seconds(seconds)}" for phase, seconds in parts)
    fused = ", ".join(layer.fused_with)
    times = (layer.seconds, layer.share, layer.share)
    return (layer.name, *times, phases, fused, ", ".join(layer.kernels))


def _records(one: Measurement) -> tuple[Row, ...]:
    head = (one.source, one.runtime, one.workload.batch)
    return tuple((*head, *_row(layer)) for layer in one.layers)


def circumstances(one: Measurement, assumed: frozenset[str]) -> tuple[str, ...]:
    """Runtime, machine, threads, batch; each says whether the user chose it."""

    def chosen(option: str) -> str:
        return f" (assumed; --{option} changes it)" if option in assumed else ""

    workload, machine = one.workload, one.machine
    versions = ", ".join(f"{name} {version}" for name, version in one.versions.items())
    what = "forward pass, inference" if one.loop == "step" else "forward pass, loss"
    if workload.training:
        what = f"training step, loss {workload.loss}, optimizer {workload.optimizer or 'none'}"
    if workload.samples is not None:
        samples = plural(workload.samples, "random sample")
        what = f"{what}, in the framework's own loop over {samples} in memory"
    cores = plural(machine["cores"], "core")
    lines = [
        f"runtime: {one.runtime}{chosen('runtime')}; {versions}",
        f"machine: {machine['model']}, {cores}; {machine['system']}",
        f"threads: {machine['threads']}{chosen('threads')}",
        f"batch: {exact(workload.batch)}{chosen('batch')}; {what}; parameters have random values",
    ]
    if one.idle:
        lines.append(f"no time of their own (views, or folded away): {', '.join(one.idle)}")
    if one.run is not None:
        lines.append(f"kept as run {one.run} of convcost history")
    return tuple(lines)


def _sureness(one: Measurement) -> tuple[str, ...]:
    """The verdict with its reasons, and what the instrument did."""
    turns, runs = plural(len(one.samples), "turn"), plural(one.runs, "run")
    many = f"{runs} in {turns} of {plural(len(one.processes), 'process', 'processes')}"
    lines = [f"{one.verdict}: {format_seconds(one.seconds.median)} ({band(one.seconds)}), {many}"]
    if one.earlier:
        runs = plural(one.earlier, "earlier run")
        lines.append(f"the range holds the medians of {runs} of the same network here as well")
    lines += one.verdict.reasons
    if one.verdict.advice:
        lines.append(f"what helps: {one.verdict.advice}")
    over = one.layers_over_whole
    if one.instrument is not None and over is not None:
        cost = f"looking at the layers adds {format_percent(max(0.0, one.instrument.overhead))}"
        scaled = "; their times are scaled to a run without it" if one.instrument.scaled else ""
        lines += [f"the layers add up to {format_percent(over)} of the whole", f"{cost}{scaled}"]
    elif one.instrument is not None:
        lines.append(f"{one.runtime} has no instrument for layers: only the whole is known")
    return tuple(lines)
