"""Heaps of texts in HDF5 files: one that the HDF5 library would read forever is refused.

The library walks over the objects of a global heap by their sizes, and never ends at a free one of
size 0. It holds Python's lock meanwhile, so that nothing could stop it.

A heap is ``GCOL``, version 1, its size, and objects of index, references and size (HDF5 File Format
Specification, III.E "Disk Format: Level 1E - Global Heap").
"""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING

from convcost.errors import LimitError, SourceError
from convcost.read.limits import MAX_STORED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_MARK = b"GCOL\x01\0\0\0"
#: Bytes of a heap's header, and of each object's.
_HEADER = 16
#: Bytes that are searched at once: few enough to stay in a processor's cache.
_BLOCK = 2**20


def check_heaps(file: BinaryIO) -> None:
    """Refuse a file with such a heap.

    Raises:
        SourceError: it has one.
        LimitError: its heaps have too many objects.
    """
    heaps = list(islice(_heaps(file), MAX_STORED))
    count = len(heaps)
    for begin in heaps:
        for index, size in _objects(file, begin):
            count += 1
            if index == 0 and size == 0:
                raise SourceError(
                    "is a damaged HDF5 file: a heap of texts in it does not end",
                    hint="copy or download it again; its size should equal the original's",
                )
            if count >= MAX_STORED:
                raise LimitError(f"it holds more than {MAX_STORED:,} texts")


def _heaps(file: BinaryIO) -> Iterator[int]:
    """Where heaps begin, and perhaps arrays that look like one."""
    file.seek(0)
    begin, tail = 0, b""
    while block := file.read(_BLOCK):
        data = tail + block
        at = data.find(_MARK)
        while at >= 0:
            yield begin - len(tail) + at
            at = data.find(_MARK, at + 1)
        begin += len(block)
        tail = data[-len(_MARK) + 1 :]


def _objects(file: BinaryIO, begin: int) -> Iterator[tuple[int, int]]:
    """Index and size of each object of a heap."""
    file.seek(begin + len(_MARK))
    (size,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
    at = _HEADER
    while at + _HEADER <= size:
        file.seek(begin + at)
        entry = file.read(_HEADER)
        if len(entry) < _HEADER:
            return
        index, length = struct.unpack("<H6xQ", entry)
        yield index, length
        at += length if index == 0 else _HEADER + (length + 7) // 8 * 8
