"""What causes take: the networks without them, predicted and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Lines, Table
from convcost.report.figures import band, number_column, signed_percent, signed_seconds, text_column
from convcost.units import format_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.ablation import Ablation
    from convcost.explain.explanation import Explanation
    from convcost.report.document import Row


def blocks(explanation: Explanation) -> Iterator[Table | Lines]:
    """The changes, and what was taken out; nothing without ablations."""
    found = explanation.ablations
    if not found:
        return
    several = len(explanation.predictions) > 1
    table = Table(
        title="what time changes by, without one cause",
        columns=(
            text_column("network", "network"),
            text_column("without", "without"),
            number_column("predicted", "predicted", signed_seconds),
            number_column("predicted_share", "share", signed_percent, rank=1),
            number_column("measured", "measured", signed_seconds),
            text_column("measured_range", "range", rank=2),
            number_column("measured_share", "share", signed_percent, rank=1),
            text_column("agreement", "the two agree"),
        ),
        rows=tuple(_row(explanation, each) for each in found),
    )
    unused = set() if several else {"network"}
    if all(each.measured is None for each in found):
        unused |= {"measured", "measured_range", "measured_share", "agreement"}
    yield table.without(frozenset(unused))
    yield Lines("what was taken out", tuple(_line(explanation, x, several=several) for x in found))


def _row(explanation: Explanation, each: Ablation) -> Row:
    measured = each.measured
    return (
        explanation.source(each.network),
        f"{each.without.subject}{', per MAC' if each.without.per_mac else ''}",
        each.predicted.seconds,
        each.predicted.share,
        measured and measured.seconds,
        band(measured, signed_seconds),
        measured and measured.share,
        each.agreement or _why_not(each),
    )


def _why_not(each: Ablation) -> str:
    """In place of an agreement where nothing was measured."""
    if each.failure:
        return "not measured"
    return "interrupted" if each.interrupted else ""


def _line(explanation: Explanation, each: Ablation, *, several: bool) -> str:
    where = f"{explanation.source(each.network)}, " if several else ""
    names = list(each.without.layers)
    layers = f" ({format_names(names)})" if names else ""
    return f"{where}{each.without.subject}{layers}: {each.without.meaning}"
