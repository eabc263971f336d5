"""Where the bytes of a model are: while it is scanned, and when its numbers are loaded later."""

from __future__ import annotations

import mmap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from convcost.errors import SourceError
from convcost.network.dataclass import dataclass
from convcost.read.limits import MAX_UNMAPPED_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.read.onnx.file.wire import Data
    from convcost.read.reader import Source


class Place(Protocol):
    """The bytes of a model that has been scanned."""

    @property
    def where(self) -> str:
        """Its name for messages."""

    def read(self, begin: int, size: int) -> bytes:
        """A part of it.

        Raises:
            SourceError: it cannot be read any more.
        """


@dataclass(frozen=True, slots=True)
class InFile:
    """Bytes in a file, which is opened anew for each part: a network keeps no file open."""

    source: Source

    @property
    def where(self) -> str:
        """Its name for messages."""
        return self.source.where

    def read(self, begin: int, size: int) -> bytes:
        """A part of it.

        Raises:
            SourceError: it cannot be read any more.
        """
        try:
            with self.source.open() as file:
                file.seek(begin)
                return file.read(size)
        except OSError as error:
            raise SourceError(f"{self.where}: cannot be read: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class InMemory:
    """Bytes that are at hand."""

    data: bytes
    where: str

    def read(self, begin: int, size: int) -> bytes:
        """A part of them."""
        return self.data[begin : begin + size]


@contextmanager
def mapped(source: Source) -> Iterator[Data]:
    """A file's bytes without reading them, where the system can map it into memory.

    Raises:
        SourceError: it cannot be read.
        LimitError: it has to be read as a whole, and is too large for that.
    """
    with source.open() as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            data = None
    if data is None:
        yield source.read(MAX_UNMAPPED_BYTES, "files that cannot be mapped", "copy it to a disk")
        return
    with data:
        yield data
