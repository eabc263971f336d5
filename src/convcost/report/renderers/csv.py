"""CSV: the table of records with raw numbers, a column per figure, units in the header."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from convcost.report.registry import Surface, renderer
from convcost.report.text import visible

if TYPE_CHECKING:
    from convcost.report.document import Report

#: What makes a spreadsheet take a text for a formula, full-width forms included.
_FORMULA_STARTS = tuple("=+-@＝＋－＠")


@renderer("csv", suffix=".csv")
def render(report: Report, surface: Surface) -> str:
    """Header and rows. What is not known is an empty cell, never a zero."""
    import csv

    del surface
    table = report.document.records
    table = table.without(table.bars)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.key for column in table.columns)
    writer.writerows(map(_cell, row) for row in table.rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would compute gets an apostrophe in front, which keeps it text."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) else text
