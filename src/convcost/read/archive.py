"""ZIP archives within limits: a member is checked before a byte of it is unpacked."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.read.limits import (
    MAX_CONFIG_BYTES,
    MAX_UNPACKED_BYTES,
    MAX_ZIP_DIRECTORY_BYTES,
    MAX_ZIP_RATIO,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

#: Longest comment that may follow the end record.
_TAIL = 65_536 + 22
#: What zipfile raises for damaged archives, and for encrypted ones and ways of compression that it
#: does not have (RuntimeError and what derives from it).
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, ValueError,
           RuntimeError, UnicodeError)  # fmt: skip
_HINT = "copy or download it again; its size should equal the original's"


class Archive:
    """A ZIP archive.

    Args:
        opener: gives it as a binary file.
        where: its name for messages.

    Raises:
        SourceError: it is damaged.
    """

    def __init__(self, opener: Callable[[], BinaryIO], where: str) -> None:
        self._opener = opener
        self._where = where
        with self._zip() as archive:
            self.members = {info.filename: info for info in archive.infolist()}

    def read(self, name: str) -> bytes:
        """A small member.

        Raises:
            SourceError: it is damaged.
            LimitError: it would be too large.
        """
        info = self.members[name]
        self._check(info, MAX_CONFIG_BYTES)
        with self._zip() as archive, archive.open(info) as member:
            return member.read(MAX_CONFIG_BYTES + 1)

    def open(self, name: str) -> BinaryIO:
        """A member as a file with fast seeking; one that is compressed is unpacked to a file.

        Raises:
            SourceError: it is damaged.
            LimitError: it would be too large.
        """
        info = self.members[name]
        if info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1:
            return self._stored(info)
        self._check(info, MAX_UNPACKED_BYTES)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        left = info.file_size
        with self._zip() as archive, archive.open(info) as member:
            while left > 0 and (block := member.read(min(left, 2**20))):
                file.write(block)
                left -= len(block)
        file.seek(0)
        return file

    def _stored(self, info: zipfile.ZipInfo) -> BinaryIO:
        file = self._opener()
        try:
            file.seek(info.header_offset)
            header = file.read(30)
            name, extra = struct.unpack("<HH", header[26:30])
        except _DAMAGE as error:
            file.close()
            raise self._damaged(error) from None
        window = _Window(file, info.header_offset + 30 + name + extra, info.file_size)
        return io.BufferedReader(window)

    def _check(self, info: zipfile.ZipInfo, limit: int) -> None:
        name, size = info.filename[:60], info.file_size
        ratio = size / max(info.compress_size, 1)
        if size > limit or (size > 2**20 and ratio > MAX_ZIP_RATIO):
            raise LimitError(
                f"{self._where}: its member {name!r} would unpack to {size:,} bytes, from "
                f"{info.compress_size:,}; at most {limit:,} bytes and {MAX_ZIP_RATIO} to 1",
                hint="no real model is packed so: check where the file comes from",
            )

    @contextmanager
    def _zip(self) -> Iterator[zipfile.ZipFile]:
        with self._opener() as file:
            self._check_directory(file)
            try:
                with zipfile.ZipFile(file) as archive:
                    yield archive
            except SourceError:
                raise
            except _DAMAGE as error:
                raise self._damaged(error) from None

    def _check_directory(self, file: BinaryIO) -> None:
        """Refuse a table of contents that is itself too large, before it is read."""
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
        for mark, form, offset in ((b"PK\x05\x06", "<L", 12), (b"PK\x06\x06", "<Q", 40)):
            at = tail.rfind(mark)
            field = tail[at + offset : at + offset + struct.calcsize(form)]
            if at < 0 or len(field) < struct.calcsize(form):
                continue
            (directory,) = struct.unpack(form, field)
            if directory != 0xFFFFFFFF and directory > MAX_ZIP_DIRECTORY_BYTES:
                raise LimitError(
                    f"{self._where}: its table of contents has {directory:,} bytes; at most "
                    f"{MAX_ZIP_DIRECTORY_BYTES:,}"
                )

    def _damaged(self, error: Exception) -> SourceError:
        reason = str(error) or type(error).__name__
        return SourceError(f"{self._where}: is a damaged ZIP archive: {reason}", hint=_HINT)


class _Window(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, file: BinaryIO, begin: int, size: int) -> None:
        self._file = file
        self._begin = begin
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        count = max(0, min(len(buffer), self._size - self._at))
        self._file.seek(self._begin + self._at)
        data = self._file.read(count)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
