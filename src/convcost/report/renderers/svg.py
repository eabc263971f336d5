"""SVG: one chart of the document, as a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.report.registry import Surface, renderer

if TYPE_CHECKING:
    from convcost.report.document import Chart, Report


@renderer("svg", suffix=".svg", drawn=True)
def render(report: Report, surface: Surface) -> str:
    """The only chart.

    Raises:
        UsageError: there is none, or there are several.
    """
    from convcost.report.charts.svg import file

    del surface
    return file(the_chart(report))


def the_chart(report: Report) -> Chart:
    """The only chart of a report.

    Raises:
        UsageError: there is none, or there are several.
    """
    charts = report.document.charts
    if not charts:
        raise UsageError("there is nothing to draw in this result")
    if len(charts) > 1:
        names = ", ".join(charts)
        raise UsageError(f"this result has {len(charts)} charts", hint=f"--chart NAME: {names}")
    (chart,) = charts.values()
    return chart
