"""Networks as bubbles: what they have to do against how good or how slow they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Chart

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.compare import Comparison, Costs
    from convcost.report.charts.axis import Axis
    from convcost.report.charts.scatter import Scatter

#: Pixels of the largest bubble's radius.
_LARGEST = 26.0


def of_comparison(found: Comparison) -> tuple[Chart, ...]:
    """Published accuracy over MACs, and time over MACs, as far as two networks have them."""
    charts = []
    if sum(row.top1 is not None and row.macs is not None for row in found.rows) > 1:
        charts.append(
            Chart(
                name="accuracy",
                title="published top-1 accuracy over MACs",
                text=(
                    "Each network by its MACs and the share of images that it is right "
                    "about; area = parameters. Networks without a published figure are not drawn."
                ),
                make=lambda: _accuracy(found),
            )
        )
    if sum(row.seconds is not None and row.macs is not None for row in found.rows) > 1:
        charts.append(
            Chart(
                name="time",
                title=f"predicted time over MACs, on {found.device.name}",
                text=(
                    "Each network by the MACs and the time of a batch; area = parameters. "
                    "On a line to the right and upwards time goes with MACs."
                ),
                make=lambda: _time(found),
            )
        )
    return tuple(charts)


def _accuracy(found: Comparison) -> Scatter:
    from convcost.report.charts.axis import Axis

    percent = Axis(key="top1_percent", title="top-1, %", show=lambda value: f"{value:.1f}")
    return _scatter(found, percent, lambda row: None if row.top1 is None else row.top1.percent)


def _time(found: Comparison) -> Scatter:
    from convcost.report.views.charts.axes import SECONDS

    return _scatter(found, SECONDS, lambda row: None if row.seconds is None else row.seconds.value)


def _scatter(found: Comparison, y: Axis, of: Callable[[Costs], float | None]) -> Scatter:
    from convcost.report.charts.scatter import Point, Scatter
    from convcost.report.views.charts.axes import MACS, PARAMETERS, ranging

    rows = [(row, of(row)) for row in found.rows]
    drawn = [(row, value) for row, value in rows if value is not None and row.macs is not None]
    return Scatter(
        what="network",
        x=ranging(MACS, [row.macs or 0 for row, _ in drawn]),
        y=ranging(y, [value for _, value in drawn]),
        size=PARAMETERS,
        largest=_LARGEST,
        points=tuple(
            Point(name=row.source, x=row.macs, y=value, size=row.parameters) for row, value in rows
        ),
    )
