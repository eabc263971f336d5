"""What a reader is: how the front door asks the formats that convcost reads.

A module of `convcost.read.formats` defines ``READER``, or ``LIVE`` for objects of a framework.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from convcost import folder
from convcost.errors import LimitError, NetworkError, SourceError
from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from convcost.network.network import Network

#: Bytes that a reader may look at to recognise its format.
HEAD_BYTES = 65_536
_FORMATS = "convcost.read.formats"
#: How files begin that several formats use.
ZIP_MARK = b"PK\x03\x04"
HDF5_MARK = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says about a source.

    Attributes:
        inputs: example arrays or shapes of the network's inputs, the batch axis included.
        batch_axis: the batch axis of the inputs, one per input, or None: the whole is one sample.
    """

    inputs: Any = None
    batch_axis: int | tuple[int, ...] | None = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes or a folder, before anybody knows what they are.

    Attributes:
        where: its name for messages.
        suffix: the end of its file name in small letters: ``.h5``.
        head: its first bytes.
        path: the file or folder; None for bytes from elsewhere.
        data: all bytes, where there is no file.
        folder: whether it is a folder.
    """

    where: str
    suffix: str
    head: bytes
    path: Path | None = None
    data: bytes = b""
    folder: bool = False

    def open(self) -> BinaryIO:
        """It as a binary file.

        Raises:
            SourceError: it cannot be read any more.
        """
        if self.path is None:
            return io.BytesIO(self.data)
        try:
            return self.path.open("rb")
        except OSError as error:
            raise SourceError(f"{self.where}: cannot be read: {error.strerror}") from None

    def read(self, limit: int, what: str, hint: str) -> bytes:
        """All of it.

        Raises:
            LimitError: it has more bytes than `limit`.
        """
        with self.open() as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise LimitError(
                f"{self.where}: is larger than {limit // 2**20} MiB, the limit for {what}",
                hint=hint,
            )
        return data


class Rank(IntEnum):
    """Which readers are asked first: several may recognise one source."""

    #: stands in place of a file, whatever that file's name promises
    POINTER = 0
    #: convcost's own format: Keras's JSON has the same ending
    OWN = 1
    #: a format of models
    FORMAT = 2
    #: a known format that is not read; its endings are those of formats that are, too
    REFUSED = 3
    #: whatever is no binary file
    TEXT = 4


@dataclass(frozen=True, slots=True)
class Reader:
    """A format of files.

    Attributes:
        name: for people.
        recognises: whether a source is of this format, be it damaged.
        read: its networks. Raises SourceError where it is damaged, and MissingFramework where
            something has to be installed first.
        rank: of several that recognise a source, the one with the lowest rank reads it.
        takes_inputs: whether the user may state the inputs' sizes and their batch.
    """

    name: str
    recognises: Callable[[Source], bool]
    read: Callable[[Source, Options], tuple[Network, ...]]
    rank: Rank = Rank.FORMAT
    takes_inputs: bool = True


@dataclass(frozen=True, slots=True)
class LiveReader:
    """Objects of a framework, in the running program.

    Attributes:
        name: for people.
        recognises: whether an object is one of these, without importing anything.
        read: its network.
    """

    name: str
    recognises: Callable[[object], bool]
    read: Callable[[Any, Options], Network]


@contextmanager
def naming_source(where: str) -> Iterator[None]:
    """Say in an error which source it is about."""
    try:
        yield
    except (SourceError, NetworkError) as error:
        if not error.message.startswith(where):
            error.message = f"{where}: {error.message}"
        raise
    except RecursionError:
        raise LimitError(f"{where}: it is nested too deeply") from None


@cache
def readers() -> tuple[Reader, ...]:
    """The readers of all formats, by rank."""
    found = folder.defined(_FORMATS, "READER")
    return tuple(sorted(found, key=lambda reader: (reader.rank, reader.name)))


@cache
def live_readers() -> tuple[LiveReader, ...]:
    """The readers of objects."""
    return tuple(folder.defined(_FORMATS, "LIVE"))
