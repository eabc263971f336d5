"""Numbers that BatchNorm stores but does not learn: not trainable, and yet nothing is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.network.dims import number
from convcost.units import format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.count import LayerCount
    from convcost.explain.evidence import Case

#: Of all numbers that the network stores; below it the rule is silent.
_LEAST_SHARE = 0.01


def of_case(case: Case) -> Iterator[Finding]:
    """One finding where the statistics are a part that somebody may stumble over."""
    rows = [row for row in case.count.layers if row.op == "batch_norm" and row.statistics]
    statistics = sum(number(row.statistics or 0, "statistics") for row in rows)
    stored = case.parameters + number(case.count.total.statistics, "statistics")
    if rows and statistics >= _LEAST_SHARE * stored:
        yield _finding(case, rows, statistics, stored)


def _finding(case: Case, rows: list[LayerCount], statistics: int, stored: int) -> Finding:
    learned = sum(number(row.parameters or 0, "parameters") for row in rows)
    share = statistics / stored
    many = f"the {len(rows)} BatchNorm layers" if len(rows) > 1 else rows[0].name
    return Finding(
        network=case.index,
        layers=tuple(row.name for row in rows),
        text=(
            f"{many} of {case.name} store{'' if len(rows) > 1 else 's'} {learned:,} learned "
            f"numbers (scale and shift) and {statistics:,} statistics (moving mean and variance), "
            f"{format_percent(share)} of the {stored:,} that the network stores. Keras counts the "
            "statistics as non-trainable params, although no layer is frozen by them; PyTorch's "
            "parameters() leaves them out"
        ),
        numbers={
            "layers": len(rows), "learned": learned, "statistics": statistics, "stored": stored,
            "statistics_share": share,
        },
    )  # fmt: skip
