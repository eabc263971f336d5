"""A convolution with its windows and with what follows it, as rewrites take it apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.ops.conv import Conv
from convcost.ops.norm import BatchNorm
from convcost.ops.prelu import PRelu
from convcost.ops.window import Window
from convcost.rewrite.shared.chain import Part
from convcost.rewrite.shared.layer import taps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network
    from convcost.network.op import Op


def convolves(op: Op) -> bool:
    """Whether it is a convolution with a kernel larger than 1x1."""
    return isinstance(op, Conv) and any(window.kernel != 1 for window in op.windows)


def spreads(op: Op) -> bool:
    """Whether it is a convolution whose kernel might be divided by its axes.

    Along two axes or more; one-dimensional ones look so, and `in_one_piece` says what they are.
    """
    if not isinstance(op, Conv):
        return False
    along = sum(window.kernel != 1 for window in op.windows)
    return along > 1 or (along == 1 and len(op.windows) == 1)


def in_one_piece(op: Conv) -> str | None:
    """Why a kernel cannot be divided by its axes; None where it can."""
    return "its kernel reaches along one axis only" if len(op.windows) == 1 else grouped(op)


def grouped(op: Conv) -> str | None:
    """Why a convolution is refused that has groups; None where it has none."""
    return None if op.groups == 1 else f"its filters read parts of the channels: {op.groups} groups"


def ones(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Windows of one value over the same axes."""
    return tuple(Window(window.axis, 1) for window in windows)


def separated(windows: Sequence[Window]) -> tuple[int, tuple[Window, ...], tuple[Window, ...]]:
    """Windows as those along the first axis with more than one tap, then those along the others.

    Stride, dilation and padding stay with their axis, so that both together read what the whole
    kernel reads, zeros of the padding included: behind a layer without a bias zeros are zeros.

    Returns:
        The place of the axis, and the two.

    >>> from convcost.ops.window import window
    >>> place, first, second = separated(window(3, (2, 1), padding="same"))
    >>> [(w.kernel, w.stride) for w in first], [(w.kernel, w.stride) for w in second]
    ([(3, 2), (1, 1)], [(1, 1), (3, 1)])
    """
    place = next(i for i, window in enumerate(windows) if window.kernel != 1)
    plain = ones(windows)
    first = (*plain[:place], windows[place], *plain[place + 1 :])
    second = (*windows[:place], plain[place], *windows[place + 1 :])
    return place, first, second


def stacked(window: Window, size: Dim, times: int) -> tuple[Window, ...]:
    """Windows of three taps behind each other that see what an odd one sees.

    Only the last moves on; padding is divided so that positions stay where they are.

    Args:
        window: of ``2 * times + 1`` taps.
        size: of the axis that it slides over.
        times: how many take its place.

    >>> [w.padding for w in stacked(Window("width", 5, 2, padding=(2, 1)), 32, 2)]
    [(1, 1), (1, 0)]
    """
    padding = window.padding
    if padding == "same" and window.stride != 1:
        padding = window.pads(size)
    small = replace(window, kernel=3, stride=1, padding=padding)
    found = [small] * times
    if isinstance(padding, tuple):
        # as long as one is left each takes the zeros that keep its size
        shares = zip(*(_shares(amount, times) for amount in padding), strict=True)
        found = [replace(small, padding=share) for share in shares]
    return (*found[:-1], replace(found[-1], stride=window.stride))


def _shares(amount: Dim, times: int) -> list[Dim]:
    """A number as a sum of almost equal ones, the larger first."""
    shares = []
    for left in range(times, 0, -1):
        shares.append(-(-amount // left))
        amount = amount - shares[-1]
    return shares


def between(network: Network, layer: Layer) -> tuple[str, tuple[Part, ...]]:
    """What goes between a convolution and another one that is put behind it.

    What follows it in the network: its own activation, or the BatchNorm and the activation that
    alone read it; ReLU where there is none, since without one the two are no more than one.

    Returns:
        The activation that the convolution computes itself, and layers behind it.
    """
    op = layer.op
    assert isinstance(op, Conv)  # noqa: S101 - for types
    if op.activation in ROW_FUNCTIONS:
        return "relu", ()
    if op.activation != "linear":
        return op.activation, ()
    found: list[Op] = []
    while len(network.consumers[layer.name]) == 1:
        layer = network.layer(network.consumers[layer.name][0])
        if _bends(layer.op):
            return "linear", _parts([*found, layer.op])
        if not isinstance(layer.op, BatchNorm):
            break
        found.append(layer.op)
    return "linear", _parts([*found, Activation("relu")])


def _bends(op: Op) -> bool:
    """Whether it is an activation by value that is not linear."""
    if isinstance(op, Activation):
        return op.function != "linear" and op.function not in ROW_FUNCTIONS
    return isinstance(op, PRelu)


def _parts(ops: Sequence[Op]) -> tuple[Part, ...]:
    return tuple(Part(name=op.kind, op=op) for op in ops)


def middle_widths(network: Network, layer: Layer) -> tuple[int, ...]:
    """Channels between two parts of a convolution: its filters, or its channels if about as many.

    From half of the filters on: fewer in between, as behind an image of three colours, would let
    little through.
    """
    op, channels = layer.op, network.tensor(layer.inputs[0]).size("channel")
    assert isinstance(op, Conv)  # noqa: S101 - for types
    assert isinstance(op.filters, int)  # noqa: S101 - an open one is refused before
    assert isinstance(channels, int)  # noqa: S101 - likewise
    chosen = {op.filters, min(channels, op.filters)}
    return tuple(sorted((x for x in chosen if 2 * x >= op.filters), reverse=True))


def most_channels(network: Network, layer: Layer) -> int:
    """The larger of a convolution's channels and filters."""
    op, channels = layer.op, network.tensor(layer.inputs[0]).size("channel")
    assert isinstance(op, Conv)  # noqa: S101 - for types
    return max(channels, op.filters)  # type: ignore[return-value, type-var]


def narrowed_by(network: Network, layer: Layer) -> str | None:
    """The 1x1 convolution in front that has fewer filters than channels; None for none."""
    while layer.inputs:
        layer = network.layer(layer.inputs[0].layer)
        if isinstance(layer.op, Conv):
            channels = network.tensor(layer.inputs[0]).size("channel")
            small = taps(layer.op.windows) == 1 and layer.op.filters < channels  # type: ignore[operator]
            return layer.name if small else None
        if not isinstance(layer.op, (BatchNorm, Activation, PRelu)):
            return None
    return None
