"""A table while it is being read: its rows, header and totals, and the table they make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.read.keras.summary.connections import RowNames
from convcost.read.keras.summary.table import Row, Table, TextNote, Totals

if TYPE_CHECKING:
    from convcost.read.keras.summary.row import RowDraft
    from convcost.read.keras.summary.segments import Segment

_NUMBER_NOISE = re.compile(r"[ ,]|\.[0-9]+$")


class _Read:
    """A row and the segments it was read from."""

    __slots__ = ("row", "segments")

    def __init__(self, row: RowDraft, segments: list[Segment]) -> None:
        self.row = row
        self.segments = list(segments)


class TableDraft:
    """Collects what belongs to one table.

    Attributes:
        rows: The rows so far.
        names: Their names.
        totals: The totals so far, by label; None before the first.
        headed: Whether the table has a title or a header.
        connected: Whether it has a column of connections.
        quotation: Whether its only row may be quoted by a sentence.
        end_line: Its last line so far.
    """

    def __init__(self, lines: list[str], line: int, title: Segment | None) -> None:
        self.rows: list[_Read] = []
        self.names: set[str] = set()
        self.totals: dict[str, int | None] | None = None
        self.headed = title is not None
        self.connected = False
        self.quotation = False
        self.line = line if title is None else title.line
        self.end_line = line
        self._lines = lines
        self._title = None if title is None else title.text or None
        self._header = ""
        self._totals_line = 0
        self._notes: list[TextNote] = []
        self._left_out = False

    def set_header(self, text: str) -> None:
        """Take the header."""
        self.headed, self._header = True, text
        self.connected = "connected" in text.lower() or "receives" in text.lower()

    def add_row(self, row: RowDraft, segments: list[Segment]) -> None:
        """Take a row, complete or cut."""
        first = segments[0]
        self.rows.append(_Read(row, segments))
        self.names.add(row.name)
        self.connected = self.connected or bool(row.cell.pieces)
        self.end_line = segments[-1].end_line
        if len(segments) > 1:
            self.note(first.line, f"the row of {row.name!r} was joined from {len(segments)} pieces")
        if not row.complete:
            self.note(first.line, f"the row of {row.name!r} is cut: its parameters are lost")
        elif row.parameters_cut:
            self.note(first.line, f"the number of parameters of {row.name!r} is cut off")

    @property
    def unfinished(self) -> bool:
        """Whether more of the last row must follow."""
        return bool(self.rows) and self.rows[-1].row.unfinished

    def absorb(self, segment: Segment) -> bool:
        """Take a line that continues the last row; False when it does not."""
        if not self.rows or self.totals is not None:
            return False
        read = self.rows[-1]
        shape, name = read.row.shape, (read.row.name, read.row.kind)
        left = read.row.absorb(segment.text, self.names, connected=self.connected, below=True)
        if left:
            return False
        self.names.add(read.row.name)
        self.connected = self.connected or bool(read.row.cell.pieces)
        read.segments.append(segment)
        self.end_line = segment.end_line
        if read.row.shape is not shape:
            self.note(segment.line, f"the wrapped shape of {read.row.name!r} was joined")
        if (read.row.name, read.row.kind) != name:
            self.note(segment.line, f"the wrapped name of {read.row.name!r} was joined")
        return True

    def add_total(self, segment: Segment) -> None:
        """Take a line of the totals; a label that comes twice is another table's."""
        if self.totals is None:
            self.totals, self._totals_line = {}, segment.line
        if segment.label in self.totals:
            return
        digits = _NUMBER_NOISE.sub("", segment.text)
        self.totals[segment.label] = int(digits) if digits else None
        if not digits:
            self.note(segment.line, f"the number of {segment.label} parameters is cut off")
        self.end_line = segment.end_line

    def leave_out(self, segment: Segment) -> None:
        """Note that the author of the text left rows out."""
        self._left_out = True
        self.note(segment.line, f"rows are left out here: {segment.text!r}")

    def note(self, line: int, text: str) -> None:
        """Note something about the text."""
        self._notes.append(TextNote(line, text))

    def finish(self) -> Table:
        """Make the table."""
        has_inputs, plain = self._has_inputs(), self._is_bigdl()
        rows = [self._row(read, has_inputs=has_inputs, plain=plain) for read in self.rows]
        return Table(
            title=self._title,
            rows=tuple(self._resolve(rows)),
            totals=self._totals(),
            line=self.line,
            end_line=self.end_line,
            cut=self._left_out or not self.totals or self.totals.get("total") is None,
            notes=tuple(sorted(self._notes, key=lambda note: note.line)),
        )

    def _row(self, read: _Read, *, has_inputs: bool, plain: bool) -> Row:
        row, first = read.row, read.segments[0]
        if row.shape and row.shape.loses_shapes:
            self.note(first.line, f"further output shapes of {row.name!r} are cut off")
        return Row(
            line=first.line,
            name=row.name.rstrip("…") or row.name,
            kind=row.kind,
            shapes=row.shape.shapes if row.shape else (),
            parameters=row.parameters,
            inputs=row.cell.connections(plain=plain) if has_inputs else None,
            text=self._raw_text(read.segments),
            name_cut=row.name.endswith("…") or not row.bracket,
            kind_cut=row.bracket and not row.kind_closed,
            trainable=row.trainable,
            depth=first.depth,
        )

    def _raw_text(self, segments: list[Segment]) -> str:
        parts = (
            "\n".join(self._lines[segment.line - 1 : segment.end_line])
            if segment.alone
            else segment.text
            for segment in segments
        )
        return "\n".join(parts)

    def _resolve(self, rows: list[Row]) -> list[Row]:
        """Spell cut connections as the rows they mean."""
        names = RowNames(rows)
        resolved = []
        for index, row in enumerate(rows):
            # A layer of several calls may take what it gave itself.
            end = index + 1 if len(row.inputs or ()) > 1 else index
            inputs = row.inputs and tuple(names.resolve(entry, end) for entry in row.inputs)
            if row.inputs and inputs != row.inputs:
                self.note(row.line, f"the cut connections of {row.name!r} were told by their names")
            resolved.append(row if inputs == row.inputs else replace(row, inputs=inputs))
        return resolved

    def _has_inputs(self) -> bool:
        header = self._header.lower()
        if "connected" in header or "receives" in header:
            return True
        return any(read.row.cell.pieces for read in self.rows)

    def _is_bigdl(self) -> bool:
        """Tell BigDL's table, which prints its inputs as Input, and connections as bare names."""
        return any(read.row.kind == "Input" and read.row.kind_closed for read in self.rows)

    def _totals(self) -> Totals | None:
        if self.totals is None:
            return None
        return Totals(
            line=self._totals_line,
            total=self.totals.get("total"),
            non_trainable=self.totals.get("non-trainable", self.totals.get("nontrainable")),
        )
