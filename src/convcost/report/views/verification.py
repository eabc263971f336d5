"""Predicted and measured times beside each other: of networks, and of their layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Table
from convcost.report.figures import (
    band,
    bar_column,
    exact,
    number_column,
    plural,
    prose_column,
    share_column,
    text_column,
)
from convcost.units import format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.explain.explanation import Explanation
    from convcost.explain.verification import Beside, Verification
    from convcost.predict import Prediction
    from convcost.report.document import Row

_LAYERS = (
    text_column("layer", "layer"),
    text_column("together_with", "together with", rank=3),
    number_column("predicted_seconds", "predicted", format_seconds),
    number_column("seconds", "measured", format_seconds),
    number_column("measured_over_predicted", "ratio", format_ratio, rank=2),
    share_column("of measured", rank=1),
    bar_column(rank=4),
    number_column("step_seconds", "whole step", format_seconds, rank=2),
)
_RECORDS = (
    text_column("network", "network"),
    text_column("device", "device"),
    text_column("runtime", "runtime"),
    text_column("measured_in", "measured in"),
    number_column("batch", "batch", str),
    *_LAYERS,
)
#: Columns that say nothing where what was measured is what is predicted.
_OF_STEPS = frozenset({"step_seconds"})


def networks(explanation: Explanation) -> Table:
    """The time of each network, predicted and measured, and how sure the latter is."""
    found = explanation.verifications
    part_only = found[0].forward_only
    rows: list[Row] = []
    for prediction, each in zip(explanation.predictions, found, strict=True):
        whole, part = each.measurement.seconds, each.compared
        rows.append(
            (
                prediction.source,
                prediction.seconds.value,
                band(prediction.seconds),
                None if part is None else part.median,
                band(part),
                whole.median,
                band(whole),
                _how_sure(each),
            )
        )
    table = Table(
        title=(
            f"predicted and measured{', forward pass' if part_only else ''}, per batch of "
            f"{exact(explanation.predictions[0].workload.batch)}"
        ),
        columns=(
            text_column("network", "network"),
            number_column("predicted", "predicted", format_seconds),
            text_column("predicted_range", "range", rank=2),
            number_column("measured", "measured", format_seconds),
            text_column("measured_range", "range", rank=1),
            number_column("step", "whole step", format_seconds),
            text_column("step_range", "range", rank=1),
            prose_column("how_sure", "how sure"),
        ),
        rows=tuple(rows),
    )
    return table if part_only else table.without(frozenset({"step", "step_range"}))


def _how_sure(found: Verification) -> str:
    """The verdict, why, and what helps."""
    verdict = found.measurement.verdict
    reasons = f": {'; '.join(verdict.reasons)}" if verdict.reasons else ""
    return f"{verdict}{reasons}" + (f". What helps: {verdict.advice}" if verdict.advice else "")


def layers(prediction: Prediction, found: Verification, top: int | None) -> Table:
    """The rows that take most of the measured time, and one row for all others."""
    slowest = sorted(found.rows, key=lambda row: -(row.step or 0.0))
    shown, others = slowest[:top], slowest[top:] if top else []
    rows = [_row(found, row) for row in shown]
    if others:
        rows.append(_others(found, others))
    whole = found.compared
    table = Table(
        title=f"where the time goes, predicted for {prediction.runtime.name} and measured in "
        f"{found.measurement.runtime}",
        columns=_LAYERS,
        rows=tuple(rows),
        footer=(
            (
                "whole",
                "",
                prediction.seconds.value,
                whole and whole.median,
                whole and whole.median / prediction.seconds.value,
                None,
                None,
                found.measurement.seconds.median,
            ),
        ),
    )
    unused = set() if any(row.together_with for row in shown) else {"together_with"}
    return table.without(frozenset(unused) | (frozenset() if found.forward_only else _OF_STEPS))


def records(explanation: Explanation) -> Table:
    """Every row of every network."""
    found = []
    for prediction, each in zip(explanation.predictions, explanation.verifications, strict=True):
        head = (
            prediction.source,
            prediction.device.name,
            prediction.runtime.name,
            each.measurement.runtime,
            prediction.workload.batch,
        )
        found += [(*head, *_row(each, row)) for row in each.rows]
    table = Table(columns=_RECORDS, rows=tuple(found))
    return table if explanation.verifications[0].forward_only else table.without(_OF_STEPS)


def _row(found: Verification, row: Beside) -> Row:
    ratio = row.measured / row.predicted if row.measured and row.predicted else None
    share = _share(found, row.measured)
    times = (row.predicted, row.measured, ratio, share, share, row.step)
    return (row.name, ", ".join(row.together_with), *times)


def _others(found: Verification, rows: Sequence[Beside]) -> Row:
    predicted = sum(row.predicted or 0.0 for row in rows)
    measured = sum(row.measured or 0.0 for row in rows)
    share = _share(found, measured)
    step = sum(row.step or 0.0 for row in rows)
    times = (predicted, measured, measured / predicted if predicted else None, share, share, step)
    return (plural(len(rows), "other row"), "", *times)


def _share(found: Verification, seconds: float | None) -> float | None:
    whole = found.compared
    return None if whole is None or seconds is None else seconds / whole.median
