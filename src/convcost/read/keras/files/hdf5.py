"""HDF5 files as far as Keras's need: attributes, and arrays that are loaded when asked for.

An HDF5 file may point at other files, hold loops of groups, and declare arrays larger than itself;
such parts are refused.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, MissingFramework, SourceError
from convcost.network.tensor import DTYPE_BYTES
from convcost.read.keras.config import Stored
from convcost.read.keras.files.hdf5_heaps import check_heaps
from convcost.read.limits import (
    MAX_ATTRIBUTE_BYTES,
    MAX_GROUP_DEPTH,
    MAX_STORED,
    MAX_STORED_RATIO,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from convcost.read.keras.serial.stored import Tree

#: Bytes of an array that are never too many.
_SMALL = 64 * 2**20
_BY_WIDTH = {1: "uint8", 2: "int16", 4: "int32", 8: "int64"}
#: What h5py raises on damaged files, and NumPy on what it reads from them.
_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, AttributeError,
           IndexError, MemoryError)  # fmt: skip


class File:
    """An HDF5 file that is opened when something of it is asked for.

    Args:
        opener: gives it as a binary file.
        where: its name for messages.
    """

    def __init__(self, opener: Callable[[], BinaryIO], where: str) -> None:
        self._opener = opener
        self.where = where
        self._heaps_checked = False

    @contextmanager
    def open(self) -> Iterator[Any]:
        """h5py's identifier of the root group.

        Identifiers stand for groups and arrays here: h5py's objects ask the library for more, and
        take several times as long.

        Raises:
            SourceError: the file is damaged.
            MissingFramework: h5py is not installed.
        """
        try:
            import h5py  # type: ignore[import-untyped]
        except ImportError:
            raise MissingFramework(
                f"{self.where}: HDF5 files are read with h5py, which is not installed",
                hint="pip install h5py",
            ) from None
        with self._opener() as binary:
            try:
                with h5py.File(binary, "r") as root:
                    yield root["/"].id
            except SourceError as error:
                if not error.message.startswith(self.where):
                    error.message = f"{self.where}: {error.message}"
                raise
            except _DAMAGE as error:
                raise SourceError(
                    f"{self.where}: is a damaged HDF5 file: {str(error) or type(error).__name__}",
                    hint="copy or download it again; its size should equal the original's",
                ) from None

    def attribute(self, item: Any, name: str) -> Any:
        """An attribute of bounded size; None where there is none.

        Raises:
            LimitError: it is too large.
        """
        import h5py

        if not has_attribute(item, name):
            return None
        handle = h5py.h5a.open(item, name.encode())
        if prod(handle.shape) * handle.dtype.itemsize > MAX_ATTRIBUTE_BYTES:
            raise LimitError(
                f"the attribute '{name}' is larger than {MAX_ATTRIBUTE_BYTES // 2**20} MiB, "
                "the limit"
            )
        if handle.dtype.kind == "O" and not self._heaps_checked:
            with self._opener() as binary:
                check_heaps(binary)
            self._heaps_checked = True
        return h5py.HLObject(item).attrs[name]

    def text(self, group: Any, name: str) -> bytes | None:
        """An attribute that is one text.

        Raises:
            SourceError: it is something else.
        """
        value = self.attribute(group, name)
        if value is None:
            return None
        if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
            value = value.item()
        if isinstance(value, str):
            return value.encode("utf-8", "surrogatepass")
        if not isinstance(value, bytes):
            raise SourceError(f"the attribute '{name}' is no text")
        return value

    def names(self, group: Any, name: str) -> list[str]:
        """An attribute that is a list of names; long ones are split: ``name0``, ``name1`` ...

        Raises:
            LimitError: there are too many.
        """
        parts = [self.attribute(group, name)]
        while parts[0] is None and has_attribute(group, f"{name}{len(parts) - 1}"):
            parts.append(self.attribute(group, f"{name}{len(parts) - 1}"))
        items = [item for part in parts if part is not None for item in list(part)]
        if len(items) > MAX_STORED:
            raise LimitError(
                f"the attribute '{name}' has {len(items):,} names; at most {MAX_STORED:,}"
            )
        return [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in items]

    def _dtype(self, array: Any, dtype: Any) -> str:
        """The dtype by its common name; of an unknown one, that of an integer of its width."""
        # NumPy has no bfloat16: Keras 3 stores two bytes, in .keras files with a remark
        if dtype.itemsize == 2 and (
            dtype.kind == "V" or self.attribute(array, "dtype") in ("bfloat16", b"bfloat16")
        ):
            return "bfloat16"
        name = _name(dtype)
        return name if name in DTYPE_BYTES else _BY_WIDTH.get(dtype.itemsize, "uint8")

    def tree(self, root: Any) -> Tree:
        """The arrays in a group and in those below it."""
        return _Listing(self).tree(root)

    def stored(self, array: Any, path: str, name: str) -> Stored:
        """The entry of one array, without its values.

        Args:
            array: h5py's identifier of it.
            path: where it is.
            name: what the entry calls it.

        Raises:
            SourceError: the array lies in another file.
            LimitError: it is declared far larger than it is.
        """
        # an array that begins somewhere in this file is in no other
        if array.get_offset() is None and _is_elsewhere(array):
            raise SourceError(f"the array {path!r:.80} refers to another file; it is not followed")
        shape, numbers = array.shape, array.dtype
        size = prod(shape) * numbers.itemsize
        if size > _SMALL and size > MAX_STORED_RATIO * max(array.get_storage_size(), 1):
            packed = array.get_storage_size()
            raise LimitError(
                f"the array {path!r:.80} declares {size:,} bytes, but stores {packed:,}"
            )
        dtype = self._dtype(array, numbers)
        return Stored(name, shape, dtype, lambda: self._load(path, dtype))

    def _load(self, path: str, dtype: str) -> Any:
        import h5py
        import numpy as np

        with self.open() as root:
            values = np.asarray(h5py.Group(root)[path])
        if dtype == "bfloat16":
            # the upper half of a float32's bits
            return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        return values


@cache
def _name(dtype: Any) -> str:
    """NumPy's name of a dtype, which it puts together anew each time."""
    return str(dtype.name)


