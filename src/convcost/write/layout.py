"""How tensors lie in memory where a framework's convolutions want channels first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import product
from convcost.network.tensor import SPATIAL_AXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


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


def spread(numbers: Any, tensor: Tensor, places: Sequence[int], order: Sequence[int]) -> Any:
    """Numbers along some axes as an array that broadcasts over a tensor.

    Args:
        numbers: an array with those axes; or one number.
        tensor: in the network's order.
        places: of the axes, ascending.
        order: in which the tensor lies.

    Raises:
        NetworkError: there are other numbers of them.

    >>> import numpy as np
    >>> from convcost.network.tensor import Tensor
    >>> spread(np.ones(3), Tensor.of(batch=1, height=8, channel=3), (2,), (0, 2, 1)).shape
    (1, 3, 1)
    """
    shape = [size if place in places else 1 for place, size in enumerate(tensor.shape)]
    if numbers.size == 1:
        shape = [1] * len(shape)
    if numbers.size != product(shape):
        raise NetworkError(f"{numbers.size} numbers for {tensor}")
    return numbers.reshape(shape).transpose(order)


def second(order: tuple[int, ...], place: int) -> tuple[int, ...]:
    """An order whose second axis is the given one; the order itself where that is so.

    Where a normalisation is along its second axis, those behind it may lie in any order.

    Raises:
        NetworkError: it is the first axis.

    >>> second((0, 1, 2, 3), 3), second((0, 3, 1, 2), 3)
    ((0, 3, 1, 2), (0, 3, 1, 2))
    """
    if place == 0:
        raise NetworkError("a normalisation along the first axis")
    if order[:2] == (0, place):
        return order
    return (0, place, *(axis for axis in range(1, len(order)) if axis != place))


def behind(order: tuple[int, ...], places: tuple[int, ...]) -> tuple[int, ...]:
    """An order that ends in the given axes; the order itself where that is so.

    >>> behind((0, 3, 1, 2), (1, 2)), behind((0, 3, 1, 2), (3,))
    ((0, 3, 1, 2), (0, 1, 2, 3))
    """
    if order[len(order) - len(places) :] == places:
        return order
    return (*(place for place in range(len(order)) if place not in places), *places)


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
