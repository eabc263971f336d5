"""What views see of a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.tensor import Tensor
    from convcost.ops.copy import Copy, Gather
    from convcost.ops.view import Cut, View

#: Copies that leave the values in their order.
_IN_ORDER = ("contiguous", "clone", "reshape", "view", "flatten", "_unsafe_view")


def check_view(op: View, inputs: int) -> None:
    """Refuse a view of which it is not told what it sees.

    Raises:
        NetworkError: it is one; or it sees what other layers have written.
    """
    if not op.function:
        raise NetworkError("'view' has no counterpart: the network does not keep what it sees")
    if inputs != 1:
        raise NetworkError("a view of what several layers have written to one place")
    if op.function == "slice" and len(op.cuts) != len(op.results):
        raise NetworkError(f"{len(op.cuts)} slices for {len(op.results)} results")
    if op.function != "slice" and len(op.results) != 1:
        raise NetworkError(f"a view ({op.function}) with {len(op.results)} results")


def slices(cuts: Sequence[Cut], tensor: Tensor) -> list[slice]:
    """Which values a slice takes along each axis of a tensor, in the network's order.

    Raises:
        NetworkError: that depends on the batch.

    >>> from convcost.network.tensor import Tensor
    >>> from convcost.ops.view import Cut
    >>> slices([Cut(1, 2, 4)], Tensor.of(batch=1, feature=8))
    [slice(None, None, None), slice(2, 4, 1)]
    """
    found = [slice(None)] * len(tensor.axes)
    for cut in cuts:
        stop = None if cut.stop is None else number(cut.stop, "the end of a slice")
        found[cut.position] = slice(
            number(cut.start, "the start of a slice"), stop, number(cut.step, "a step")
        )
    return found


def repeated_sizes(tensor: Tensor, result: Tensor, same: int) -> list[int]:
    """The sizes that a tensor is repeated to, aligned at its last axis.

    Args:
        tensor: whose axes of one value are repeated, or that gets axes before its own.
        result: what becomes of it.
        same: what stands for a size that is the tensor's own, where that is open.

    Raises:
        NetworkError: it is repeated for an open batch.
    """
    new = len(result.axes) - len(tensor.axes)
    found = []
    for place, size in enumerate(result.shape):
        if isinstance(size, int):
            found.append(size)
        elif place >= new and size == tensor.shape[place - new]:
            found.append(same)
        else:
            raise NetworkError("it is repeated for every sample of an open batch",
                               hint="give the batch")  # fmt: skip
    return found


def check_gather(op: Gather, inputs: int) -> int:
    """The axis that values are picked along.

    Raises:
        NetworkError: it is not kept.
    """
    if op.axis is None or inputs != 2:
        raise NetworkError("the network does not keep which values 'gather' picks")
    return op.axis


def keeps_order(op: Copy) -> bool:
    """Whether a copy leaves the values in their order, under another shape perhaps.

    Raises:
        NetworkError: it neither does so nor changes their dtype: what it does is not kept.
    """
    if op.function not in (*_IN_ORDER, "cast"):
        raise NetworkError(f"'{op.function}', a copy: the network does not keep where values go")
    return op.function != "cast"
