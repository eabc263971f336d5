"""Windows and kernels as frameworks that have channels first want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.window import Window
from convcost.write.layout import channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.tensor import Tensor


def in_order(tensor: Tensor, windows: Sequence[Window]) -> list[Window]:
    """The windows as the axes of a channels-first tensor come.

    Raises:
        NetworkError: an axis has no window.
    """
    by_axis = {window.axis: window for window in windows}
    axes = [tensor.names[place] for place in channels_first(tensor)[2:]]
    if set(axes) != set(by_axis):
        raise NetworkError(f"windows over {', '.join(by_axis)}; the input has {tensor}")
    return [by_axis[str(axis)] for axis in axes]


def over_all_axes(tensor: Tensor, windows: Sequence[Window]) -> list[Window]:
    """As `in_order`; axes without a window have one of a single value."""
    covered = {window.axis for window in windows}
    axes = [str(tensor.names[place]) for place in channels_first(tensor)[2:]]
    return in_order(tensor, [*windows, *(Window(a, 1) for a in axes if a not in covered)])


def pads(tensor: Tensor, windows: Sequence[Window]) -> list[tuple[int, int]]:
    """Padding before and after each axis.

    Raises:
        NetworkError: a size is open.
    """
    amounts = [w.pads(number(tensor.size(w.axis), w.axis)) for w in windows]
    return [(number(a, "padding"), number(b, "padding")) for a, b in amounts]


def _taps(tensor: Tensor, windows: Sequence[Window]) -> list[int]:
    """Places of the taps in an op's kernel in the order of the channels-first axes."""
    given = [w.axis for w in windows]
    return [given.index(w.axis) for w in in_order(tensor, windows)]


def filters_first(kernel: Any, tensor: Tensor, windows: Sequence[Window]) -> Any:
    """(taps ..., channels, filters) as (filters, channels, taps ...).

    Args:
        kernel: of an op with these windows, which its taps follow.
        tensor: the input, whose channels-first order they take.
        windows: the op's.
    """
    return kernel.transpose([kernel.ndim - 1, kernel.ndim - 2, *_taps(tensor, windows)])


def depthwise_filters(kernel: Any, tensor: Tensor, windows: Sequence[Window]) -> Any:
    """(taps ..., channels, multiplier) as (channels * multiplier, 1, taps ...); as above."""
    turned = kernel.transpose([kernel.ndim - 2, kernel.ndim - 1, *_taps(tensor, windows)])
    return turned.reshape(-1, 1, *turned.shape[2:])


def cuts(window: Window, tensor: Tensor, output: Tensor) -> tuple[int, int]:
    """How much a transposed convolution of the tensor cuts off its outputs before and after.

    Below zero after, where outputs are added.

    Raises:
        NetworkError: a size is open.
    """
    size, result = (number(each.size(window.axis), window.axis) for each in (tensor, output))
    stride, extent = number(window.stride, "stride"), number(window.extent, "kernel")
    full = stride * (size - 1) + extent
    if isinstance(window.padding, tuple):
        before = number(window.padding[0], "padding")
    elif window.padding == "same":
        # the convolution that it transposes pads the smaller half before
        before = number(window.pads(result)[0], "padding")
    else:
        before = 0
    return before, full - result - before


def addable(window: Window) -> int:
    """Fewer outputs than this can be added behind those of a transposed convolution."""
    return max(number(window.stride, "stride"), number(window.dilation, "dilation"))
