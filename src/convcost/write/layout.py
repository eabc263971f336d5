"""How tensors lie in memory where a framework's convolutions want channels first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.tensor import SPATIAL_AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor

#: Of Keras 3's `keras.activations.leaky_relu`; PyTorch's and ONNX's is 0.01.
KERAS_SLOPE = 0.2


def plain_order(tensor: Tensor) -> tuple[int, ...]:
    """The network's own order."""
    return tuple(range(len(tensor.axes)))


def channels_first(tensor: Tensor) -> tuple[int, ...]:
    """The positions of the batch, the channels, and the axes that a window can slide over.

    Raises:
        NetworkError: there are others, or no channels.

    >>> from convcost.network.tensor import Tensor
    >>> channels_first(Tensor.of(batch=1, height=8, width=8, channel=3))
    (0, 3, 1, 2)
    """
    names = tensor.names
    if "channel" not in names or not set(names) - {"channel", *SPATIAL_AXES} <= {"batch"}:
        raise NetworkError(f"{tensor} has other axes than a batch, channels and positions")
    if "batch" not in names:
        raise NetworkError(f"{tensor} has no batch axis, which convolutions need")
    rest = [place for place, name in enumerate(names) if name not in {"batch", "channel"}]
    return (names.index("batch"), names.index("channel"), *rest)


def last_places(tensor: Tensor, names: Sequence[str] | None) -> tuple[int, ...]:
    """The places of the named axes in the tensor's order; without names that of its last one.

    By place, since axes without names may be equal.
    """
    if names is None:
        return (len(tensor.axes) - 1,)
    return tuple(place for place, name in enumerate(tensor.names) if name in names)


def sizes_of(sizes: Sequence[Dim], what: str) -> list[int]:
    """Sizes as numbers for a Reshape, of which one may depend on the batch: -1.

    Raises:
        NetworkError: more than one does.
    """
    numbers = [size if isinstance(size, int) else -1 for size in sizes]
    if numbers.count(-1) > 1:
        raise NetworkError(f"{what} needs several sizes that are not known: {tuple(sizes)}",
                           hint="give the batch and all open sizes")  # fmt: skip
    return numbers
