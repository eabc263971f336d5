"""Find the printouts of PyTorch models in a text.

A printout begins at its header or, where that was lost, at a row that can be nothing else. It ends
at its totals, at the next header, or where the text goes on with something else.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.read.keras.summary.clean import clean_lines
from convcost.read.torch.tables import flat, tree
from convcost.read.torch.tables.table import Amount, TorchRow, TorchTable, TorchTotals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.read.torch.tables.table import Shape, Tool

#: Stray lines (a page number, "Copy code") that a table with a header survives.
_STRAY_LINES = 2
_RULE = re.compile(r"[-=_─]{8,}+")
_PLAIN_HEADER = re.compile(r"Layer *+\( *+type *+\) *+Output *+Shape *+Param *+#")
_TOTAL = re.compile(
    r"(?P<label>Total params|Trainable params|Non-trainable params|Total trainable params"
    r"|Total non-trainable params|Total mult-adds|Input size|Forward/backward pass size"
    r"|Params size|Estimated Total Size|Total (?:memory|MAdd|Flops|MemR\+W))"
    r" *+(?:\((?P<unit>[kMGT]?B?)\))? *+: *+(?P<number>[0-9][0-9,]*+(?:\.[0-9]++)?)?",
    re.IGNORECASE,
)
_STARTS = (_TOTAL, flat.SUMMARY_START)
_LETTERS = re.compile(r"[^\W\d_]{2}")
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def find_torch_tables(text: str) -> tuple[TorchTable, ...]:
    """Find every printout of torchsummary, torchinfo, torch-scan, torchstat and fastai, in order.

    >>> table, = find_torch_tables('''
    ...         Layer (type)               Output Shape         Param #
    ... ================================================================
    ...             Conv2d-1           [-1, 10, 24, 24]             260
    ... Total params: 260''')
    >>> table.tool, table.rows[0].kind, table.totals.total, table.cut
    ('torchsummary', 'Conv2d', 260, False)
    """
    finder = _Finder()
    for line, piece in _pieces(text):
        finder.take(line, piece)
    return finder.finish()


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text, cut at rules and where several rows stand on one line."""
    for line, clean in enumerate(clean_lines(text), 1):
        for part in _RULE.split(clean):
            starts = {match.start() for pattern in _STARTS for match in pattern.finditer(part)}
            places = sorted({0, len(part), *starts, *tree.starts(part)})
            for start, end in pairwise(places):
                if part[start:end].strip(" "):
                    yield line, part[start:end].rstrip(" ")


class _Draft:
    """A printout while it is being read."""

    def __init__(self, line: int, *, headed: bool) -> None:
        self.line = self.end_line = line
        self.headed = headed
        self.tool: Tool | None = None
        self.columns: tuple[str, ...] = ()
        self.rows: list[TorchRow] = []
        self.group: Shape | None = None
        self.input_shape: Shape | None = None
        self.totals: TorchTotals | None = None
        self.notes: list[tuple[int, str]] = []

    def finish(self) -> TorchTable | None:
        if self.tool is None or not self.rows:
            return None
        ranks = [len(row.shape) for row in self.rows if row.shape]
        return TorchTable(
            tool=self.tool,
            rows=tuple(self.rows),
            totals=self.totals,
            line=self.line,
            end_line=self.end_line,
            batched=self.tool != "torchstat"
            and not (self.tool == "fastai" and max(ranks, default=4) == 3 and not self.input_shape),
            input_shape=self.input_shape,
            notes=tuple(self.notes),
        )


