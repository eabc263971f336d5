"""The grammar of one row: name (class), shape, parameters, connections, and what wrapped below it.

A row is read from its words, never from its columns. TF 2.8 and later wrap a cell over the lines
below; Keras before that cuts it. Both leave a bracket open, and only the words of the following
lines tell which it was: `RowDraft.absorb` takes such a line if every word of it has a place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass, field
from convcost.read.keras.summary.connections import ConnectionCell, is_plain_name
from convcost.read.keras.summary.shape import scan_shape

if TYPE_CHECKING:
    from collections.abc import Collection

    from convcost.read.keras.summary.shape import ShapeCell

_NAME = r"(?P<name>[^ ()\[\]{}|,'\"]++)"
_KIND = r"(?P<kind>(?:[^\W\d][\w.]*+)?)(?P<ellipsis>…?)"
_UNKNOWN = r"(?:multiple|\?|None|null)(?![\w,)])"
# "conv2d (Conv2D) (None, 3)", "conv2d (Conv2 (None, 3)": where a row begins inside a text.
ROW_START = re.compile(
    rf"(?<![^ |]){_NAME} *+\( *+{_KIND}(?: *+\) *+| *+(?<= ))(?=[(\[{{]|{_UNKNOWN})"
)
_HEAD = re.compile(
    rf"{_NAME}(?P<bracket> *+\( *+{_KIND}(?: *+(?P<close>\))| *+(?<= )(?=[(\[{{m?])| *+$))?"
)
_NO_SHAPE = re.compile(rf" *+{_UNKNOWN}")
_PARAMETERS = re.compile(
    r" *+(?:(?P<number>[0-9]{1,3}(?: ?, ?[0-9]{3})++|[0-9]{1,20}+)(?:\.[0-9]{1,6})?"
    r"(?: *+\((?:unused|unbuilt)\))?|(?P<cut>[0-9,]{0,20}…))(?=[ \['\"]|$)"
)
_OPENING = re.compile(r" *+[(\[{ ]*+N?o?n?")
_KIND_TAIL = re.compile(r"[\w.]*+\)")
_KIND_MIDDLE = re.compile(r"[\w.]++")
_KIND_WHOLE = re.compile(r"\((?:(?P<kind>[^\W\d][\w.]*+)(?P<close>\)?))?")
# None and null wrap between any two letters too; that the whole is a shape is checked after.
_SHAPE_TAIL = re.compile(r"(?:[0-9,()\[\]{}?Nonelu]|'[^' ]{1,100}':)++")
_SHAPE_MARK = re.compile(r"[,()\[\]{}']")
_NUMBER = re.compile(r"[0-9]++")
_LONGEST_SHAPE = 1000
# A wrapped column of parameters is seven digits wide at least.
_WRAPPED_DIGITS = 7
# A name that is cut off with its brackets has at least so many letters, by the columns' widths.
_CUT_NAME = 12


@dataclass(slots=True)
class RowDraft:
    """A row while it is being read; fields named as in `Row` mean the same.

    Attributes:
        bracket: Whether the bracket before the class was seen.
        kind_closed: Whether the bracket after the class was seen.
        shape_seen: Whether there is a shape cell, be it without a shape.
        width: Letters of name and class on the row's first line. A cell that wraps over more than
            two lines fills its column, so its middle lines are as wide.
        parameters_cut: Whether the number of parameters was replaced by an ellipsis.
    """

    name: str
    kind: str = ""
    bracket: bool = False
    kind_closed: bool = False
    width: int = 0
    shape: ShapeCell | None = None
    shape_seen: bool = False
    parameters: int | None = None
    parameters_cut: bool = False
    trainable: bool | None = None
    cell: ConnectionCell = field(default_factory=ConnectionCell)

    @property
    def complete(self) -> bool:
        """Whether the row reaches its parameters."""
        return self.shape_seen and (self.parameters is not None or self.parameters_cut)

    @property
    def unfinished(self) -> bool:
        """Whether more of the row must follow, if the text is not cut."""
        has_open_shape = self.shape is not None and not self.shape.closed
        return self.cell.is_open or (has_open_shape and not self.bracket)

    def split_number(self) -> bool:
        """Give the last number of a shape cut after a comma to the parameters.

        "(None, 16, 112, 112, 448" with nothing behind it is a column that ended at the comma.
        """
        cell = self.shape
        if cell is None or cell.last_number is None or self.parameters is not None:
            return False
        self.parameters = int(cell.text[cell.last_number :])
        self.shape = scan_shape(cell.text[: cell.last_number])
        return True

    def absorb(
        self, text: str, names: Collection[str], *, connected: bool, below: bool = False
    ) -> str:
        """Take the words that follow the row, and return those that have no place in it.

        Args:
            text: What follows the parameters, or a whole line below the row.
            names: Names of the table's rows, for connections printed without brackets.
            connected: Whether the table has a column of connections.
            below: The text is a line below the row: take it whole or not at all.
        """
        words = [word for word in text.split(" ") if word]
        before = [getattr(self, name) for name in self.__slots__] if below else []
        pieces, shape = len(self.cell.pieces), self.shape
        # A line has one piece of the class at most: what follows it is another column's.
        kind = (self.bracket, self.kind)
        for count, word in enumerate(words):
            following = words[count + 1] if count + 1 < len(words) else ""
            inside, shape = shape is not self.shape, self.shape
            if (
                word == "-"
                or ((self.bracket, self.kind) == kind and self._take_name(word, following))
                or self._take_shape(word, inside=inside)
                or self._take_digits(word, below=below)
                or self._take_trainable(word)
                # A page that numbers its lines numbers this one too.
                or (below and count == 0 and following and _NUMBER.fullmatch(word))
            ):
                continue
            if self.cell.admits(word) or (connected and _is_name(word, names, below=below)):
                self.cell.pieces.append(word)
            elif below:
                for name, value in zip(self.__slots__, before, strict=True):
                    setattr(self, name, value)
                del self.cell.pieces[pieces:]
                return text
            else:
                return " ".join(words[count:])
        return ""

    def _take_name(self, word: str, following: str) -> bool:
        """Take the rest of a name or class that wrapped."""
        if self.bracket:
            if self.kind_closed:
                return False
            if _KIND_TAIL.fullmatch(word):
                self.kind, self.kind_closed = self.kind + word[:-1], True
                return True
            if self._fills(word) and _KIND_MIDDLE.fullmatch(word):
                self.kind += word
                return True
            return False
        if whole := _KIND_WHOLE.fullmatch(word):
            self.kind, self.bracket = whole["kind"] or "", True
            self.kind_closed = bool(whole["close"])
            return True
        if is_plain_name(word) and (self._fills(word) or _KIND_WHOLE.fullmatch(following)):
            self.name += word
            return True
        return False

    def _fills(self, word: str) -> bool:
        """Whether a word fills the column of names, but for a space at the column's end."""
        return self.width - 1 <= len(word) <= self.width

    def _take_shape(self, word: str, *, inside: bool) -> bool:
        """Take the rest of a shape that wrapped.

        A bare number or word may be anything else, unless it stands behind such a rest; a bare
        comma behind one is the list of connections' own.
        """
        cell = self.shape
        if cell is None or cell.closed or len(cell.text) > _LONGEST_SHAPE:
            return False
        if not _SHAPE_TAIL.fullmatch(word) or not (inside or _SHAPE_MARK.search(word)):
            return False
        if inside and word == ",":
            return False
        longer = scan_shape(cell.text + word)
        if longer is None or longer.end < len(cell.text) + len(word):
            return False
        self.shape = longer
        return True

    def _take_digits(self, word: str, *, below: bool) -> bool:
        """Take the rest of a number of parameters that wrapped, as only TF 2.8 and later do."""
        printed = str(self.parameters)
        if not (below and self.cell.is_list and _NUMBER.fullmatch(word)):
            return False
        if not _WRAPPED_DIGITS <= len(printed) <= _WRAPPED_DIGITS + len(word) + 3 < 20:
            return False
        self.parameters = int(printed + word)
        return True

    def _take_trainable(self, word: str) -> bool:
        if word not in ("Y", "N"):
            return False
        self.trainable = word == "Y"
        return True


