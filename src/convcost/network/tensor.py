"""Tensors: sizes in the source's own order, each axis with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError, unknown_name
from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, product
from convcost.network.once import once

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Axes that a window can slide over, outermost first.
SPATIAL_AXES = ("depth", "height", "width", "time")

DTYPE_BYTES: Mapping[str, int] = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "complex32": 4,
    "complex64": 8,
    "complex128": 16,
}


def dtype_bytes(dtype: str) -> int:
    """Bytes of one element.

    Raises:
        UsageError: the dtype is not known.
    """
    try:
        return DTYPE_BYTES[dtype]
    except KeyError:
        raise unknown_name("dtype", dtype, DTYPE_BYTES) from None


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its meaning (batch, channel, height, width, depth, time, feature, ...) and size."""

    name: str | None
    size: Dim


@dataclass(frozen=True)  # without slots: what follows from the sizes is asked for again and again
class Tensor:
    """Axes in the source's own order. Nothing is ever transposed on reading.

    >>> image = Tensor.of(batch=32, height=28, width=28, channel=1)
    >>> image.size("channel"), image.elements, image.bytes
    (1, 25088, 100352)
    """

    axes: tuple[Axis, ...]
    dtype: str = "float32"

    @classmethod
    def of(cls, *, dtype: str = "float32", **axes: Dim) -> Tensor:
        """A tensor from its axes in order: ``Tensor.of(batch=N, height=32, channel=3)``."""
        return cls(tuple(Axis(name, size) for name, size in axes.items()), dtype)

    @property
    def shape(self) -> tuple[Dim, ...]:
        """Sizes in order."""
        return tuple([axis.size for axis in self.axes])

    @property
    def names(self) -> tuple[str | None, ...]:
        """Axis names in order."""
        return tuple([axis.name for axis in self.axes])

    @once
    def elements(self) -> Dim:
        """Number of elements."""
        return product([axis.size for axis in self.axes])

    @once
    def bytes(self) -> Dim:
        """Size in memory."""
        return self.elements * dtype_bytes(self.dtype)

    @property
    def floating(self) -> bool:
        """Whether the elements are real or complex numbers: only these have gradients."""
        return self.dtype.startswith(("float", "bfloat", "complex"))

    def has(self, name: str) -> bool:
        """Whether an axis of that name exists."""
        return any(axis.name == name for axis in self.axes)

    def size(self, name: str) -> Dim:
        """The size of a named axis.

        Raises:
            NetworkError: there is no such axis.
        """
        for axis in self.axes:
            if axis.name == name:
                return axis.size
        raise NetworkError(f"a tensor {self} has no axis '{name}'")

    def resized(self, **sizes: Dim) -> Tensor:
        """The same axes with some sizes replaced."""
        for name in sizes:
            self.size(name)
        axes = [Axis(a.name, sizes[a.name]) if a.name in sizes else a for a in self.axes]
        return Tensor(tuple(axes), self.dtype)

    def __str__(self) -> str:
        axes = (f"{axis.name or '?'}={axis.size}" for axis in self.axes)
        return f"({', '.join(axes)})"
