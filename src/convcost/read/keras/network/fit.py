"""Whether an op fits where a Keras model has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import applied
from convcost.network.dims import Expr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.builder import Applied
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.keras.config import TensorSpec


def check_fit(op: Op, tensors: tuple[Tensor, ...], specs: Mapping[int, TensorSpec]) -> Applied:
    """What an op gives and needs, if it fits its inputs and gives what the source states.

    Raises:
        NetworkError: it does not.
    """
    results, weights = applied(op, tensors)
    shapes = [*[tensor.shape for tensor in results], *[weight.shape for weight in weights]]
    for shape in shapes:
        for size in shape:
            if not isinstance(size, (int, Expr)):
                raise NetworkError("its arguments make sizes that are no whole numbers")
    for index, spec in specs.items():
        if index >= len(results):
            raise NetworkError(f"it has {len(results)} outputs; output {index} of it is read")
        shape = results[index].shape
        pairs = zip(shape[1:], spec.shape[1:], strict=False)
        differ = any(isinstance(a, int) and b is not None and a != b for a, b in pairs)
        if differ or len(shape) != len(spec.shape):
            stated = ", ".join(str(size) for size in spec.shape)
            raise NetworkError(f"its arguments give {results[index]}; ({stated}) is stated")
    return results, weights
