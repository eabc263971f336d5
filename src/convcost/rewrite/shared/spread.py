"""Where the values of each channel are, when views show a tensor under other shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.ops.permute import Permute
from convcost.ops.reshape import Flatten, Reshape

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Spread:
    """The channels along one axis of a tensor: value i is of channel ``i // repeat % channels``.

    Attributes:
        axis: its position.
        repeat: how many values of one channel lie side by side.
        channels: how many channels there are.
    """

    axis: int
    repeat: int
    channels: int

    @classmethod
    def along(cls, tensor: Tensor, axis: str) -> Spread:
        """A value per channel along a named axis."""
        return cls(tensor.names.index(axis), 1, number(tensor.size(axis), axis))

    def of(self, vector: Any, size: int) -> Any:
        """A vector with a number per channel as one with a number per value of the axis.

        >>> import numpy as np
        >>> Spread(axis=1, repeat=2, channels=2).of(np.array([5, 7]), 8).tolist()
        [5, 5, 7, 7, 5, 5, 7, 7]
        """
        import numpy as np

        return vector[np.arange(size) // self.repeat % self.channels]


def seen_through(network: Network, layer: Layer, spread: Spread) -> Spread | None:
    """The channels in what a layer gives; None where it is no view that keeps them on one axis.

    Args:
        network: whose layer it is.
        layer: that reads the tensor.
        spread: of its input.
    """
    if len(layer.inputs) != 1 or layer.unkept is not None:
        return None
    tensor, result = network.tensor(layer.inputs[0]), layer.outputs[0]
    if isinstance(layer.op, Flatten | Reshape):
        return _reshaped(tensor, result, spread)
    if isinstance(layer.op, Permute):
        return Spread(layer.op.order.index(spread.axis), spread.repeat, spread.channels)
    same = not layer.op.touches_data(network.call(layer)) and tensor == result
    return spread if same and len(layer.outputs) == 1 and not _moves(layer) else None


def _moves(layer: Layer) -> bool:
    """Whether it may be a view of other places although the shape is the same."""
    return layer.op.kind == "view"


def _reshaped(tensor: Tensor, result: Tensor, spread: Spread) -> Spread | None:
    """The channels after a change of the shape that keeps the first axis.

    >>> from convcost.network.tensor import Tensor
    >>> image = Tensor.of(batch=1, channel=4, height=3, width=2)
    >>> _reshaped(image, Tensor.of(batch=1, feature=24), Spread(1, 1, 4))
    Spread(axis=1, repeat=6, channels=4)
    """
    sizes, new = (_numbers(each) for each in (tensor, result))
    if spread.axis == 0 or sizes is None or new is None:
        return None
    # one value of a channel after the other in memory, and all channels
    apart = spread.repeat * math.prod(sizes[spread.axis :])
    whole = apart * spread.channels
    step = math.prod(new)
    for place, size in enumerate(new, start=1):
        outer, step = step, step // size
        if apart % step == 0 and outer % whole == 0:
            return Spread(place, apart // step, spread.channels)
    return None


def _numbers(tensor: Tensor) -> list[int] | None:
    """The sizes behind the first axis, where all are known."""
    sizes = [axis.size for axis in tensor.axes[1:]]
    known = [size for size in sizes if isinstance(size, int)]
    return known if len(known) == len(sizes) else None
