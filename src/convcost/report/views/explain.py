"""Explanations: the answer, where the time goes, the differences and their causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import band, exact, number_column, plural, prose_column, text_column
from convcost.report.views import ablations, differences, timeline, timing, verification
from convcost.report.views.charts import roofline, times
from convcost.report.views.remarks import remarks
from convcost.units import format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.explain.explanation import Explanation, Variation
    from convcost.predict import Prediction
    from convcost.report.document import Block

#: Rows of the tables that show the largest parts.
_TOP = 6


def report(explanation: Explanation, *, verbose: bool = False, next_: str = "") -> Report:
    """An explanation as a report.

    Args:
        explanation: what was found.
        verbose: show all layers and every note.
        next_: the command to propose.
    """
    predictions = explanation.predictions
    top = None if verbose else _TOP
    several = len(predictions) > 1
    networks = tuple(
        Section(
            prediction.source if several else "",
            (
                *times.of_layers(explanation, index),
                _layers(explanation, index, top),
                *remarks(counted.notes, counted.unknown, verbose=verbose),
            ),
        )
        for index, (prediction, counted) in enumerate(
            zip(predictions, explanation.counts, strict=True)
        )
    )
    whole = Section(
        "comparison" if several else "",
        (*_comparison(explanation, top), *ablations.blocks(explanation), *_reasons(explanation)),
    )
    return Report(
        Document(
            answers=(explanation.answer, *explanation.checks),
            sections=(
                Section("", times.of_explained(explanation)),
                *_measured(explanation),
                *networks,
                whole,
                Section("", roofline.of_explanation(explanation)),
            ),
            records=_records(explanation),
            next=next_,
        ),
        {"schema": "convcost/explain/1", **explanation.to_dict()},
        timeline.of_explanation(explanation),
    )


def _measured(explanation: Explanation) -> tuple[Section, ...]:
    if not explanation.verifications:
        return ()
    return (Section("", (verification.networks(explanation),)),)


def _layers(explanation: Explanation, index: int, top: int | None) -> Table:
    """Predicted, and measured beside it where the layers were timed."""
    prediction = explanation.predictions[index]
    found = explanation.verifications[index] if explanation.verifications else None
    if found is None or not found.rows:
        return _where(prediction, top)
    return verification.layers(prediction, found, top)


def _records(explanation: Explanation) -> Table:
    if any(found.rows for found in explanation.verifications):
        return verification.records(explanation)
    return Table(
        columns=timing.RECORDS,
        rows=tuple(row for each in explanation.predictions for row in timing.records(each)),
    )


def _where(prediction: Prediction, top: int | None) -> Table:
    """The layers that take most of the time, and one row for all others."""
    slowest = sorted(prediction.layers, key=lambda layer: -layer.seconds)
    running = [layer for layer in slowest if layer.seconds]
    shown, others = running[:top], running[top:] if top else []
    rows = [timing.row(prediction, layer) for layer in shown]
    if others:
        seconds = sum(layer.seconds for layer in others)
        share = sum(layer.share for layer in others)
        name = plural(len(others), "other layer")
        rows.append((name, None, seconds, share, share, None, None, None, None))
    rows += [timing.rest(prediction, phase) for phase in prediction.rest]
    whole, workload = prediction.seconds, prediction.workload
    what = "batch"
    if workload.training:
        what = "training step" if prediction.of_step else "forward pass of a batch"
    return Table(
        title=(
            f"where the time goes: {format_seconds(whole.value)} per {what} of "
            f"{exact(workload.batch)} ({band(whole)})"
        ),
        columns=timing.COLUMNS,
        rows=tuple(rows),
    )


def _comparison(explanation: Explanation, top: int | None) -> list[Block]:
    if not explanation.ratios:
        return []
    ratios = Table(
        title="time ratios",
        columns=(
            text_column("ratio", "ratio"),
            number_column("predicted", "predicted", format_ratio),
            text_column("range", "range"),
            number_column("measured", "measured", format_ratio),
            text_column("measured_range", "range"),
            number_column("measured_forward", "its forward pass", format_ratio),
        ),
        rows=tuple(
            (
                f"{explanation.source(ratio.a)} / {explanation.source(ratio.b)}",
                ratio.predicted.value,
                band(ratio.predicted, format_ratio),
                ratio.measured and ratio.measured.value,
                band(ratio.measured, format_ratio),
                ratio.measured_forward and ratio.measured_forward.value,
            )
            for ratio in explanation.ratios
        ),
    )
    empty = (
        column.key
        for place, column in enumerate(ratios.columns)
        if not any(row[place] for row in ratios.rows)
    )
    ratios = ratios.without(frozenset(empty))
    return [ratios, *differences.tables(explanation, top)]


def _reasons(explanation: Explanation) -> list[Block]:
    blocks: list[Block] = []
    if explanation.findings:
        blocks.append(Lines("findings", tuple(_findings(explanation))))
    if explanation.achieved:
        blocks.append(_achieved(explanation))
    blocks += map(_variation, explanation.variations)
    if explanation.assumptions:
        blocks.append(Lines("assumed", explanation.assumptions))
    return blocks


def _findings(explanation: Explanation) -> Sequence[str]:
    lines = []
    several = len(explanation.predictions) > 1
    for number, finding in enumerate(explanation.findings, start=1):
        where = f"{explanation.source(finding.network)}: " if several else ""
        lines.append(f"{number}. {where}{finding.text}")
        if finding.advice:
            lines.append(f"   what to do: {finding.advice}")
    return lines


def _achieved(explanation: Explanation) -> Table:
    return Table(
        title="what the measured times mean",
        columns=(
            text_column("network", "network"),
            number_column("seconds", "measured", format_seconds),
            number_column("samples", "samples", exact, rank=4),
            prose_column("verdict", "verdict"),
        ),
        rows=tuple(
            (
                explanation.source(each.network),
                each.seconds,
                each.samples,
                each.verdict,
            )
            for each in explanation.achieved
        ),
    )


def _variation(variation: Variation) -> Table:
    """Its figures are time ratios, a column per pair of networks."""
    columns = (number_column(name, name, format_ratio) for name in variation.columns)
    return Table(
        title=variation.text,
        columns=(number_column(variation.parameter, variation.parameter, exact), *columns),
        rows=tuple((value, *numbers) for value, numbers in variation.rows),
    )
