"""What drawn networks are made of: the blocks of published architectures, in random sizes.

Every block takes a reference to an image and returns one; `Draw` holds the builder, the generator
of random numbers and the style of the network that is being drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.tensor import Axis
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.permute import Permute
from convcost.ops.pool import GlobalPool
from convcost.ops.reshape import Reshape
from convcost.ops.window import window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Ref
    from convcost.predict.calibration.drawing import Draw


def plain(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """One to three convolutions, one after the other."""
    kernel = draw.random.choice((1, 2, 3, 3, 3, 3, 5, 5, 7, 9, 11))
    for number in range(draw.random.randint(1, 3)):
        ref = draw.conv(ref, width, kernel, stride if number == 0 else 1)
    return ref


def residual(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Two 3x3 convolutions and an addition (ResNet-18)."""
    kernel = draw.random.choice((3, 3, 3, 5))
    inside = draw.conv(ref, width, kernel, stride)
    inside = draw.conv(inside, width, kernel, active=False)
    return _added(draw, inside, ref, stride)


def bottleneck(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """1x1, 3x3, 1x1 and an addition (ResNet-50, ResNeXt)."""
    groups = draw.random.choice((1, 1, 1, 4, 8))
    narrow = max(groups, width // draw.random.choice((2, 4)) // groups * groups)
    inside = draw.conv(ref, narrow, 1)
    inside = draw.conv(inside, narrow, 3, stride, groups=groups)
    inside = draw.conv(inside, width, 1, active=False)
    return _added(draw, inside, ref, stride)


def _added(draw: Draw, inside: Ref, ref: Ref, stride: int) -> Ref:
    if stride > 1 or draw.channels(ref) != draw.channels(inside):
        ref = draw.conv(ref, draw.channels(inside), 1, stride, active=False)
    return draw.activated(draw.add(Merge("add"), inside, ref))


def depthwise(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Depthwise and pointwise (MobileNet, Xception)."""
    kernel = draw.random.choice((3, 3, 3, 5, 7))
    ref = draw.add(
        DepthwiseConv(windows=window(kernel, stride, padding="same"), bias=draw.style.bias), ref
    )
    if draw.random.random() < 0.7:
        ref = draw.after(ref)
    return draw.conv(ref, width, 1)


def separable(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Depthwise and pointwise as one layer (Xception in Keras)."""
    kernel = draw.random.choice((3, 3, 3, 5))
    for number in range(draw.random.randint(1, 2)):
        windows = window(kernel, stride if number == 0 else 1, padding="same")
        ref = draw.add(SeparableConv(filters=width, windows=windows, bias=draw.style.bias), ref)
        ref = draw.after(ref)
    return ref


def shuffled(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Grouped 1x1, channels shuffled, depthwise, grouped 1x1 (ShuffleNet)."""
    groups = draw.random.choice((2, 3, 4, 8))
    width = max(1, width // groups) * groups
    ref = draw.conv(ref, width, 1)
    inside = draw.conv(ref, width, 1, groups=groups)
    axes = draw.builder.tensor(inside).axes
    place = next(place for place, axis in enumerate(axes) if axis.name == "channel")
    parts = (Axis(None, groups), Axis(None, width // groups))
    inside = draw.add(Reshape((*axes[1:place], *parts, *axes[place + 1 :])), inside)
    order = [*range(len(axes) + 1)]
    order[place], order[place + 1] = place + 1, place
    inside = draw.add(Permute(tuple(order)), inside)
    inside = draw.add(Reshape(axes[1:]), inside)
    windows = window(3, stride, padding="same")
    inside = draw.after(draw.add(DepthwiseConv(windows=windows, bias=False), inside), active=False)
    inside = draw.conv(inside, width, 1, groups=groups, active=False)
    return _added(draw, inside, ref, stride)


def inverted(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Widen, depthwise, narrow, add (MobileNet v2), with a gate now and then (EfficientNet)."""
    source, inner = ref, draw.channels(ref) * draw.random.choice((3, 4, 6))
    ref = draw.conv(ref, inner, 1)
    kernel = draw.random.choice((3, 3, 5))
    ref = draw.add(
        DepthwiseConv(windows=window(kernel, stride, padding="same"), bias=draw.style.bias), ref
    )
    ref = draw.after(ref)
    if draw.random.random() < 0.4:
        ref = _gated(draw, ref)
    ref = draw.conv(ref, width, 1, active=False)
    if stride == 1 and draw.channels(source) == width:
        ref = draw.add(Merge("add"), ref, source)
    return ref


def _gated(draw: Draw, ref: Ref) -> Ref:
    """Squeeze and excite: a product with one number per channel."""
    channels = draw.channels(ref)
    gate = draw.add(GlobalPool(function="average", axes=("height", "width"), keep_axes=True), ref)
    small = max(4, channels // draw.random.choice((4, 8, 16)))
    gate = draw.add(Conv(filters=small, windows=window(1)), gate)
    gate = draw.activated(gate)
    gate = draw.add(Conv(filters=channels, windows=window(1)), gate)
    return draw.add(Merge("multiply"), ref, draw.add(Activation("sigmoid"), gate))


def inception(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Branches with bottlenecks, and their concatenation (GoogLeNet, Inception v3)."""
    parts = [width // 4, width // 2, width // 8, width - width // 4 - width // 2 - width // 8]
    branches = [draw.conv(ref, max(parts[0], 1), 1, stride)]
    branches.append(
        draw.conv(draw.conv(ref, max(parts[1] // 2, 1), 1), max(parts[1], 1), 3, stride)
    )
    last = draw.conv(ref, max(parts[2] // 2, 1), 1)
    side = draw.random.choice((5, 7, 0))
    if side:
        last = draw.conv(last, max(parts[2] // 2, 1), (1, side))
        branches.append(draw.conv(last, max(parts[2], 1), (side, 1), stride))
    else:
        branches.append(draw.conv(last, max(parts[2], 1), 5, stride))
    pooled = draw.pool(ref, 3, stride, padding="same")
    branches.append(draw.conv(pooled, max(parts[3], 1), 1) if stride == 1 else pooled)
    return draw.add(Concatenate("channel"), *branches)


def fire(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Squeeze, then two kinds of kernels side by side (SqueezeNet)."""
    ref = draw.conv(ref, max(4, width // 8), 1, stride)
    half = max(1, width // 2)
    return draw.add(Concatenate("channel"), draw.conv(ref, half, 1), draw.conv(ref, half, 3))


def dense(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Every convolution reads all before it (DenseNet)."""
    growth = draw.random.choice((8, 12, 16, 24, 32))
    for _ in range(draw.random.randint(2, 4)):
        inside = draw.after(ref) if draw.style.norm == "before" else ref
        inside = draw.conv(inside, 4 * growth, 1)
        ref = draw.add(Concatenate("channel"), ref, draw.conv(inside, growth, 3))
    ref = draw.conv(ref, width, 1)
    return draw.pool(ref, 2, 2) if stride > 1 and draw.side(ref) >= 2 else ref


def asymmetric(draw: Draw, ref: Ref, width: int, stride: int) -> Ref:
    """Nx1 and 1xN."""
    side = draw.random.choice((3, 5, 7))
    ref = draw.conv(ref, width, (side, 1), stride)
    return draw.conv(ref, width, (1, side))


#: Name -> block; all keep the size of the image but for their stride, if the padding is ``same``.
BLOCKS: Mapping[str, Callable[[Draw, Ref, int, int], Ref]] = {
    "plain": plain,
    "residual": residual,
    "bottleneck": bottleneck,
    "depthwise": depthwise,
    "separable": separable,
    "shuffled": shuffled,
    "inverted": inverted,
    "inception": inception,
    "fire": fire,
    "dense": dense,
    "asymmetric": asymmetric,
}
