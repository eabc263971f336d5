"""Results for people and machines: views turn results into reports, renderers print them.

A view knows one kind of result and no format; a renderer knows one format and no result.
"""

from convcost.report.document import Chart, Column, Document, Lines, Report, Section, Table
from convcost.report.registry import (
    Renderer,
    Surface,
    check,
    format_of_suffix,
    formats,
    is_binary,
    render,
    suffixes,
)

__all__ = [
    "Chart",
    "Column",
    "Document",
    "Lines",
    "Renderer",
    "Report",
    "Section",
    "Surface",
    "Table",
    "check",
    "format_of_suffix",
    "formats",
    "is_binary",
    "render",
    "suffixes",
]
