"""ONNX files of any number of nodes: chains of Conv, Relu and Add, written byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Field numbers of onnx.proto that are used below.
VARINT, LENGTH = 0, 2
FLOAT, INTS = 1, 7


def write_chain(path: Path, nodes: int) -> None:
    """A file of so many nodes; all convolutions share one kernel of 8x8x3x3."""
    graph = b"".join(chain(nodes)) + part(2, b"chain") + kernel()
    graph += part(11, value(b"x")) + part(12, value(b"v%d" % (nodes - 1)))
    path.write_bytes(number(1, 8) + part(8, number(2, 17)) + part(7, graph))


def chain(nodes: int) -> Iterator[bytes]:
    """Its nodes: every third one is a convolution, an activation, and their sum."""
    conv = part(4, b"Conv") + ints(b"kernel_shape", 3, 3) + ints(b"pads", 1, 1, 1, 1)
    kinds = (conv, part(4, b"Relu"), part(4, b"Add"))
    before = b"x"
    for place in range(nodes):
        inputs = ((before, b"w"), (before,), (before, b"v%d" % (place - 2)))[place % 3]
        before = b"v%d" % place
        names = b"".join(part(1, name) for name in inputs) + part(2, before)
        yield part(1, names + part(3, b"n%d" % place) + kinds[place % 3])


def kernel() -> bytes:
    """The initializer ``w``."""
    dims = b"".join(number(1, size) for size in (8, 8, 3, 3))
    return part(5, dims + number(2, FLOAT) + part(8, b"w") + part(9, bytes(4 * 8 * 8 * 9)))


def value(name: bytes) -> bytes:
    """A declared tensor of 1x8x16x16."""
    shape = b"".join(part(1, number(1, size)) for size in (1, 8, 16, 16))
    return part(1, name) + part(2, part(1, number(1, FLOAT) + part(2, shape)))


def ints(name: bytes, *values: int) -> bytes:
    """A node's attribute."""
    return part(5, part(1, name) + b"".join(number(8, v) for v in values) + number(20, INTS))


def number(field: int, item: int) -> bytes:
    """A field that is a number."""
    return varint(field << 3 | VARINT) + varint(item)


def part(field: int, content: bytes) -> bytes:
    """A field that is a text or a message."""
    return varint(field << 3 | LENGTH) + varint(len(content)) + content


def varint(item: int) -> bytes:
    """A number, seven bits per byte."""
    digits = bytearray()
    while item > 127:
        digits.append(item & 127 | 128)
        item >>= 7
    return bytes([*digits, item])
