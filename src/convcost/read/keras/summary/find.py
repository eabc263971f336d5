"""Find the summary tables in a text: a forum post, an issue, a mail, a whole page.

A table begins at its title or header, or, where those were lost, at a row that can be nothing else.
It ends at its totals, at the next table, or where the text goes on with something else. A sentence
that quotes one row is not a table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.read.keras.summary.clean import clean_lines, split_lines
from convcost.read.keras.summary.draft import TableDraft
from convcost.read.keras.summary.row import parse_row
from convcost.read.keras.summary.segments import cut_lines

if TYPE_CHECKING:
    from convcost.read.keras.summary.row import RowDraft
    from convcost.read.keras.summary.segments import Segment
    from convcost.read.keras.summary.table import Row, Table

# Stray lines (a page number, "Copy code") that a table with a header survives.
_STRAY_LINES = 2
# A row that a mail wrapped, or whose cells stand on lines of their own, is put together from these.
_MOST_HELD = 5
_LONGEST_HELD = 600
_LETTER = re.compile(r"[^\W\d_]")
_ELLIPSIS = re.compile(r"[\[(<]?(?:[.…:*]\ ?)+[\])>]?")


def find_tables(text: str) -> tuple[Table, ...]:
    """Find every Keras-style summary table in a text, in order.

    >>> tables = find_tables('''Why is this slow?
    ... Layer (type) Output Shape Param #
    ... conv2d_36 (Conv2D) (None, 26, 26, 32) 320
    ... max_pooling2d_17 (MaxPooling (None, 12, 12, 32) 0
    ... Total params: 320.0
    ... It takes 340 s.''')
    >>> [(row.line, row.name, row.kind, row.shapes, row.parameters) for row in tables[0].rows]
    ... # doctest: +NORMALIZE_WHITESPACE
    [(3, 'conv2d_36', 'Conv2D', ((None, 26, 26, 32),), 320),
     (4, 'max_pooling2d_17', 'MaxPooling', ((None, 12, 12, 32),), 0)]
    >>> tables[0].totals.total, tables[0].line, tables[0].end_line
    (320, 2, 5)
    >>> find_tables("conv2d_1 will add (32, 32) multiplications: model.add(Conv2D(32, (3, 3)))")
    ()
    """
    finder = _Finder(split_lines(text))
    for segment in cut_lines(clean_lines(text)):
        finder.take(segment)
    return finder.finish()


class _Finder:
    """Takes the segments of a text one by one and builds the tables."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._tables: list[Table] = []
        self._seen: set[tuple[object, ...]] = set()
        self._draft: TableDraft | None = None
        self._title: Segment | None = None
        self._stray: list[int] = []
        self._held: list[Segment] = []
        self._prose_line = 0

    def finish(self) -> tuple[Table, ...]:
        """Close what is open and return all tables."""
        self._release(at_end=True)
        self._close()
        return tuple(self._tables)

    def take(self, segment: Segment) -> None:
        """Take the next segment of the text."""
        if segment.mark == "text":
            self._take_text(segment)
            return
        self._release()
        if segment.mark == "rule":
            self._take_rule(segment)
        elif segment.mark == "title":
            self._close()
            self._title = segment
        elif segment.mark == "header":
            self._close()
            self._draft, self._title = TableDraft(self._lines, segment.line, self._title), None
            self._draft.set_header(segment.text)
        elif self._draft is not None and self._draft.rows:
            self._pass_over_stray(self._draft)
            self._draft.add_total(segment)

    def _take_rule(self, segment: Segment) -> None:
        if self._draft is not None and not self._stray and self._draft.rows:
            self._draft.end_line = segment.end_line

    def _take_text(self, segment: Segment) -> None:
        if self._held:
            held = [*self._held, segment]
            text = " ".join(piece.text for piece in held)
            parsed = parse_row(text) if len(text) <= _LONGEST_HELD else None
            if parsed and self._take_row(held, *parsed):
                self._held = []
                return
            if parsed and not parsed[1] and len(held) < _MOST_HELD and not segment.boxed:
                self._held = held
                return
            self._release()
        draft = self._draft
        # The rest of a wrapped row can look like a row itself: "_2 (Conv2D) (None, 8)".
        if draft is not None and draft.unfinished and not self._stray and draft.absorb(segment):
            return
        parsed = parse_row(segment.text)
        if parsed and self._take_row([segment], *parsed):
            return
        draft = self._draft
        if draft is not None and not self._stray and draft.absorb(segment):
            return
        self._take_rest(segment)

    def _take_rest(self, segment: Segment) -> None:
        """Take a text that is no whole row: hold it if one may begin there."""
        parsed = parse_row(segment.text) if len(segment.text) <= _LONGEST_HELD else None
        if parsed and not parsed[1] and not parsed[0].complete:
            self._held = [segment]
        else:
            self._take_prose(segment)

    def _take_row(self, segments: list[Segment], row: RowDraft, rest: str) -> bool:
        """Add a complete row to the table at hand or to a new one; False when it is not one."""
        first, last = segments[0], segments[-1]
        draft = self._draft
        is_open = draft is not None and draft.totals is None
        # A box that ran out of the page loses its right columns from every row.
        cropped = first.boxed and row.bracket and row.shape_seen and not rest
        if not (row.complete or (cropped and draft is not None and draft.headed)):
            return False
        if not (row.bracket or (is_open and not self._stray)):
            return False
        if draft is None or not is_open:
            # What stands before the row on its line makes it a quotation, unless more rows follow.
            draft = TableDraft(self._lines, first.line, self._title)
            draft.quotation = self._prose_line == first.line
        left = row.absorb(rest, draft.names, connected=draft.connected)
        if left and (len(segments) > 1 or first.line in self._stray):
            return False
        if left and _LETTER.search(left):
            if row.name in draft.names or not row.bracket:
                return False
            draft.quotation = draft.quotation or (not draft.rows and not draft.headed)
        if draft is not self._draft:
            self._close()
            self._draft, self._title = draft, None
        self._pass_over_stray(draft)
        draft.add_row(row, segments)
        if left:
            self._take_rest(last._replace(text=left, boxed=False))
        return True

    def _take_prose(self, segment: Segment) -> None:
        draft = self._draft
        if _LETTER.search(segment.text):
            self._prose_line = segment.line
        elif not _ELLIPSIS.fullmatch(segment.text):
            # Line and page numbers, and what is left of marks.
            return
        if draft is None:
            return
        if draft.totals is not None:
            if segment.text == "None" and not self._stray:
                # print(model.summary()) prints what the call returned.
                draft.end_line = segment.end_line
            self._close()
        elif _ELLIPSIS.fullmatch(segment.text):
            draft.leave_out(segment)
        else:
            if segment.line not in self._stray:
                self._stray.append(segment.line)
            if len(self._stray) > (_STRAY_LINES if draft.headed else 0):
                self._close()

    def _release(self, *, at_end: bool = False) -> None:
        """Settle lines that were held because a row could have begun there."""
        held, self._held = self._held, []
        if not held:
            return
        text = " ".join(segment.text for segment in held)
        parsed = parse_row(text)
        draft = self._draft
        if parsed and draft is not None and draft.totals is None and not self._stray:
            row = parsed[0]
            if not at_end:
                row.split_number()
            if row.complete or (row.bracket and (row.kind or row.shape_seen)):
                draft.add_row(row, held)
                return
            if at_end and draft.rows:
                draft.note(held[0].line, f"the text ends after {text!r}, in the middle of a row")
                return
        for segment in held:
            self._take_prose(segment)

    def _pass_over_stray(self, draft: TableDraft) -> None:
        for line in self._stray:
            draft.note(line, "passed over: not part of the table")
        self._stray = []

    def _close(self) -> None:
        """Finish the table at hand, if it is one."""
        draft, self._draft = self._draft, None
        self._stray = []
        if draft is None or not draft.rows or (draft.quotation and len(draft.rows) == 1):
            return
        table = draft.finish()
        known = [_fingerprint(row) for row in table.rows]
        quoted = not draft.headed and table.totals is None and self._seen.issuperset(known)
        self._seen.update(known)
        if not quoted:
            self._tables.append(table)


def _fingerprint(row: Row) -> tuple[object, ...]:
    return (row.name, row.kind, row.shapes, row.parameters)