def has_attribute(item: Any, name: str) -> bool:
    """Whether a group or array has an attribute of that name."""
    from h5py import h5a

    return bool(h5a.exists(item, name.encode()))


def is_array(item: Any) -> bool:
    """Whether an identifier is an array's."""
    from h5py import h5d

    return isinstance(item, h5d.DatasetID)


def member(group: Any, path: str) -> Any:
    """What a group holds under a path, through hard links only; None where there is nothing."""
    from h5py import h5g, h5l, h5o

    found = group
    for part in path.encode("utf-8", "surrogateescape").split(b"/"):
        if not isinstance(found, h5g.GroupID) or not part or not found.links.exists(part):
            return None
        if found.links.get_info(part).type != h5l.TYPE_HARD:
            return None
        found = h5o.open(found, part)
    return found


def _is_elsewhere(array: Any) -> bool:
    """Whether an array lies in other files, or is put together from them."""
    from h5py import h5d

    layout = array.get_create_plist()
    return bool(layout.get_layout() == h5d.VIRTUAL or layout.get_external_count() > 0)


class _Listing:
    """One walk over the arrays of a file, by h5py's identifiers."""

    def __init__(self, file: File) -> None:
        import h5py

        self._file = file
        self._library = h5py
        self._count = 0

    def tree(self, root: Any) -> Tree:
        """What a group holds, and what is below it."""
        return self._group(root, b"", self._links(root, b"."), "", 0)

    def _group(self, base: Any, inside: bytes, links: list[bytes], path: str, depth: int) -> Tree:
        """What a group holds.

        Args:
            base: an open group, this one or one above it.
            inside: the way from there; ends in a slash.
            links: names of what it holds.
            path: of the group in the file.
            depth: groups above it.
        """
        if depth > MAX_GROUP_DEPTH:
            raise LimitError(f"its groups are nested more than {MAX_GROUP_DEPTH} deep")
        found: dict[str, Any] = {}
        for link in links:
            at, name = inside + link, link.decode("utf-8", "surrogateescape")
            below = f"{path}/{name}"
            # Keras numbers arrays and names groups: groups are listed without being opened
            held = None if link.isdigit() else self._held(base, at)
            if held is not None:
                found[name] = self._group(base, at + b"/", held, below, depth + 1)
                continue
            item = self._library.h5o.open(base, at)
            if isinstance(item, self._library.h5g.GroupID):
                found[name] = self._group(item, b"", self._links(item, b"."), below, depth + 1)
            elif isinstance(item, self._library.h5d.DatasetID):
                found[name] = self._file.stored(item, below, below[1:])
        return found

    def _held(self, base: Any, at: bytes) -> list[bytes] | None:
        """The names of what a group holds; None where it is none, or is damaged."""
        count = self._count
        try:
            return self._links(base, at)
        except _DAMAGE:
            self._count = count
            return None

    def _links(self, base: Any, at: bytes) -> list[bytes]:
        """The names of what a group itself holds; other links may lead to other files."""
        hard: list[bytes] = []
        own = self._library.h5l.TYPE_HARD

        def take(name: bytes, info: Any) -> None:
            self._count += 1
            if self._count > MAX_STORED:
                raise LimitError(f"it holds more than {MAX_STORED:,} arrays and groups")
            if info.type == own:
                hard.append(name)

        base.links.iterate(take, obj_name=at, info=True)
        return hard
