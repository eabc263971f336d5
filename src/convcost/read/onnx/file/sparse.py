"""Sparse tensors: SparseTensorProto."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.network.dataclass import dataclass
from convcost.read.limits import MAX_STORED_RATIO
from convcost.read.onnx.file.messages import TensorValue
from convcost.read.onnx.file.stored import sizes, tensor
from convcost.read.onnx.file.wire import LENGTH, VARINT, Damage, fields, key, varints

if TYPE_CHECKING:
    from convcost.read.onnx.file.scan import Scan

_VALUES, _INDICES, _DIM, _DIMS = key(1, LENGTH), key(2, LENGTH), key(3, VARINT), key(3, LENGTH)
#: Dense elements up to which the ratio to the stored ones is not looked at.
_ANY_RATIO = 2**20


def sparse_tensor(scan: Scan, begin: int, end: int) -> TensorValue:
    """The tensor that a SparseTensorProto stands for, in its dense shape.

    Raises:
        Damage: it is damaged, or above a limit.
    """
    data = scan.data
    values = indices = None
    dims: list[int] = []
    for found, at, stop in fields(data, begin, end):
        if found == _VALUES:
            values = tensor(scan, at, stop)
        elif found == _INDICES:
            indices = tensor(scan, at, stop)
        elif found == _DIM:
            dims.append(at)
        elif found == _DIMS:
            dims += varints(data, at, stop)
    if values is None or indices is None:
        raise Damage(begin, "a sparse tensor without values or indices")
    shape = sizes(dims, begin)
    there = values.load is not None and indices.load is not None
    load = Dense(values, indices, shape) if there else None
    return TensorValue(values.name, shape, values.dtype, load, values.external)


@dataclass(frozen=True, slots=True)
class Dense:
    """Loads a sparse tensor as a dense array.

    Attributes:
        values: those that are not zero.
        indices: where they are: into the flattened tensor, or one row of coordinates for each.
        dims: the dense shape.
    """

    values: TensorValue
    indices: TensorValue
    dims: tuple[int, ...]

    def __call__(self) -> Any:
        """A NumPy array.

        Raises:
            SourceError: values and indices do not fit each other or the shape.
            LimitError: the dense array would be far larger than what is stored.
        """
        import numpy as np

        elements, stored = prod(self.dims), prod(self.values.dims)
        if elements > max(_ANY_RATIO, MAX_STORED_RATIO * stored):
            raise LimitError(
                f"the sparse tensor '{self.values.name}' stores {stored:,} of {elements:,} "
                f"numbers; at most 1 to {MAX_STORED_RATIO:,} is loaded"
            )
        if self.values.load is None or self.indices.load is None:
            raise SourceError(f"the numbers of the sparse tensor '{self.values.name}' are absent")
        values, indices = self.values.load(), self.indices.load()
        dense = np.zeros(elements, values.dtype)
        try:
            flat = indices if indices.ndim == 1 else np.ravel_multi_index(indices.T, self.dims)
            if not flat.size or flat.min() >= 0:
                dense[flat.reshape(values.shape)] = values
                return dense.reshape(self.dims)
            reason = "an index is negative"
        except (IndexError, ValueError, TypeError) as error:
            reason = str(error)
        raise SourceError(f"the sparse tensor '{self.values.name}' cannot be loaded: {reason}")
