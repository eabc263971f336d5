"""Stored tensors: what they are, and a handle that loads their numbers when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.network.dataclass import dataclass
from convcost.read.limits import MAX_RANK, MAX_SIZE
from convcost.read.onnx.file.dtypes import DTYPES
from convcost.read.onnx.file.messages import TensorValue
from convcost.read.onnx.file.wire import (
    EIGHT_BYTES,
    FOUR_BYTES,
    LENGTH,
    VARINT,
    Damage,
    fields,
    key,
    signed,
    text,
    varints,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.read.onnx.file.place import Place
    from convcost.read.onnx.file.scan import Scan
    from convcost.read.onnx.file.wire import Data

_DIM, _DIMS, _TYPE, _NAME = key(1, VARINT), key(1, LENGTH), key(2, VARINT), key(8, LENGTH)
_EXTERNAL_DATA, _LOCATION = key(13, LENGTH), key(14, VARINT)
#: The fields that hold numbers: the list that each of them is part of, or raw.
NUMBERS = {
    **{key(4, kind): "float_data" for kind in (LENGTH, FOUR_BYTES)},
    **{key(5, kind): "int32_data" for kind in (LENGTH, VARINT)},
    key(6, LENGTH): "string_data",
    **{key(7, kind): "int64_data" for kind in (LENGTH, VARINT)},
    key(9, LENGTH): "raw_data",
    **{key(10, kind): "double_data" for kind in (LENGTH, EIGHT_BYTES)},
    **{key(11, kind): "uint64_data" for kind in (LENGTH, VARINT)},
}
#: Tensors of so few bytes are kept: shapes, axes and the like, which reading needs at once.
_KEPT_BYTES = 256


@dataclass(frozen=True, slots=True)
class InFileNumbers:
    """Loads the numbers of a tensor that stands in the file itself.

    Attributes:
        place: of its bytes; they themselves where they are few.
        begin: of its message in the file.
        size: of the message.
        name: of the tensor, for errors.
        dims: its shape.
        dtype: of its elements.
    """

    place: Place | bytes
    begin: int
    size: int
    name: str
    dims: tuple[int, ...]
    dtype: str

    def __call__(self) -> Any:
        """A NumPy array; ``bfloat16`` as float32, strings as objects.

        Raises:
            SourceError: the stored bytes do not fit its shape, or NumPy has no such dtype.
        """
        from convcost.read.onnx.file.numbers import array_of

        message, where = self.place, ""
        if not isinstance(message, bytes):
            where = f"{message.where}: "
            message = message.read(self.begin, self.size)
        try:
            return array_of(message, self.dims, self.dtype)
        except Damage as damage:
            raise SourceError(
                f"{where}the tensor '{self.name}' of shape {self.dims} cannot be loaded: "
                f"{damage.what}"
            ) from None


def tensor(scan: Scan, begin: int, end: int) -> TensorValue:
    """The TensorProto in these bytes.

    Raises:
        Damage: it is damaged, or above a limit.
    """
    data = scan.data
    dims: list[int] = []
    external: dict[str, str] = {}
    number, name, there, elsewhere = 0, "", False, False
    for found, at, stop in fields(data, begin, end):
        if found == _DIM:
            dims.append(at)
        elif found == _TYPE:
            number = at
        elif found in NUMBERS:
            there = True
        elif found == _NAME:
            name = text(data, at, stop)
        elif found == _DIMS:
            dims += varints(data, at, stop)
        elif found == _EXTERNAL_DATA:
            external.update([_entry(data, at, stop)])
        elif found == _LOCATION:
            elsewhere = at == 1
    scan.count("tensors", begin)
    shape = sizes(dims, begin)
    dtype = DTYPES.get(number)
    if dtype is None:
        raise Damage(begin, f"the tensor '{name:.80}' has data type {number}, which is not known")
    if elsewhere:
        load, file = scan.folder.stored(external, name, shape, dtype, begin)
        return TensorValue(name, shape, dtype, load, file)
    if not there and 0 not in shape:
        return TensorValue(name, shape, dtype)
    few = end - begin <= _KEPT_BYTES
    place = data[begin:end] if few else scan.place
    return TensorValue(
        name, shape, dtype, InFileNumbers(place, begin, end - begin, name, shape, dtype)
    )


def sizes(dims: list[int], at: int) -> tuple[int, ...]:
    """A shape from unsigned numbers.

    Raises:
        Damage: a size is negative, or there are too many or too large ones.
    """
    if len(dims) > MAX_RANK:
        raise Damage(at, f"a tensor of {len(dims):,} axes; at most {MAX_RANK} are read", LimitError)
    for size in dims:
        if size > MAX_SIZE:
            if signed(size) < 0:
                raise Damage(at, f"a tensor with the negative size {signed(size)}")
            raise Damage(at, f"a size of {size:,}; at most {MAX_SIZE:,} is read", LimitError)
    return tuple(dims)


def _entry(data: Data, begin: int, end: int) -> tuple[str, str]:
    """A StringStringEntryProto."""
    first = second = ""
    for found, at, stop in fields(data, begin, end):
        if found == key(1, LENGTH):
            first = text(data, at, stop)
        elif found == key(2, LENGTH):
            second = text(data, at, stop)
    return first, second


def number_fields(message: bytes) -> Iterator[tuple[str, int, int, int]]:
    """Those fields of a tensor that hold numbers: list, how it is stored, begin or value, end."""
    for found, at, stop in fields(message, 0, len(message)):
        if found in NUMBERS:
            yield NUMBERS[found], found & 7, at, stop
