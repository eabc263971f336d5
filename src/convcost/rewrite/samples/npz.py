"""Arrays of an ``.npz`` file: a header is checked before anything it asks for is done."""

from __future__ import annotations

import math
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.read.archive import Archive
from convcost.read.limits import MAX_DATA_BYTES, MAX_DATA_HEADER

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIX = ".npy"
#: dtypes by NumPy's letters: bool, signed and unsigned integers, floats.
_NUMBERS = frozenset("biuf")


class Arrays:
    """The arrays of a file, none of which is read before it is asked for.

    Args:
        path: of the file.

    Attributes:
        path: the same.
        names: of its arrays, as `numpy.savez` was given them.

    Raises:
        SourceError: it is not there, or no ZIP archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = Archive(lambda: path.open("rb"), str(path))
        except SourceError as error:
            raise SourceError(error.message, hint=_HINT) from None
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        self._members = {
            PurePosixPath(name).name.removesuffix(_SUFFIX): name
            for name in self._archive.members
            if name.endswith(_SUFFIX)
        }
        self.names = tuple(self._members)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, by its header; errors as `read`."""
        with self._archive.open(self._members[name]) as file:
            shape, _ = self._header(name, file)
        return shape

    def read(self, name: str) -> Any:
        """An array of numbers.

        Raises:
            SourceError: it is damaged, or holds something else, such as pickled objects.
            LimitError: it would be too large.
        """
        import numpy as np

        with self._archive.open(self._members[name]) as file:
            self._header(name, file)
            file.seek(0)
            try:
                return np.lib.format.read_array(
                    file, allow_pickle=False, max_header_size=MAX_DATA_HEADER
                )
            except Exception as error:  # noqa: BLE001 - NumPy raises anything for what is no header
                raise self._damaged(name, error) from None

    def _header(self, name: str, file: IO[bytes]) -> tuple[tuple[int, ...], Any]:
        """Shape and dtype that an array's header tells, once they agree with what follows it."""
        try:
            shape, dtype = _told(file)
        except Exception as error:  # noqa: BLE001 - NumPy raises anything for what is no header
            raise self._damaged(name, error) from None
        if dtype.kind not in _NUMBERS:
            raise SourceError(
                f"{self.path}: its array '{name}' holds {_said(dtype)}; expected numbers",
                hint="numpy.savez('data.npz', x=images, y=labels) writes arrays of numbers",
            )
        if any(size < 0 for size in shape):
            raise SourceError(f"{self.path}: its array '{name}' has the shape {shape}", hint=_HINT)
        wanted = math.prod(shape) * dtype.itemsize
        if wanted > MAX_DATA_BYTES:
            raise LimitError(
                f"{self.path}: its array '{name}' of {shape} {dtype} takes {wanted:,} bytes; at "
                f"most {MAX_DATA_BYTES:,}",
                hint="fewer samples, or whole numbers of 8 bits, which images are made of",
            )
        begin = file.tell()
        there = file.seek(0, 2) - begin
        if there < wanted:
            raise SourceError(
                f"{self.path}: its array '{name}' of {shape} {dtype} takes {wanted:,} bytes; the "
                f"file holds {there:,}",
                hint=_HINT,
            )
        return shape, dtype

    def _damaged(self, name: str, error: BaseException) -> SourceError:
        lines = str(error).splitlines() or [type(error).__name__]
        return SourceError(f"{self.path}: its array '{name}' is damaged: {lines[0]}", hint=_HINT)


_HINT = "numpy.savez('data.npz', x=images, y=labels) writes such files"


def _told(file: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    """Shape and dtype.

    Raises:
        ValueError: there is no header, or of a version that only structured arrays need.
    """
    from numpy.lib import format as npy

    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(file)
    if version not in readers:
        raise ValueError(f"a header of version {version}, which arrays of numbers do not need")
    shape, _, dtype = readers[version](file, max_header_size=MAX_DATA_HEADER)
    return shape, dtype


def _said(dtype: Any) -> str:
    return "pickled objects" if dtype.hasobject else f"'{dtype}'"
