"""A chart as an SVG element of a page, or as a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.charts import theme
from convcost.report.charts.canvas import FONT, escaped, shortened

if TYPE_CHECKING:
    from convcost.report.document import Chart

#: Pixels of a chart on a desk and on a telephone: text keeps its size on both.
WIDE, NARROW = 720, 360
_MARGIN = 16
_TITLE = 2 * FONT


def inline(chart: Chart, width: int, look: str) -> str:
    """An element of a page, which has the theme's rules.

    Args:
        chart: what to draw.
        width: `WIDE` or `NARROW`.
        look: a further class.
    """
    drawn = chart.make().draw(width)
    size = f'width="{drawn.width:g}" height="{drawn.height:g}"'
    box = f'viewBox="0 0 {drawn.width:g} {drawn.height:g}"'
    told = f"<title>{escaped(chart.title)}</title><desc>{escaped(chart.text)}</desc>"
    return f'<svg class="chart {look}" role="img" {size} {box}>{told}{drawn}</svg>'


def file(chart: Chart, *, dark: bool = True) -> str:
    """A file of its own, with its title and its colours.

    Args:
        chart: what to draw.
        dark: whether it may turn dark where its reader wants that.
    """
    drawn = chart.make().draw(WIDE)
    width, height = drawn.width + 2 * _MARGIN, drawn.height + 2 * _MARGIN + _TITLE
    title = escaped(shortened(chart.title, drawn.width))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}">'
        f"<title>{escaped(chart.title)}</title><desc>{escaped(chart.text)}</desc>"
        f"<style>{theme.of_file(dark=dark)}</style>"
        f'<rect class="paper" width="{width:g}" height="{height:g}"/>'
        f'<text class="heading" x="{_MARGIN}" y="{_MARGIN + FONT}">{title}</text>'
        f'<g transform="translate({_MARGIN},{_MARGIN + _TITLE:g})">{drawn}</g></svg>\n'
    )
