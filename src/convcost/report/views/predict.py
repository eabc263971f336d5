"""Predictions: the time of a batch, layer by layer, and of a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import (
    band,
    exact,
    number_column,
    plural,
    text_column,
)
from convcost.report.views import timeline, timing
from convcost.report.views.charts import times
from convcost.report.views.charts.batches import over_batches
from convcost.report.views.remarks import at_least, remarks
from convcost.units import format_count, format_percent, format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Note
    from convcost.predict import Basis, Judgement, Plan, Prediction, Rates
    from convcost.report.document import Chart

#: By what a time comes from.
_TIMES: Mapping[Basis, str] = {
    "data sheet": (
        "time of a kernel = its compute, memory and launch terms from published peak figures; "
        "the range is meant to hold nine times out of ten."
    ),
    "calibrated": (
        "time of a kernel = as networks say that were run on this machine (`convcost calibrate`); "
        "nine of ten networks that were held out of the fit lay within the range."
    ),
}
_CONVENTION = (
    "share = of the batch's time; bytes = what the runtime's kernels really read and write."
)
_BASES: Mapping[Basis, str] = {"data sheet": "data sheet", "calibrated": "calibrated profile"}
#: Of the same network at several batches.
_BATCHES = (
    number_column("batch", "batch", exact),
    number_column("seconds", "time", format_seconds),
    text_column("range", "range", rank=2),
    number_column("seconds_per_sample", "per sample", format_seconds),
    number_column("launch", "launches", format_percent, rank=1),
    number_column("compute", "compute", format_percent, rank=1),
    number_column("memory", "memory", format_percent, rank=1),
)


def report(
    predictions: Sequence[Prediction],
    *,
    notes: Sequence[Sequence[Note]],
    assumed: frozenset[str] = frozenset(),
    verbose: bool = False,
    next_: str = "",
) -> Report:
    """Predictions as a report.

    Args:
        predictions: one per network.
        notes: the networks' own, in the same order.
        assumed: which of device, runtime and batch the user did not choose.
        verbose: show every note.
        next_: the command to propose.
    """
    headings = len(predictions) > 1
    return Report(
        Document(
            answers=tuple(map(answer, predictions)),
            sections=(
                Section("", _networks(predictions)),
                *(
                    Section(
                        prediction.source if headings else "",
                        (
                            *times.of_prediction(prediction),
                            _table(prediction),
                            *over_batches(prediction),
                            *by_batch(prediction),
                            Lines("of what", circumstances(prediction, assumed)),
                            *remarks(of_network, prediction.unknown, verbose=verbose),
                        ),
                    )
                    for prediction, of_network in zip(predictions, notes, strict=True)
                ),
            ),
            records=Table(
                columns=timing.RECORDS,
                rows=tuple(row for each in predictions for row in timing.records(each)),
            ),
            footnotes=footnotes(predictions),
            next=next_,
        ),
        {
            "schema": "convcost/predict/1",
            "networks": [prediction.to_dict() for prediction in predictions],
        },
        timeline.of_predictions(predictions),
    )


def _networks(predictions: Sequence[Prediction]) -> tuple[Chart, ...]:
    """Several beside each other."""
    names = [prediction.source for prediction in predictions]
    return times.of_networks(names, [prediction.seconds for prediction in predictions])


def footnotes(predictions: Sequence[Prediction]) -> tuple[str, ...]:
    """What the times come from, and what figures mean."""
    return (*dict.fromkeys(_TIMES[each.basis] for each in predictions), _CONVENTION)


def answer(prediction: Prediction) -> str:
    """The first line: time of a batch, its range, where, and on what basis."""
    bound, reason = at_least(prediction.unknown)
    details = [band(prediction.seconds), *([reason] if reason else [])]
    what = "batch"
    if prediction.workload.training:
        # the data sheet says nothing of the other phases
        what = f"{'forward pass' if prediction.forward_only else 'training step'} of a batch"
    text = (
        f"{prediction.source}: {bound}{format_seconds(prediction.seconds.value)} per "
        f"{what} of {exact(prediction.workload.batch)} ({'; '.join(details)}) on "
        f"{prediction.device.name} with {prediction.runtime.name}, by "
        f"{_BASES[prediction.basis]}"
    )
    if prediction.plan is not None:
        text = f"{text}; {bound}{_plan(prediction.plan)}"
    return text if prediction.judgement is None else f"{text}; {_judged(prediction.judgement)}"


def circumstances(prediction: Prediction, assumed: frozenset[str]) -> tuple[str, ...]:
    """Device, runtime, batch; each says whether the user chose it."""

    def chosen(option: str, change: str) -> str:
        return f" (assumed; {change} changes it)" if option in assumed else ""

    device, runtime, workload = prediction.device, prediction.runtime, prediction.workload
    dtype = workload.dtype or "the source's dtype"
    lines = [
        f"device: {device.name}, {device.title}{chosen('device', '--device')}",
        f"runtime: {runtime.name}, {runtime.title}{chosen('runtime', '--runtime')}",
        (
            f"batch: {exact(workload.batch)}{chosen('batch', '--batch')}; {_what(prediction)}, "
            f"{dtype}"
        ),
    ]
    lines.append(f"rates: {_rates(prediction.rates)}")
    lines += prediction.assumptions
    if device.note:
        lines.append(f"about the device: {device.note}")
    if prediction.plan is not None:
        share = prediction.plan.loop_seconds / prediction.plan.seconds.value
        lines.append(
            f"the framework's own loop is {format_seconds(prediction.plan.loop_seconds)} of the "
            f"whole ({format_percent(share)}; {prediction.plan.loop_source})"
        )
    if prediction.judgement is not None:
        lines.append(f"at the measured time: {_rates(prediction.judgement.rates)}")
    return tuple(lines)


def _rates(found: Rates) -> str:
    return (
        f"{format_count(found.flops_per_second, 'FLOP/s')} ({format_percent(found.of_peak_flops)} "
        f"of the peak), {format_count(found.bytes_per_second, 'B/s')} read and written "
        f"({format_percent(found.of_bandwidth)} of the memory's bandwidth)"
    )


def _judged(found: Judgement) -> str:
    """Whether a measured time is normal."""
    ratio = f"{format_ratio(found.ratio)} the predicted time"
    said = {
        "as predicted": f"normal: {ratio}, within its range",
        "slower": f"slower than normal: {ratio}, above its range",
        "faster": f"faster than normal: {ratio}, below its range",
    }
    return f"{format_seconds(found.seconds)} measured is {said[found.verdict]}"


def by_batch(prediction: Prediction) -> tuple[Table, ...]:
    """The other batches, where they are asked for."""
    found = prediction.batches
    if found is None:
        return ()
    first, last = found.rows[0].batch, found.rows[-1].batch
    if found.crossover is None:
        title = f"launches take at least half of the time up to a batch of {exact(last)}"
    elif found.crossover == first:
        title = f"launches take less than half of the time from a batch of {exact(first)} on"
    else:
        title = f"launches take at least half of the time below a batch of {exact(found.crossover)}"
    rows = tuple(
        (
            row.batch, row.seconds.value, band(row.seconds), row.per_sample, row.launch,
            row.compute, row.memory,
        )
        for row in found.rows
    )  # fmt: skip
    more = f"a sample takes hardly less beyond {exact(found.enough)}"
    return (Table(columns=_BATCHES, rows=rows, title=f"by batch: {title}; {more}"),)


def _what(prediction: Prediction) -> str:
    """What of a batch the time is of."""
    workload = prediction.workload
    if not prediction.of_step:
        return f"forward pass, {workload.mode}"
    update = f"update by {workload.optimizer}" if workload.optimizer else "no update"
    return f"training step, {update}"


def _plan(plan: Plan) -> str:
    epochs = "" if plan.epochs == 1 else f" x {exact(plan.epochs)} epochs"
    return (
        f"{format_seconds(plan.seconds.value)} for {plural(plan.samples, 'sample')}{epochs} "
        f"({band(plan.seconds)}; {plural(plan.steps, 'step')})"
    )


def _table(prediction: Prediction) -> Table:
    rows = [timing.row(prediction, layer) for layer in prediction.layers]
    rows += [timing.rest(prediction, phase) for phase in prediction.rest]
    empty = (None,) * (len(timing.COLUMNS) - 3)
    return Table(
        columns=timing.COLUMNS,
        rows=tuple(rows),
        footer=(("total", None, prediction.seconds.value, *empty),),
    )
