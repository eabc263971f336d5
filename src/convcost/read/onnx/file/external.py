"""Numbers that an ONNX file keeps in other files, beside it.

A file names them by a path. One that leads out of the model's folder, directly or by a link, is
refused: reading a model must not open other files of its user.
"""

from __future__ import annotations

import os
import stat
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError
from convcost.network.dataclass import dataclass
from convcost.read.onnx.file.wire import Damage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Digits of an offset or a length.
_DIGITS = 18


class Folder:
    """Where a model's external data is.

    Args:
        path: the model's folder; None where it has none, so that no other file is there.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[str, Path | None] = {}

    def stored(
        self, entries: Mapping[str, str], name: str, dims: tuple[int, ...], dtype: str, at: int
    ) -> tuple[Callable[[], Any] | None, str]:
        """The loader of a tensor's numbers, None where their file is absent; and that file's name.

        Args:
            entries: ``location``, ``offset`` and ``length``, as the file has them.
            name: of the tensor.
            dims: its shape.
            dtype: of its elements.
            at: where it stands in the file.

        Raises:
            Damage: an entry is no number, or the location leads out of the folder.
        """
        location = entries.get("location", "")
        offset, length = (_number(entries, entry, name, at) for entry in ("offset", "length"))
        if location not in self._found:
            self._found[location] = self._inside(location, name, at)
        file = self._found[location]
        if file is None:
            return None, location
        return External(file, offset or 0, length, name, dims, dtype), location

    def _inside(self, location: str, name: str, at: int) -> Path | None:
        posix, windows = PurePosixPath(location), PureWindowsPath(location)
        parts = {*posix.parts, *windows.parts}
        if not posix.name or "\0" in location or ".." in parts or windows.anchor or posix.root:
            raise _outside(location, name, at)
        if self._path is None:
            return None
        folder, file = os.path.realpath(self._path), os.path.realpath(self._path / location)
        if os.path.commonpath((folder, file)) != folder:
            raise _outside(location, name, at)
        return Path(file) if os.path.isfile(file) else None  # noqa: PTH113 - a str at hand


@dataclass(frozen=True, slots=True)
class External:
    """Loads the numbers of a tensor from a file of their own.

    Attributes:
        file: free of links when the model was read.
        offset: of the first byte.
        length: in bytes; None where the model does not tell.
        name: of the tensor, for errors.
        dims: its shape.
        dtype: of its elements.
    """

    file: Path
    offset: int
    length: int | None
    name: str
    dims: tuple[int, ...]
    dtype: str

    def __call__(self) -> Any:
        """A NumPy array.

        Raises:
            SourceError: the file is gone or too short, or the shape needs another length.
        """
        import numpy as np

        from convcost.read.onnx.file.numbers import form_of, raw

        try:
            needed = prod(self.dims) * np.dtype(form_of(self.dtype)[0]).itemsize
            size = needed if self.length is None else self.length
            return raw(self._read(size), self.dims, self.dtype)
        except Damage as damage:
            reason = damage.what
        except OSError as error:
            reason = error.strerror or str(error)
        raise SourceError(
            f"{self.file}: the tensor '{self.name}' cannot be loaded: {reason}",
            hint="copy or download the model with all its files again",
        )

    def _read(self, size: int) -> bytes:
        """So many bytes, which the file has to have: a file bounds what is read of it."""
        # not through a link that was put there since
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(self.file, flags), "rb") as file:  # noqa: PTH123 - a descriptor
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Damage(0, "it is no ordinary file any more")
            if self.offset + size > status.st_size:
                raise Damage(
                    0,
                    f"bytes {self.offset:,} to {self.offset + size:,} of a file of "
                    f"{status.st_size:,} bytes",
                )
            file.seek(self.offset)
            return file.read(size)


def _number(entries: Mapping[str, str], entry: str, name: str, at: int) -> int | None:
    written = entries.get(entry)
    if written is None:
        return None
    if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS):
        raise Damage(at, f"the external data of '{name:.80}' has the {entry} {written[:40]!r}")
    return int(written)


def _outside(location: str, name: str, at: int) -> Damage:
    return Damage(
        at,
        f"the numbers of '{name:.80}' would be in {location[:200]!r}, which is not in the "
        "model's folder",
    )
