"""The wire format of Protocol Buffers: fields of a message, found without copying their contents.

A message is a run of fields. Each begins with a key, its number times eight plus how it is stored,
as a varint: seven bits per byte, the lowest first, the highest bit says that more follow. See
https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.errors import LimitError, SourceError
from convcost.read.limits import MAX_NAME

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

    Data: TypeAlias = bytes | mmap.mmap

#: How a field is stored.
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
_KINDS = {3: "the begin of a group", 4: "the end of a group", 6: "of kind 6", 7: "of kind 7"}
_VARINT_BYTES = 10


class Damage(Exception):  # noqa: N818 - the file's, not the program's
    """What is wrong with a message, and where.

    Args:
        at: byte offset in the data.
        what: the finding.
        error: what it ends in for the user.
    """

    def __init__(self, at: int, what: str, error: type[SourceError] = SourceError) -> None:
        super().__init__(what)
        self.at = at
        self.what = what
        self.error = error
        self.path: tuple[str, ...] = ()

    def inside(self, message: str) -> Damage:
        """The same, found in a part of this message."""
        self.path = (message, *self.path)
        return self


def key(number: int, kind: int) -> int:
    """The key of a field.

    >>> key(1, VARINT), key(7, LENGTH)
    (8, 58)
    """
    return number << 3 | kind


def fields(data: Data, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of the message in ``data[at:end]``, in order.

    Yields:
        (key, value, position after it) of a varint; (key, begin, end) of all others.

    Raises:
        Damage: the message ends within a field, or holds what is no field.

    >>> list(fields(bytes([8, 150, 1, 18, 2, 104, 105]), 0, 7))
    [(8, 150, 3), (18, 5, 7)]
    """
    try:
        while at < end:
            begin = at
            found = data[at]
            at += 1
            if found > 127:
                found, at = varint(data, begin)
            kind = found & 7
            if kind == LENGTH:
                size = data[at]
                at += 1
                if size > 127:
                    size, at = varint(data, at - 1)
                stop = at + size
                if stop > end:
                    raise Damage(begin, f"field {found >> 3} has {size:,} bytes; {end - at:,} are "
                                 "left")  # fmt: skip
                yield found, at, stop
                at = stop
            elif kind == VARINT:
                value = data[at]
                at += 1
                if value > 127:
                    value, at = varint(data, at - 1)
                if at > end:
                    raise _cut(begin)
                yield found, value, at
            else:
                stop = at + _width(kind, found, begin)
                if stop > end:
                    raise _cut(begin)
                yield found, at, stop
                at = stop
            if found < 8:
                raise Damage(begin, "a field of number 0")
    except IndexError:
        raise _cut(begin) from None


def _width(kind: int, found: int, begin: int) -> int:
    if kind == FOUR_BYTES:
        return 4
    if kind == EIGHT_BYTES:
        return 8
    raise Damage(begin, f"field {found >> 3} is {_KINDS[kind]}, which ONNX does not use")


def _cut(begin: int) -> Damage:
    return Damage(begin, "the message ends within a field")


def varint(data: Data, at: int) -> tuple[int, int]:
    """The unsigned number at a position, and the position after it.

    Raises:
        Damage: it has more bytes than a 64-bit number.
        IndexError: the data ends within it.

    >>> varint(bytes([150, 1]), 0)
    (150, 2)
    """
    value = shift = 0
    begin = at
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if at - begin == _VARINT_BYTES:
            raise Damage(begin, f"a number of more than {_VARINT_BYTES} bytes")


def varints(data: Data, at: int, end: int) -> Iterator[int]:
    """Unsigned numbers, packed one after the other.

    Raises:
        Damage: the last one does not end with the data.
    """
    begin = at
    try:
        while at < end:
            value, at = varint(data, at)
            if at > end:
                raise _cut(begin)
            yield value
    except IndexError:
        raise _cut(begin) from None


def signed(value: int) -> int:
    """A 64-bit number in two's complement as a number with a sign.

    >>> signed(2**64 - 1), signed(5)
    (-1, 5)
    """
    return value if value < 2**63 else value - 2**64


def text(data: Data, begin: int, end: int) -> str:
    r"""A name; bytes that are no UTF-8 stay apart from each other as ``\xff``.

    Raises:
        Damage: it is too long.
    """
    if end - begin > MAX_NAME:
        raise Damage(
            begin, f"a name of {end - begin:,} bytes; at most {MAX_NAME:,} are read", LimitError
        )
    raw = data[begin:end]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(errors="backslashreplace")
