"""Plain text for pipes and files: no colour, no boxes, nothing cut, nothing heavy imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Table
from convcost.report.registry import Surface, renderer
from convcost.report.text import ascii_bar, cells, padded, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.report.document import Column, Row

_GAP = "  "


@renderer("table")
def render(report: Report, surface: Surface) -> str:
    """Aligned columns, as wide as their widest cell."""
    del surface
    return "\n".join(line.rstrip() for line in _lines(report.document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield from map(visible, document.answers)
    for section in document.sections:
        if section.heading:
            yield from ("", visible(section.heading))
        for block in section.in_text:
            yield ""
            if block.title:
                yield f"{visible(block.title)}:"
            if isinstance(block, Lines):
                yield from (f"  {visible(line)}" for line in block.lines)
            else:
                yield from _table(block)
    if document.footnotes:
        yield from ("", *map(visible, document.footnotes))
    if document.next:
        yield from ("", f"next: {visible(document.next)}")


def _table(table: Table) -> Iterator[str]:
    header = [column.title for column in table.columns]
    body = [_texts(table, row) for row in (*table.rows, *table.footer)]
    lines = [header, *body]
    widths = [max(map(cells, texts)) for texts in zip(*lines, strict=True)]
    aligns = [column.align for column in table.columns]
    for texts in lines:
        yield _GAP.join(map(padded, texts, widths, aligns))


def _texts(table: Table, row: Row) -> list[str]:
    return [_text(column, value) for column, value in zip(table.columns, row, strict=True)]


def _text(column: Column, value: object) -> str:
    if column.bar and isinstance(value, float):
        return ascii_bar(value)
    return visible(column.text(value))
