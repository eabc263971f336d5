"""The grammar of a printed shape, whole or cut anywhere.

A shape cell is one tuple, ``(None, 28, 28, 1)``, or a list, tuple or dict of tuples, or (in
TensorFlow.js) one list, ``[null,784]``. What ends the cell is the grammar, not the column: a
dimension is followed by a comma or a bracket, so a number without either is the next cell's.
"""

from __future__ import annotations

import re

from convcost.network.dataclass import dataclass
from convcost.read.keras.summary.table import Cut, Dimension, Shape

_TOKEN = re.compile(
    r" *+(?:(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)"
    r"|(?P<size>[0-9]{1,12}+)(?![\w.…])"
    r"|(?P<unknown>None|null|\?|(?:No?n?|nu?l?)(?! *+[,)\]]))(?!\w)"
    r"|(?P<key>(?:'[^' ]{0,100}+'|\"[^\" ]{0,100}+\"):))"
)
_COMMA = re.compile(r" *+,")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 4
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class ShapeCell:
    """A shape cell that was scanned.

    Attributes:
        text: The cell itself.
        shapes: Its tuples; the last one ends in a `Cut` when the cell is cut.
        end: Where the scan stopped in the text it was given.
        closed: Whether every bracket was closed.
        last_number: Where the cell's last token begins if the cell is cut after a comma and a
            number: that number may belong to the next column.
    """

    text: str
    shapes: tuple[Shape, ...]
    end: int
    closed: bool
    last_number: int | None

    @property
    def loses_shapes(self) -> bool:
        """Whether a list of shapes was cut between two of them."""
        last = self.shapes[-1]
        return not self.closed and not (last and isinstance(last[-1], Cut))


class _Group:
    """The inside of one bracket while it is being read."""

    __slots__ = ("bracket", "comma", "dimensions", "nested")

    def __init__(self, bracket: str) -> None:
        self.bracket = bracket
        self.dimensions: list[Dimension] = []
        self.nested = False
        self.comma = False

    @property
    def wants_item(self) -> bool:
        return self.comma or not (self.dimensions or self.nested)


def scan_shape(text: str, start: int = 0) -> ShapeCell | None:
    """Scan the shape cell that begins at ``start``; None when there is none.

    >>> scan_shape("(None, 12, 12, 64) 0").shapes
    ((None, 12, 12, 64),)
    >>> cut = scan_shape("(None, 64, 1080, 204 0")
    >>> cut.shapes, cut.closed
    (((None, 64, 1080, Cut(prefix='204')),), False)
    >>> scan_shape("[(None, 28, 28, 512), 0").shapes
    ((None, 28, 28, 512),)
    """
    groups: list[_Group] = []
    shapes: list[Shape] = []
    position = start
    token_start = start
    last: str | None = None
    stop = min(len(text), start + _LONGEST)
    while token := _TOKEN.match(text, position, stop):
        kind = token.lastgroup
        if not _accept(kind, token, groups, shapes):
            break
        token_start, position, last = token.start(), token.end(), kind
        if not groups:
            # Keras 3 prints several shapes with commas between them and no bracket around.
            comma = _COMMA.match(text, position, stop)
            if comma is None:
                break
            position, last = comma.end(), "comma"
    found = tuple(shapes) + _cut_tail(groups, last)
    if not found:
        return None
    is_doubtful = bool(groups) and last == "size" and len(groups[-1].dimensions) > 1
    return ShapeCell(
        text=text[start:position],
        shapes=found,
        end=position,
        closed=not groups and last != "comma",
        last_number=token_start - start if is_doubtful else None,
    )


def _accept(
    kind: str | None, token: re.Match[str], groups: list[_Group], shapes: list[Shape]
) -> bool:
    """Take one token into the open groups; False when the grammar has no place for it."""
    group = groups[-1] if groups else None
    if kind == "open":
        if group is not None:
            if group.dimensions or not group.wants_item or len(groups) == _DEEPEST:
                return False
            group.nested, group.comma = True, False
        groups.append(_Group(token["open"]))
        return True
    if group is None:
        return False
    if kind == "close":
        if token["close"] != _CLOSING[group.bracket]:
            return False
        if group.comma and not (group.bracket == "(" and len(group.dimensions) == 1):
            return False
        if not group.nested:
            # "()" is the shape of a scalar, "[]" is an empty list of something else.
            if not group.dimensions and group.bracket != "(":
                return False
            shapes.append(tuple(group.dimensions))
        groups.pop()
        return True
    if kind == "comma":
        if group.wants_item:
            return False
        group.comma = True
        return True
    if kind == "key":
        return group.bracket == "{" and group.wants_item
    if group.nested or not group.wants_item or group.bracket == "{":
        return False
    group.dimensions.append(int(token["size"]) if kind == "size" else None)
    group.comma = False
    return True


def _cut_tail(groups: list[_Group], last: str | None) -> tuple[Shape, ...]:
    """Close the shape that was still open when the text ended."""
    if not groups or not groups[-1].dimensions:
        return ()
    dimensions = list(groups[-1].dimensions)
    size = dimensions[-1]
    if last == "size" and isinstance(size, int):
        dimensions[-1] = Cut(str(size))
    else:
        dimensions.append(Cut(""))
    return (tuple(dimensions),)
