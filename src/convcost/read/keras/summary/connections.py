"""The grammar of the "Connected to" cell, and the rows that its cut names stand for."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from convcost.read.keras.summary.table import Connection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.read.keras.summary.table import Row

_NAME = r"[^ ()\[\]{}'\",]++"
# layer[0][0], and what is left of it when the column or the text ended early.
_BRACKETED = re.compile(
    rf"{_NAME}(?:\[[0-9]{{1,9}}\]\[[0-9]{{1,9}}\]|\[(?:[0-9]{{1,9}}(?:\](?:\[[0-9]{{0,9}})?)?)?…?),?"
)
_ENTRY = re.compile(
    rf"(?P<layer>{_NAME})(?P<node>\[(?P<node_index>[0-9]{{0,9}})\]?)?"
    r"(?:\[(?P<tensor_index>[0-9]{0,9})(?P<end>\])?)?…?"
)
_QUOTES = ("['", '["', "'", '"')
_LIST_ENDS = ("']", '"]')
_PLAIN = re.compile(r"[\w./:-]++…?,?")
# More rows than this begin like a cut name: it says nothing.
_MOST_CANDIDATES = 64


class ConnectionCell:
    """The words of one cell, collected while its row is being read."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[str] = []

    @property
    def quoted(self) -> bool:
        """Whether names stand in quotes, as a Python list prints them."""
        return bool(self.pieces) and self.pieces[0].startswith(_QUOTES)

    @property
    def is_list(self) -> bool:
        """Whether the cell is a Python list, be it an empty one."""
        return self.quoted or "[]" in self.pieces[:1]

    @property
    def is_open(self) -> bool:
        """Whether a Python list began and did not end yet."""
        return self.quoted and not self.pieces[-1].endswith(_LIST_ENDS)

    def admits(self, piece: str) -> bool:
        """Tell whether a word can be the next one of the cell.

        >>> cell = ConnectionCell()
        >>> cell.admits("conv2d[0][0]"), cell.admits("['conv2d[0][0]',"), cell.admits("f(x)[0]")
        (True, True, False)
        """
        if piece.startswith(_QUOTES) or self.is_open:
            return "(" not in piece and ")" not in piece
        return piece == "[]" or _BRACKETED.fullmatch(piece) is not None

    def connections(self, *, plain: bool) -> tuple[Connection, ...]:
        """Read the cell; ``plain`` where whole connections are printed as bare names.

        >>> cell = ConnectionCell()
        >>> cell.pieces += ["['input_1[0][0]',", "'batch_norm", "[1][0]']"]
        >>> [(entry.layer, entry.node) for entry in cell.connections(plain=False)]
        [('input_1', 0), ('batch_norm', 1)]
        """
        if self.quoted:
            # The cell wraps anywhere, so its words are put back without spaces.
            text = "".join(self.pieces).replace("['", " ").replace("']", " ")
            text = text.replace('["', " ").replace('"]', " ").replace("'", " ").replace('"', " ")
        else:
            text = " ".join(self.pieces)
        words = text.replace(",", " ").replace("…", "… ").split(" ")
        entries = (_ENTRY.fullmatch(word) for word in words)
        return tuple(_connection(entry, plain=plain) for entry in entries if entry)


def is_plain_name(piece: str) -> bool:
    """Tell whether a word can be a layer's name printed without brackets."""
    return _PLAIN.fullmatch(piece) is not None


def _connection(entry: re.Match[str], *, plain: bool) -> Connection:
    whole_name = entry["node"] is not None or (plain and not entry[0].endswith("…"))
    return Connection(
        layer=entry["layer"].rstrip("…"),
        node=int(entry["node_index"] or 0),
        tensor=int(entry["tensor_index"] or 0),
        cut=not whole_name,
    )


class RowNames:
    """The names of a table's rows, to find the row that a cut name stands for."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._whole = {row.name for row in rows if not row.name_cut}
        self._sorted = sorted((row.name, index) for index, row in enumerate(rows))
        self._cut: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            if row.name_cut:
                self._cut.setdefault(row.name, []).append(index)

    def resolve(self, connection: Connection, index: int) -> Connection:
        """Spell a connection as the one row before row ``index`` it can mean is spelt."""
        name = connection.layer
        if name in self._whole:
            # A whole row's name; other names could begin like it only where this one was cut.
            candidates = self._beginning_with(name, index) if connection.cut else {name: 1}
        else:
            candidates = self._beginning_of(name, index)
            if connection.cut:
                candidates |= self._beginning_with(name, index)
        if len(candidates) == 1 and set(candidates.values()) == {1}:
            return Connection(next(iter(candidates)), connection.node, connection.tensor)
        return connection

    def _beginning_with(self, prefix: str, index: int) -> dict[str, int]:
        """Count the earlier rows by name, of the names that begin with ``prefix``."""
        place = bisect_left(self._sorted, (prefix, -1))
        nearby = self._sorted[place : place + _MOST_CANDIDATES]
        if len(nearby) == _MOST_CANDIDATES and nearby[-1][0].startswith(prefix):
            return {}
        found: dict[str, int] = {}
        for name, row_index in nearby:
            if row_index < index and name.startswith(prefix):
                found[name] = found.get(name, 0) + 1
        return found

    def _beginning_of(self, name: str, index: int) -> dict[str, int]:
        """Count the earlier rows whose cut names ``name`` begins with, by name."""
        found: dict[str, int] = {}
        if not self._cut:
            return found
        for length in range(1, min(len(name), 200) + 1):
            rows = self._cut.get(name[:length], ())
            count = bisect_left(rows, index)
            if count:
                found[name[:length]] = count
        return found
