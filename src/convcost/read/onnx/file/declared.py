"""Declared types of values: ValueInfoProto and TypeProto."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.errors import LimitError
from convcost.read.limits import MAX_RANK, MAX_SIZE
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.read.onnx.file.messages import ValueInfo
from convcost.read.onnx.file.wire import LENGTH, VARINT, Damage, fields, key, signed, text

if TYPE_CHECKING:
    from convcost.read.onnx.file.scan import Scan
    from convcost.read.onnx.file.wire import Data

Dims: TypeAlias = tuple[int | str | None, ...]

_NAME, _TYPE = key(1, LENGTH), key(2, LENGTH)
#: Tensors, dense and sparse; other types (sequences, maps, optional values) are not looked into.
_TENSORS = (key(1, LENGTH), key(8, LENGTH))
_ELEMENT, _SHAPE = key(1, VARINT), key(2, LENGTH)
_DIM, _DIM_SIZE, _DIM_NAME = key(1, LENGTH), key(1, VARINT), key(2, LENGTH)


def value_info(scan: Scan, begin: int, end: int) -> ValueInfo:
    """The ValueInfoProto in these bytes.

    Raises:
        Damage: it is damaged, or above a limit.
    """
    name, dtype, dims = "", None, None
    for found, at, stop in fields(scan.data, begin, end):
        if found == _NAME:
            name = text(scan.data, at, stop)
        elif found == _TYPE:
            dtype, dims = tensor_type(scan, at, stop)
    if not name:
        raise Damage(begin, "a value without a name")
    scan.count("declared values", begin)
    return ValueInfo(name, dtype, dims)


def tensor_type(scan: Scan, begin: int, end: int) -> tuple[str | None, Dims | None]:
    """The dtype and shape in a TypeProto; None and None of what is no tensor.

    Raises:
        Damage: it is damaged, or above a limit.
    """
    known: tuple[str | None, Dims | None] | None = scan.known("type", begin, end)
    if known is not None:
        return known
    dtype, dims = None, None
    for found, at, stop in fields(scan.data, begin, end):
        if found in _TENSORS:
            dtype, dims = _tensor(scan.data, at, stop)
    scan.remember("type", begin, end, (dtype, dims))
    return dtype, dims


def _tensor(data: Data, begin: int, end: int) -> tuple[str | None, Dims | None]:
    dtype, dims = None, None
    for found, at, stop in fields(data, begin, end):
        if found == _ELEMENT:
            dtype = DTYPES.get(at)
        elif found == _SHAPE:
            dims = _shape(data, at, stop)
    return dtype, dims


def _shape(data: Data, begin: int, end: int) -> Dims:
    dims: list[int | str | None] = []
    for found, at, stop in fields(data, begin, end):
        if found == _DIM:
            if len(dims) == MAX_RANK:
                raise Damage(at, f"a shape of more than {MAX_RANK} axes, the limit", LimitError)
            dims.append(_dim(data, at, stop))
    return tuple(dims)


def _dim(data: Data, begin: int, end: int) -> int | str | None:
    """A size, its name, or None: some exporters write -1 for a size that is open."""
    size: int | str | None = None
    for found, at, stop in fields(data, begin, end):
        if found == _DIM_SIZE:
            size = signed(at) if signed(at) >= 0 else None
            if size is not None and size > MAX_SIZE:
                raise Damage(begin, f"a size of {size:,}; at most {MAX_SIZE:,} is read", LimitError)
        elif found == _DIM_NAME:
            size = text(data, at, stop) or None
    return size
