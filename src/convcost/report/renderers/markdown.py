"""Markdown: the whole document with GitHub's tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Table
from convcost.report.registry import Surface, renderer
from convcost.report.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.report.document import Row

#: What Markdown or HTML would obey; an underscore between letters is harmless and common in names.
_SPECIAL = re.compile(r"[\\`*\[\]<>|#~&$!]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")


@renderer("markdown", "md", suffix=".md")
def render(report: Report, surface: Surface) -> str:
    """Answers in bold, a heading per section and table, the next command as code."""
    del surface
    return "\n".join(_lines(report.document)).rstrip("\n") + "\n"


def _lines(document: Document) -> Iterator[str]:
    for answer in document.answers:
        yield f"**{_escaped(answer)}**"
        yield ""
    for section in document.sections:
        if section.heading:
            yield f"## {_escaped(section.heading)}"
            yield ""
        for block in section.in_text:
            yield from _block(block)
            yield ""
    for footnote in document.footnotes:
        yield _escaped(footnote)
        yield ""
    if document.next:
        fence = "`" * (1 + max(map(len, re.findall("`+", document.next)), default=0))
        yield f"next: {fence}{visible(document.next)}{fence}"


def _block(block: Table | Lines) -> Iterator[str]:
    if block.title:
        yield f"### {_escaped(block.title)}"
        yield ""
    if isinstance(block, Lines):
        for line in block.lines:
            yield f"- {_escaped(line)}"
    else:
        yield from _table(block.without(block.bars))


def _table(table: Table) -> Iterator[str]:
    yield _row([_escaped(column.title) for column in table.columns])
    yield _row(["---:" if column.align == "right" else "---" for column in table.columns])
    for row in table.rows:
        yield _row(_texts(table, row))
    for row in table.footer:
        yield _row([f"**{text}**" if text else "" for text in _texts(table, row)])


def _texts(table: Table, row: Row) -> list[str]:
    pairs = zip(table.columns, row, strict=True)
    return [_indented(column.text(value)) for column, value in pairs]


def _indented(text: str) -> str:
    """A cell; blanks in front, which Markdown would drop, tell how deep a row stands."""
    bare = text.lstrip(" ")
    return "&nbsp;" * (len(text) - len(bare)) + _escaped(bare)


def _row(texts: list[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", visible(text))
