"""Images flattened in front of dense layers: where they are, and what their size decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.network.tensor import SPATIAL_AXES, Axis, Tensor
from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.ops.dense import Dense
from convcost.ops.norm import BatchNorm
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.rewrite.shared.layer import anew, macs, unfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.surgery import New


def flattened(network: Network) -> Iterator[tuple[Layer, tuple[str, ...], tuple[Layer, ...] | str]]:
    """The layers that flatten the positions of an image.

    Yields:
        The layer, the axes with more than one position, and the layers behind it whose parameters
        depend on how many values there are; or why these have to stay.
    """
    for layer in network.layers:
        if not isinstance(layer.op, Flatten):
            continue
        tensor = network.tensor(layer.inputs[0])
        _, *rest = tensor.names
        if "channel" not in rest or not set(rest) <= {"channel", *SPATIAL_AXES}:
            continue
        axes = tuple(a.name for a in tensor.axes[1:] if a.name in SPATIAL_AXES and a.size != 1)
        if axes:
            yield layer, axes, unfit(network, layer) or _readers(network, layer)


def behind(network: Network, flatten: Layer) -> dict[str, tuple[New, ...]]:
    """The layers whose parameters depend on how many values there are, to be trained anew.

    Raises:
        NetworkError: one needs the values as they are.
    """
    readers = _readers(network, flatten)
    if isinstance(readers, str):
        raise NetworkError(f"'{flatten.name}' has to pass on all its values: {readers}")
    return {reader.name: (anew(network, reader),) for reader in readers}


def _readers(network: Network, flatten: Layer) -> tuple[Layer, ...] | str:
    """Up to the next dense layers; or why the values have to stay."""
    found: list[Layer] = []
    open_ = [flatten]
    for layer in open_:
        if any(ref.layer == layer.name for ref in network.outputs):
            return f"the network returns what '{layer.name}' makes"
        for reader in map(network.layer, network.consumers[layer.name]):
            if not _follows(reader):
                return f"'{reader.name}' ({reader.op.kind}) needs the values as they are"
            why = unfit(network, reader) if reader.parameters else None
            if why is not None:
                return f"'{reader.name}' cannot take fewer values: {why}"
            found += [reader] if reader.parameters else []
            open_ += [] if isinstance(reader.op, Dense) else [reader]
    dense = any(isinstance(layer.op, Dense) for layer in found)
    return tuple(found) if dense else "no dense layer reads it"


def _follows(layer: Layer) -> bool:
    """Whether it takes any number of values."""
    match layer.op:
        case Activation(function=function):
            return function not in ROW_FUNCTIONS
        case Dense() | Dropout() | BatchNorm():
            return True
    return False


def dense_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Those of them that are products."""
    return [layer for layer in layers if isinstance(layer.op, Dense)]


def dense_macs(network: Network, layers: Sequence[Layer], features: int) -> int:
    """MACs of the dense layers if they read so many values."""
    total = 0
    for layer in dense_layers(layers):
        tensor = network.tensor(layer.inputs[0])
        axes = (*tensor.axes[:-1], Axis(tensor.axes[-1].name, features))
        total += macs(Tensor(axes, tensor.dtype), [layer.op])
    return total


def positions(tensor: Tensor) -> int:
    """Of an image whose sizes are known."""
    sizes = (axis.size for axis in tensor.axes if axis.name in SPATIAL_AXES)
    return math.prod(number(size, "positions") for size in sizes)
