"""The numbers of a stored tensor as a NumPy array."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from convcost.read.onnx.file.stored import number_fields
from convcost.read.onnx.file.wire import LENGTH, VARINT, Damage

if TYPE_CHECKING:
    from collections.abc import Iterable

#: dtype -> how its elements are stored: as raw bytes, and in which list of which numbers.
_FORMS = {
    "float32": ("<f4", "float_data"), "complex64": ("<c8", "float_data"),
    "float64": ("<f8", "double_data"), "complex128": ("<c16", "double_data"),
    "int64": ("<i8", "int64_data"), "uint64": ("<u8", "uint64_data"),
    "uint32": ("<u4", "uint64_data"), "int32": ("<i4", "int32_data"),
    "int16": ("<i2", "int32_data"), "uint16": ("<u2", "int32_data"),
    "int8": ("i1", "int32_data"), "uint8": ("u1", "int32_data"), "bool": ("?", "int32_data"),
    "float16": ("<f2", "int32_data"), "bfloat16": ("<u2", "int32_data"),
    "string": ("O", "string_data"),
}  # fmt: skip
#: Lists of numbers of fixed width.
_WIDE = {"float_data": "<f4", "double_data": "<f8"}


def array_of(message: bytes, dims: tuple[int, ...], dtype: str) -> Any:
    """The numbers of a TensorProto.

    Raises:
        Damage: they do not fit the shape, or NumPy has no such dtype.
    """
    _, place = form_of(dtype)
    parts: dict[str, list[tuple[int, int, int]]] = {}
    for name, kind, at, stop in number_fields(message):
        parts.setdefault(name, []).append((kind, at, stop))
    if "raw_data" in parts:
        _, at, stop = parts["raw_data"][-1]
        return raw(memoryview(message)[at:stop], dims, dtype)
    if parts.keys() - {place}:
        raise Damage(0, f"its {dtype} numbers are in {', '.join(sorted(parts))}, not in {place}")
    found = parts.get(place, [])
    if dtype == "string":
        return _strings([message[at:stop] for _, at, stop in found], dims)
    if place in _WIDE:
        return raw(b"".join(message[at:stop] for _, at, stop in found), dims, dtype)
    return _of_varints(message, found, dims, dtype)


def form_of(dtype: str) -> tuple[str, str]:
    """NumPy's code for the stored elements of a dtype, and the list that they may be in.

    Raises:
        Damage: NumPy has none.
    """
    if dtype not in _FORMS:
        raise Damage(0, f"NumPy has no {dtype}")
    return _FORMS[dtype]


def raw(stored: bytes | memoryview, dims: tuple[int, ...], dtype: str) -> Any:
    """An array of raw bytes, the lowest byte of each number first.

    Raises:
        Damage: there are more or fewer than the shape needs.
    """
    import numpy as np

    code, place = form_of(dtype)
    if dtype == "string":
        raise Damage(0, f"strings are in raw_data, not in {place}")
    numbers = np.dtype(code)
    _require(len(stored), prod(dims) * numbers.itemsize, "bytes")
    return _shaped(np.frombuffer(stored, numbers), dims, dtype)


def _of_varints(
    message: bytes, found: Iterable[tuple[int, int, int]], dims: tuple[int, ...], dtype: str
) -> Any:
    import numpy as np

    code, _ = form_of(dtype)
    lists = [
        np.array([at], np.uint64) if kind == VARINT else _unpacked(message[at:stop])
        for kind, at, stop in found
        if kind in (VARINT, LENGTH)
    ]
    numbers = np.concatenate(lists) if lists else np.empty(0, np.uint64)
    _require(len(numbers), prod(dims), "numbers")
    if code == "<f2":
        return _shaped(numbers.astype(np.uint16).view(np.float16), dims, dtype)
    return _shaped(numbers.astype(np.dtype(code)), dims, dtype)


def _unpacked(packed: bytes) -> Any:
    """Numbers of varints, all at once."""
    import numpy as np

    stored = np.frombuffer(packed, np.uint8)
    ends = np.flatnonzero(stored < 128) + 1
    if len(stored) and (not len(ends) or ends[-1] != len(stored)):
        raise Damage(0, "its last number is cut off")
    begins = np.concatenate(([0], ends[:-1])) if len(ends) else ends
    widths = ends - begins
    if len(widths) and widths.max() > 10:
        raise Damage(0, "a number of more than 10 bytes")
    numbers = np.zeros(len(ends), np.uint64)
    for place in range(int(widths.max(initial=0))):
        there = widths > place
        bits = (stored[begins[there] + place] & 127).astype(np.uint64)
        numbers[there] |= bits << np.uint64(7 * place)
    return numbers


def _strings(found: list[bytes], dims: tuple[int, ...]) -> Any:
    import numpy as np

    _require(len(found), prod(dims), "strings")
    array = np.empty(len(found), object)
    array[:] = [item.decode(errors="backslashreplace") for item in found]
    return _shaped(array, dims, "string")


def _shaped(numbers: Any, dims: tuple[int, ...], dtype: str) -> Any:
    import numpy as np

    if dtype == "bfloat16":
        numbers = (numbers.astype(np.uint32) << np.uint32(16)).view(np.float32)
    try:
        return numbers.reshape(dims)
    except ValueError as error:
        raise Damage(0, str(error)) from None


def _require(count: int, needed: int, what: str) -> None:
    if count != needed:
        raise Damage(0, f"it has {count:,} {what}; its shape needs {needed:,}")
