"""HDF5 files as far as Keras's need: attributes, and arrays that are loaded when asked for.

An HDF5 file may point at other files, hold loops of groups, and declare arrays larger than itself;
such parts are refused.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, MissingFramework, SourceError
from convcost.network.tensor import DTYPE_BYTES
from convcost.read.hdf5_heaps import check_heaps
from convcost.read.keras_config import Stored
from convcost.read.limits import (
    MAX_ATTRIBUTE_BYTES,
    MAX_GROUP_DEPTH,
    MAX_STORED,
    MAX_STORED_RATIO,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from convcost.read.keras_stored import Tree

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
        """The root group.

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
                    yield root
            except SourceError as error:
                if not error.message.startswith(self.where):
                    error.message = f"{self.where}: {error.message}"
                raise
            except _DAMAGE as error:
                raise SourceError(
                    f"{self.where}: is a damaged HDF5 file: {str(error) or type(error).__name__}",
                    hint="copy or download it again; its size should equal the original's",
                ) from None

    def attribute(self, group: Any, name: str) -> Any:
        """An attribute of bounded size; None where there is none.

        Raises:
            LimitError: it is too large.
        """
        if name not in group.attrs:
            return None
        handle = group.attrs.get_id(name)
        if prod(handle.shape) * handle.dtype.itemsize > MAX_ATTRIBUTE_BYTES:
            raise LimitError(
                f"the attribute '{name}' is larger than {MAX_ATTRIBUTE_BYTES // 2**20} MiB, "
                "the limit"
            )
        if handle.dtype.kind == "O" and not self._heaps_checked:
            with self._opener() as binary:
                check_heaps(binary)
            self._heaps_checked = True
        return group.attrs[name]

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
        while parts[0] is None and f"{name}{len(parts) - 1}" in group.attrs:
            parts.append(self.attribute(group, f"{name}{len(parts) - 1}"))
        items = [item for part in parts if part is not None for item in list(part)]
        if len(items) > MAX_STORED:
            raise LimitError(
                f"the attribute '{name}' has {len(items):,} names; at most {MAX_STORED:,}"
            )
        return [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in items]

    def _dtype(self, array: Any) -> str:
        """The dtype by its common name; of an unknown one, that of an integer of its width."""
        # NumPy has no bfloat16: Keras 3 stores two bytes, in .keras files with a remark
        unnamed = array.dtype.kind == "V" and array.dtype.itemsize == 2
        if unnamed or self.attribute(array, "dtype") in ("bfloat16", b"bfloat16"):
            return "bfloat16"
        name = str(array.dtype.name)
        return name if name in DTYPE_BYTES else _BY_WIDTH.get(array.dtype.itemsize, "uint8")

    def tree(self, root: Any) -> Tree:
        """The arrays in a group and in those below it."""
        return _Listing(self).group(root, "", 0)

    def stored(self, array: Any, path: str, name: str) -> Stored:
        """The entry of one array, without its values.

        Raises:
            SourceError: the array lies in another file, or is declared far larger than it is.
        """
        if getattr(array, "external", None) or array.is_virtual:
            raise SourceError(f"the array {path!r:.80} refers to another file; it is not followed")
        packed = array.id.get_storage_size()
        if array.nbytes > 64 * 2**20 and array.nbytes > MAX_STORED_RATIO * max(packed, 1):
            raise LimitError(
                f"the array {path!r:.80} declares {array.nbytes:,} bytes, but stores {packed:,}"
            )
        dtype = self._dtype(array)
        return Stored(name, tuple(array.shape), dtype, lambda: self._load(path, dtype))

    def _load(self, path: str, dtype: str) -> Any:
        import numpy as np

        with self.open() as root:
            values = np.asarray(root[path])
        if dtype == "bfloat16":
            # the upper half of a float32's bits
            return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        return values


def member(group: Any, path: str) -> Any:
    """What a group holds under a path, through hard links only; None where there is nothing."""
    import h5py

    found = group
    for part in path.split("/"):
        if not isinstance(found, h5py.Group) or not part:
            return None
        link = found.get(part, getlink=True)
        if link is None or not isinstance(link, h5py.HardLink):
            return None
        found = found[part]
    return found


class _Listing:
    """One walk over the arrays of a file."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._count = 0

    def group(self, group: Any, path: str, depth: int) -> Tree:
        import h5py

        if depth > MAX_GROUP_DEPTH:
            raise LimitError(f"its groups are nested more than {MAX_GROUP_DEPTH} deep")
        found: dict[str, Any] = {}
        for name in group:
            self._count += 1
            if self._count > MAX_STORED:
                raise LimitError(f"it holds more than {MAX_STORED:,} arrays and groups")
            item = member(group, name)
            below = f"{path}/{name}"
            if isinstance(item, h5py.Group):
                found[name] = self.group(item, below, depth + 1)
            elif isinstance(item, h5py.Dataset):
                found[name] = self._file.stored(item, below, below.lstrip("/"))
        return found
