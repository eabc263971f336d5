"""Findings with what was measured of that which they tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.units import format_names, format_percent, format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.explain.evidence import Case, Evidence
    from convcost.explain.explanation import Finding
    from convcost.explain.verification import Beside

#: So many rows are told one by one.
_FEW = 3


def with_measured(finding: Finding, evidence: Evidence) -> Finding:
    """The finding with the measured figures beside each predicted one that its text tells.

    The seconds are those of the rows in which its layers ran, other layers contained where the
    runtime fused them; `predicted_seconds` is of the same rows, so that the two can be compared.
    """
    for text, numbers in (
        _of_layers(finding, evidence.cases[finding.network]),
        _of_ratio(finding, evidence),
    ):
        if numbers:
            finding = replace(
                finding, text=f"{finding.text}; {text}", numbers={**finding.numbers, **numbers}
            )
    return finding


def _of_layers(finding: Finding, case: Case) -> tuple[str, dict[str, Any]]:
    found = case.verification
    if found is None or found.compared is None or not finding.timed or not found.rows:
        return "", {}
    rows = found.rows_of(finding.timed)
    if not rows:
        return "", {}
    whole = found.compared.median
    seconds = sum(row.measured or 0.0 for row in rows)
    predicted = sum(row.predicted or 0.0 for row in rows)
    others = [name for row in rows for name in row.layers if name not in finding.timed]
    numbers = {
        "measured_seconds": seconds,
        "measured_share": seconds / whole,
        "predicted_seconds": predicted,
        **({"measured_with": others} if others else {}),
    }
    text = (
        f"measured: {_told(rows, seconds)} of {format_seconds(whole)} "
        f"({format_percent(seconds / whole)}), predicted {format_seconds(predicted)} of "
        f"{format_seconds(case.seconds)}"
    )
    return text, numbers


def _told(rows: Sequence[Beside], seconds: float) -> str:
    """Up to a few rows by name, else their number; what ran together is said."""
    if len(rows) > _FEW:
        return f"{len(rows)} layers {format_seconds(seconds)}"
    return ", ".join(map(_row, rows))


def _row(row: Beside) -> str:
    with_ = f" with {format_names(row.together_with, most=1)}" if row.together_with else ""
    if row.measured is None:
        return f"{row.name} no time of its own"
    return f"{row.name}{with_} {format_seconds(row.measured)}"


def _of_ratio(finding: Finding, evidence: Evidence) -> tuple[str, dict[str, Any]]:
    """Where the text tells the predicted ratio of the times of two networks."""
    if "time_ratio" not in finding.numbers:
        return "", {}
    pair = next(pair for pair in evidence.pairs if pair.a.index == finding.network)
    if pair.compared is None:
        return "", {}
    ratio = pair.compared.value
    return f"measured: {format_ratio(ratio)} the time", {"measured_time_ratio": ratio}