def parse_row(text: str) -> tuple[RowDraft, str] | None:
    """Read the row that a text begins with, and return it with the text behind its parameters.

    The row may be incomplete. None when the text does not even begin like a row.

    >>> row, rest = parse_row("max_pooling2d_17 (MaxPooling (None, 12, 12, 64) 0 conv2d[0][0]")
    >>> row.name, row.kind, row.kind_closed, row.shape.shapes, row.parameters, rest
    ('max_pooling2d_17', 'MaxPooling', False, ((None, 12, 12, 64),), 0, ' conv2d[0][0]')
    >>> parse_row("dense (Dense) (None, 1, 256)")[0].complete
    False
    >>> print(parse_row("model.add(Conv2D(32, (3, 3)))"))
    None
    """
    head = _HEAD.match(text)
    if head is None or _NUMBER.fullmatch(head["name"]):
        return None
    row = RowDraft(head["name"], head["kind"] or "", head["bracket"] is not None)
    row.kind_closed = head["close"] is not None
    row.width = len(f"{row.name} ({row.kind}" if row.bracket else row.name)
    end = head.end()
    if not row.bracket and text[end : end + 1] not in (" ", ""):
        return None
    start = len(text) - len(text[end:].lstrip(" "))
    if cell := scan_shape(text, start):
        # TensorFlow.js prints the shapes of the inputs before those of the outputs.
        second = scan_shape(text, len(text) - len(text[cell.end :].lstrip(" ")))
        cell = second if cell.closed and second else cell
        row.shape, row.shape_seen, end = cell, True, cell.end
    elif unknown := _NO_SHAPE.match(text, end):
        row.shape_seen, end = True, unknown.end()
    else:
        return row, "" if _OPENING.fullmatch(text, end) else text[end:]
    if number := _PARAMETERS.match(text, end):
        row.parameters_cut = number["cut"] is not None
        if not row.parameters_cut:
            row.parameters = int(number["number"].replace(",", "").replace(" ", ""))
        end = number.end()
    elif ConnectionCell().admits(text[end:].lstrip(" ").split(" ", 1)[0]):
        row.split_number()
    return row, text[end:]


def _is_name(word: str, names: Collection[str], *, below: bool) -> bool:
    """Tell whether a word is a connection printed without brackets, or cut before them."""
    if not is_plain_name(word):
        return False
    if word.rstrip(",") in names or word.endswith("…"):
        return True
    if below and len(word) >= _CUT_NAME:
        # The column ended inside the name, perhaps behind the letters that its own row shows.
        return any(
            name.startswith(word) or (len(name) >= _CUT_NAME and word.startswith(name))
            for name in names
        )
    return not below and ("_" in word or any(character.isdigit() for character in word))