class _Finder:
    """Takes the pieces of a text one by one and builds the tables."""

    def __init__(self) -> None:
        self._tables: list[TorchTable] = []
        self._draft: _Draft | None = None
        self._input_shape: Shape | None = None
        self._stray = 0

    def finish(self) -> tuple[TorchTable, ...]:
        """Close what is open and return all tables."""
        self._close()
        return tuple(self._tables)

    def take(self, line: int, text: str) -> None:
        """Take the next piece of the text."""
        if self._take_header(line, text):
            return
        draft = self._draft
        total = _TOTAL.match(text.lstrip(" "))
        if total:
            if draft is not None and draft.rows:
                _add_total(draft, line, total)
            return
        title = flat.fastai_title(text)
        if title is not None:
            self._input_shape = title
            return
        if draft is not None and draft.totals is not None:
            self._close()
            draft = None
        if self._take_row(line, text):
            self._stray = 0
        elif draft is not None and _LETTERS.search(text):
            self._stray += 1
            if self._stray > (_STRAY_LINES if draft.headed else 0):
                self._close()

    def _take_header(self, line: int, text: str) -> bool:
        columns = tree.torchinfo_columns(text)
        plain = _PLAIN_HEADER.search(text) is not None
        tool: Tool | None = None
        if tree.is_scan_header(text):
            tool = "torch-scan"
        elif flat.is_stat_header(text):
            tool = "torchstat"
        elif plain and columns and "Trainable" in columns and len(columns) == 3:
            tool = "fastai"
        elif columns and not plain:
            tool = "torchinfo"
        elif not plain:
            return False
        self._close()
        self._draft = draft = _Draft(line, headed=True)
        draft.tool, draft.columns = tool, columns or ()
        draft.input_shape, self._input_shape = self._input_shape, None
        return True

    def _take_row(self, line: int, text: str) -> bool:
        draft = self._draft
        found = _row(line, text, draft)
        if found is None:
            return False
        tool, row = found
        if draft is None:
            self._draft = draft = _Draft(line, headed=False)
        draft.tool = tool
        draft.end_line = line
        if row is not None and row.kind + row.name:
            draft.rows.append(row)
        return True

    def _close(self) -> None:
        draft, self._draft = self._draft, None
        self._stray = 0
        table = draft.finish() if draft is not None else None
        if table is not None:
            self._tables.append(table)


def _row(line: int, text: str, draft: _Draft | None) -> tuple[Tool, TorchRow | None] | None:
    """A row by the draft's tool; where that is open, by the tool whose row it can be."""
    tool = None if draft is None else draft.tool
    if tool == "torch-scan":
        row = tree.scan_row(line, text)
    elif tool == "torchstat":
        row = flat.stat_row(line, text)
    elif tool == "fastai" and draft is not None:
        return _fastai(line, text, draft)
    elif tool == "torchinfo" and draft is not None:
        row = tree.torchinfo_row(line, text, draft.columns)
    else:
        row = flat.summary_row(line, text)
        if row is not None:
            return "torchsummary", row
        if tool is None:
            row = tree.torchinfo_row(line, text, draft.columns if draft else ())
            tool = "torchinfo"
            if row is not None and row.name and draft is not None:
                return None  # a name in brackets under this header is a Keras class
    return (tool, row) if row is not None and tool is not None else None


def _fastai(line: int, text: str, draft: _Draft) -> tuple[Tool, TorchRow | None] | None:
    group = flat.fastai_shape(text)
    if group is not None:
        draft.group, mended = group
        if mended:
            shape = " x ".join(map(str, draft.group))
            draft.notes.append((line, f"a shape cut off by its column was completed to {shape}"))
        return "fastai", None
    row = flat.fastai_row(line, text)
    if row is None:
        return None
    count = sum(other.kind == row.kind for other in draft.rows) + 1
    return "fastai", replace(row, label=str(count), shape=row.shape or draft.group)


def _add_total(draft: _Draft, line: int, match: re.Match[str]) -> None:
    totals = draft.totals or TorchTotals(line=line)
    label, number = match["label"].lower(), match["number"]
    if number is not None:
        if label == "total params" and totals.total is None:
            totals = replace(totals, total=int(number.split(".")[0].replace(",", "")))
        elif label == "total mult-adds":
            totals = replace(totals, mult_adds=_amount(match))
        elif label == "input size":
            totals = replace(totals, input_bytes=_amount(match, binary=draft.tool != "torchinfo"))
    draft.totals, draft.end_line = totals, line


def _amount(match: re.Match[str], *, binary: bool = False) -> Amount:
    number = match["number"].replace(",", "")
    prefix = (match["unit"] or "").lower().rstrip("b")
    scale = 1024.0**2 if binary and prefix == "m" else _SCALES.get(prefix, 1.0)
    digits = len(number.partition(".")[2])
    return Amount(float(number) * scale, 0.5 * 10.0**-digits * scale)
