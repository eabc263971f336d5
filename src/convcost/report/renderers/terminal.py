"""A terminal: tables that fit its width, modest colour."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Table
from convcost.report.registry import Surface, renderer
from convcost.report.text import bar, cells, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

    from convcost.report.document import Column

#: Blanks between two columns.
_GAP = 2
_DEFAULT_WIDTH = 80
#: What a column of sentences needs at least to be readable.
_PROSE_WIDTH = 30
#: Columns below which a text is not folded.
_LEAST_TEXT = 12
_INDENT = 2


@renderer("table", terminal=True)
def render(report: Report, surface: Surface) -> str:
    """The document at the surface's width; what does not fit is dropped by rank, then folded."""
    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=surface.width or _DEFAULT_WIDTH,
        force_terminal=True,
        color_system="standard" if surface.colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        _print(console, report.document)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def _print(console: Console, document: Document) -> None:
    for answer in document.answers:
        console.print(visible(answer), style="bold")
    for section in document.sections:
        if section.heading:
            console.print()
            console.print(visible(section.heading), style="bold cyan")
        for block in section.in_text:
            console.print()
            _print_block(console, block)
    if document.footnotes:
        console.print()
    for footnote in document.footnotes:
        console.print(visible(footnote), style="dim")
    if document.next:
        console.print()
        # a command is copied as one line, even where it is longer than the terminal is wide
        console.print(f"next: {visible(document.next)}", style="green", soft_wrap=True)


def _print_block(console: Console, block: Table | Lines) -> None:
    if block.title:
        console.print(f"{visible(block.title)}:", style="bold")
    if isinstance(block, Lines):
        for line in block.lines:
            _print_line(console, visible(line))
        return
    fitting = block.without(columns_to_drop(block, console.width))
    # text is folded, a number never is: digits that are cut off make another number
    shown, least = _rich_table(fitting), _least_width(fitting)
    shown.width = least if least > console.width else None
    console.print(shown, crop=False)
    kept = {column.key for column in fitting.columns}
    dropped = [column.title for column in block.columns if column.key not in kept and column.title]
    if dropped:
        console.print(f"(no room for: {', '.join(dropped)})", style="dim")


def columns_to_drop(table: Table, width: int) -> frozenset[str]:
    """Keys of the columns that have to go, the highest rank first, for the others to fit."""
    widths = {column.key: _natural_width(table, i) for i, column in enumerate(table.columns)}
    leaving = sorted((c for c in table.columns if c.rank), key=lambda c: c.rank)
    dropped: set[str] = set()
    while leaving and sum(widths.values()) + _GAP * (len(widths) - 1) > width:
        key = leaving.pop().key
        dropped.add(key)
        del widths[key]
    return frozenset(dropped)


def _least_width(table: Table) -> int:
    """What a table needs when its texts are folded."""
    widths = (
        natural if column.align == "right" else min(natural, _LEAST_TEXT)
        for column, natural in (
            (column, _natural_width(table, place)) for place, column in enumerate(table.columns)
        )
    )
    return sum(widths) + _GAP * (len(table.columns) - 1)


def _natural_width(table: Table, position: int) -> int:
    column = table.columns[position]
    texts = (_cell(column, row[position]) for row in (*table.rows, *table.footer))
    widest = max(cells(column.title), *map(cells, texts), 0)
    return min(widest, _PROSE_WIDTH) if column.prose else widest


def _rich_table(table: Table) -> RichTable:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),
        header_style="dim",
    )
    for place, column in enumerate(table.columns):
        natural = _natural_width(table, place)
        shown.add_column(
            visible(column.title),
            justify=column.align,
            overflow="fold",
            no_wrap=column.align == "right",
            min_width=natural if column.align == "right" else None,
            style="cyan" if column.bar else "",
        )
    for rows, style in ((table.rows, ""), (table.footer, "bold")):
        for row in rows:
            pairs = zip(table.columns, row, strict=True)
            shown.add_row(*(Text(_cell(column, value)) for column, value in pairs), style=style)
    return shown


def _cell(column: Column, value: object) -> str:
    if column.bar and isinstance(value, float):
        return bar(value)
    return visible(column.text(value))


def _print_line(console: Console, text: str) -> None:
    """A statement; where it goes on in a further line, that one is indented more."""
    from rich.text import Text

    deeper = " " * (2 * _INDENT + len(text) - len(text.lstrip()))
    indent = " " * _INDENT
    for part in Text(text).wrap(console, max(console.width - len(deeper), 1)):
        console.print(Text(indent + part.plain), no_wrap=True, overflow="ignore", crop=False)
        indent = deeper
