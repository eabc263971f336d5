"""Cut clean lines into pieces: rules, headers, titles, totals, and the text between them.

A table pasted on one line and a table of one line per row give the same pieces, and the cells of
a boxed or Markdown table are put back together into the one line that Keras 2 would have printed.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from convcost.read.keras.summary.row import ROW_START

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Mark: TypeAlias = Literal["rule", "header", "title", "total", "text"]


class Segment(NamedTuple):
    """A piece of a line.

    Attributes:
        mark: What the piece is.
        line: Where it begins, from 1.
        end_line: Where it ends: a row put together from cells takes several lines.
        text: The piece; a title's name, a total's number.
        label: What a total is of.
        depth: Nesting that the bars around the piece show.
        boxed: The piece was put together from cells.
        alone: Nothing else stands on its lines.
    """

    mark: Mark
    line: int
    end_line: int
    text: str
    label: str = ""
    depth: int = 0
    boxed: bool = False
    alone: bool = True


_GAP = r"[ |]++"
_NUMBER = r"[0-9]{1,20}+(?: ?, ?[0-9]{3})*+(?:\.[0-9]{1,6})?(?![0-9])"
_SIZE = r" *+\([0-9.,]{1,20}+ *+[KMGTP]?i?B?\)?"
_MARK = re.compile(
    rf"(?P<rule>[_=─¯~+└-]{{8,}}+|(?:[_=-] ){{4,}}+[_=-]?)"
    rf"|(?P<header>Layer *+\( *+type *+\)(?:{_GAP}Input{_GAP}Shapes?)?{_GAP}Output{_GAP}Shape"
    rf"(?:{_GAP}Param(?:s|eters)?(?: *+\#)?)?(?:{_GAP}(?:Connected{_GAP}to|Receives{_GAP}inputs))?"
    rf"(?:{_GAP}Trai(?:nable|n?a?b?l?…))?)"
    r"|(?<!\w)Model *+: *+(?:\"(?P<title>[^\"]{0,300}+)\"?|(?P<bare>[^ \":]{1,200}+) *+$)"
    r"|(?<!\w)(?P<label>Total|Non ?-? ?trainable|Trainable|Optimizer) ++params *+: *+"
    rf"(?:(?P<number>{_NUMBER})(?P<cut>,[0-9]{{0,2}} *+$)?(?:{_SIZE})?)?",
    re.IGNORECASE,
)
_RULE_LINE = re.compile(r"[-_=─¯~+└|: ]++")
_NESTED = re.compile(r"(?P<bars>(?:\| ?)++)(?=[^ |])")
_BRANCH = re.compile(r"(?P<indent> *+)└ *+")
_MOST_CELLS = 6
_MOST_CELL_LINES = 24


def cut_lines(lines: Iterable[str]) -> Iterator[Segment]:
    """Cut the clean lines of a text into segments, in order; blank ones are left out.

    >>> lines = ["| conv2d | (None, 8, | 32 |", "| | 8) | |"]
    >>> lines += ["Layer (type) Output Shape ======== a (B)"]
    >>> for segment in cut_lines(lines):
    ...     print(segment.mark, "-", segment.text)
    text - conv2d (None, 8,8) 32
    header - Layer (type) Output Shape
    rule - ========
    text - a (B)
    """
    box = _Box()
    for line, text in enumerate(lines, 1):
        pieces = list(_pieces(line, text))
        for piece in pieces:
            rows = None
            if piece.mark == "text":
                rows = _grid(piece.text) or box.tail(piece.text)
            if rows is None:
                yield from box.finish()
                if piece.mark != "text":
                    yield piece
                else:
                    yield from _rows(piece, alone=len(pieces) == 1)
                continue
            for cells in rows:
                if not box.continues(cells):
                    yield from box.finish()
                box.add(line, cells, alone=len(pieces) == len(rows) == 1)
    yield from box.finish()


def _pieces(line: int, text: str) -> Iterator[Segment]:
    """Cut a line at its rules, headers, titles and totals."""
    if _RULE_LINE.fullmatch(text):
        if len(text) - sum(map(text.count, "|: ")) > 2:
            yield Segment("rule", line, line, text.strip(" "))
            return
        if text.strip("| ") != ":":
            return
    place = 0
    for match in _MARK.finditer(text):
        if text[place : match.start()].strip(" |"):
            yield Segment("text", line, line, text[place : match.start()].rstrip(" "))
        yield _mark(line, match)
        place = match.end()
    if text[place:].strip(" |"):
        yield Segment("text", line, line, text[place:].rstrip(" "))


def _mark(line: int, match: re.Match[str]) -> Segment:
    if match["rule"] is not None:
        return Segment("rule", line, line, match[0])
    if match["header"] is not None:
        return Segment("header", line, line, match[0])
    if match["label"] is None:
        return Segment("title", line, line, match["title"] or match["bare"] or "")
    number = "" if match["cut"] else match["number"] or ""
    return Segment("total", line, line, number, match["label"].lower().replace(" ", ""))


def _rows(piece: Segment, *, alone: bool) -> Iterator[Segment]:
    """Cut a text where rows begin; bars that are left round it show how deep it is nested."""
    text, depth = piece.text, 0
    nested = _NESTED.match(text.lstrip(" "))
    if nested and "|" not in (inside := text.lstrip(" ")[nested.end() :].rstrip(" |")):
        text, depth = inside, nested["bars"].count("|")
    text = text.replace("|", " ")
    places = sorted({0, *(match.start() for match in ROW_START.finditer(text)), len(text)})
    parts = [text[start:end].strip(" ") for start, end in pairwise(places)]
    parts = [part for part in parts if part]
    for part in parts:
        branch = _BRANCH.match(part)
        yield piece._replace(
            text=part[branch.end() :] if branch else part,
            depth=max(depth, 1) if branch else depth,
            alone=alone and len(parts) == 1,
        )


def _grid(text: str) -> list[list[str]] | None:
    """Split a text at its bars into lines of cells; None when it is no line of a grid."""
    stripped = text.strip(" ")
    inside = stripped.strip("|")
    bars = inside.count("|")
    if bars < 1 or (bars < 2 and not stripped.startswith("|")):
        return None
    cells = inside.split("|")
    if any(ROW_START.search(cell) for cell in cells):
        return None
    if len(cells) < _MOST_CELLS:
        return [cells]
    for columns in (3, 4, 5):
        # Lines of a grid that lost their line ends: "| a | b | c | | d | e | f |".
        step = columns + 1
        if (len(cells) + 1) % step == 0 and not any(
            cell.strip(" ") for cell in cells[columns::step]
        ):
            return [cells[start : start + columns] for start in range(0, len(cells), step)]
    return None


class _Box:
    """The row of a grid that is being put together from the lines of its cells."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._columns: list[list[str]] = []
        self._line = self._end_line = 0
        self._lines = 0
        self._depth = 0
        self._alone = True

    def continues(self, cells: list[str]) -> bool:
        """Tell whether a line of cells goes on with the row at hand."""
        if not self._columns or self._lines >= _MOST_CELL_LINES:
            return False
        # The number of parameters never wraps, so a line without one goes on with its row. Rows
        # that lost that column are told apart by the rules between them alone.
        return len(cells) < 3 or not cells[2].strip(" ")

    def tail(self, text: str) -> list[list[str]] | None:
        """Read a line that has only its first cell, because the page cut off the others."""
        stripped = text.strip(" ")
        if not self._columns or not (stripped.startswith("|") and stripped.endswith("|")):
            return None
        return [[stripped.strip("|")]]

    def add(self, line: int, cells: list[str], *, alone: bool) -> None:
        """Take a line of cells."""
        if not self._columns:
            self._line = line
            branch = _BRANCH.match(cells[0])
            if branch:
                # A cell begins one space after its bar, and a level is three spaces.
                self._depth = max(1, len(branch["indent"]) // 3)
                cells = [cells[0][branch.end() :], *cells[1:]]
        self._columns.extend([] for _ in range(len(cells) - len(self._columns)))
        for column, cell in zip(self._columns, cells, strict=False):
            if cell.strip(" "):
                column.append(cell.strip(" "))
        self._end_line, self._lines = line, self._lines + 1
        self._alone = self._alone and alone

    def finish(self) -> Iterator[Segment]:
        """Give the row at hand, if any, as one line of text."""
        if self._columns:
            # A space between the lines of the last columns: a name cut by "…" lost its comma.
            joined = ["".join(column) for column in self._columns[:3]]
            joined += [" ".join(column) for column in self._columns[3:]]
            yield Segment(
                mark="text",
                line=self._line,
                end_line=self._end_line,
                text=" ".join(cell for cell in joined if cell),
                depth=self._depth,
                boxed=True,
                alone=self._alone,
            )
        self._start()
