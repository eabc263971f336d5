"""The numbers of a network's parameters: the source's, or random ones of sensible size."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.network.parameter import Weight

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network
    from convcost.network.parameter import Parameter
    from convcost.ops.constant import Constant


class Values:
    """Loads or makes the numbers of parameters, each once.

    Args:
        network: with its sizes known, as far as parameters have them.
        seed: of what is made: the same network and seed give the same numbers.
    """

    def __init__(self, network: Network, seed: int = 0) -> None:
        self._network = network
        self._seed = seed
        self._made: dict[str, Any] = {}

    def of(self, layer: Layer) -> dict[str, Any]:
        """The numbers of a layer's parameters by the names that its op gives them.

        Raises:
            NetworkError: a size is open, or the stored numbers have another shape.
        """
        weights = layer.op.weights(*self._network.call(layer).inputs)
        parameters = [self._network.table[id_] for id_ in layer.parameters]
        if len(weights) != len(parameters):
            raise NetworkError(f"{len(parameters)} parameters; expected {len(weights)}")
        return {
            weight.name: self._numbers(weight, parameter)
            for weight, parameter in zip(weights, parameters, strict=True)
        }

    def unused(self, parameter: Parameter) -> Any:
        """The numbers of a parameter that no layer uses; errors as `of`."""
        return self._numbers(Weight(parameter.id, parameter.shape), parameter)

    def _numbers(self, weight: Weight, parameter: Parameter) -> Any:
        shape = tuple(weight.shape)
        if parameter.id not in self._made:
            self._made[parameter.id] = self._loaded(weight, shape, parameter)
        array = self._made[parameter.id]
        # tied: what one layer looks up in, the other multiplies with
        array = array.T if array.ndim == 2 and array.shape == shape[::-1] != shape else array
        if array.shape != shape:
            raise NetworkError(f"'{parameter.id}' holds {array.shape}; expected {shape}")
        return array

    def _loaded(self, weight: Weight, shape: tuple[Dim, ...], parameter: Parameter) -> Any:
        for size in shape:
            number(size, f"a size of '{parameter.id}'")
        load = parameter.values
        array = _random(weight.name, shape, self._state(parameter)) if load is None else load()
        if array.size != math.prod(shape):
            raise NetworkError(f"'{parameter.id}' holds {array.shape}; expected {shape}")
        return array.reshape(shape).astype(_storable(parameter.dtype))

    def _state(self, parameter: Parameter) -> Any:
        import numpy as np

        return np.random.default_rng([self._seed, zlib.crc32(parameter.id.encode())])


def constant_numbers(op: Constant, *, exact: bool) -> Any:
    """The numbers of a plain constant.

    Args:
        op: that is no parameter.
        exact: False where ones, or zeros for what is no fraction, do for what is not kept.

    Raises:
        NetworkError: the network does not keep them, or they are of another shape.
    """
    import numpy as np

    tensor = op.tensor
    shape, dtype = [number(size, "a size") for size in tensor.shape], _storable(tensor.dtype)
    if op.values is None:
        if exact:
            raise NetworkError("a constant: the network does not keep what stored tensors hold")
        return np.full(shape, int(tensor.floating), dtype)
    array = op.values()
    if array.size != math.prod(shape):
        raise NetworkError(f"it holds {array.shape}; expected {tuple(shape)}")
    return array.reshape(shape).astype(dtype)


def _storable(dtype: str) -> str:
    """NumPy has no brain floats."""
    return "float32" if dtype == "bfloat16" else dtype


def around_one(name: str) -> bool:
    """Whether a weight of that name multiplies, or divides, what is normalised."""
    last = name.rpartition("/")[2]
    return "variance" in last or last in {"gamma", "scale"}


def _random(name: str, shape: tuple[Any, ...], state: Any) -> Any:
    """Numbers that keep activations of the size of the inputs.

    Kernels: He et al., "Delving Deep into Rectifiers" (2015): variance 2 / fan in. Scales and
    variances lie around one, all other vectors around zero.
    """
    if around_one(name):
        return state.uniform(0.75, 1.25, shape)
    if len(shape) < 2:
        return state.standard_normal(shape, "float32") * 0.1
    fan_in = math.prod(shape) // shape[-1]
    return state.standard_normal(shape, "float32") * math.sqrt(2 / max(fan_in, 1))
