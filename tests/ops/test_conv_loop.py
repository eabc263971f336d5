"""Convolutions against a literal loop that counts its own multiplications (seed 004's conv2d)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.count import Workload, count
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Axis, Tensor
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.window import AXES, window

if TYPE_CHECKING:
    from convcost.count import LayerCount
    from convcost.network.op import Op


@dataclass(frozen=True)
class Case:
    """One convolution as plain numbers, one entry per window axis."""

    batch: int
    sizes: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[Any, ...]
    groups: int
    channels: int
    filters: int
    channels_first: bool = False


@dataclass(frozen=True)
class Loop:
    """What the loop saw."""

    features: Any
    products: int
    real_products: int


def pads(size: int, extent: int, stride: int, padding: object) -> tuple[int, int]:
    """Zeros before and after, as the frameworks' documentation states them."""
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return extent - 1, 0
    if padding == "same":
        total = max((ceil(size / stride) - 1) * stride + extent - size, 0)
        return total // 2, ceil(total / 2)
    return padding


def conv_loop(image: Any, kernel: Any, case: Case) -> Loop:
    """Image (batch, positions ..., channels), kernel (taps ..., channels of a group, filters)."""
    extents = [d * (k - 1) + 1 for k, d in zip(case.kernel, case.dilation, strict=True)]
    around = [
        pads(*axis) for axis in zip(case.sizes, extents, case.stride, case.padding, strict=True)
    ]
    padded = np.pad(image, [(0, 0), *around, (0, 0)])
    real = np.pad(np.ones(image.shape, bool), [(0, 0), *around, (0, 0)])
    starts = [
        range(0, size - extent + 1, stride)
        for size, extent, stride in zip(padded.shape[1:-1], extents, case.stride, strict=True)
    ]
    batch, filters = image.shape[0], kernel.shape[-1]
    channels_of_group, filters_of_group = kernel.shape[-2], filters // case.groups
    features = np.zeros((batch, *map(len, starts), filters), dtype=np.int64)
    products = real_products = 0
    taps = list(itertools.product(*map(range, case.kernel)))
    for sample in range(batch):
        for oc in range(filters):
            first_channel = oc // filters_of_group * channels_of_group
            for position in itertools.product(*(range(len(s)) for s in starts)):
                for ic in range(channels_of_group):
                    for tap in taps:
                        there = tuple(
                            s[p] + t * d
                            for s, p, t, d in zip(starts, position, tap, case.dilation, strict=True)
                        )
                        at = (sample, *there, first_channel + ic)
                        features[(sample, *position, oc)] += padded[at] * kernel[(*tap, ic, oc)]
                        products += 1
                        real_products += int(real[at])
    return Loop(features, products, real_products)


def seed_conv2d(img: Any, kernel: Any) -> Any:
    """The post's function, word for word but for the names of unused values."""
    height, width, in_channels = img.shape
    kernel_height, kernel_width, in_channels, out_channels = kernel.shape
    out_height = height - kernel_height + 1
    out_width = width - kernel_width + 1
    feature_maps = np.zeros(shape=(out_height, out_width, out_channels))
    for oc in range(out_channels):
        for h in range(out_height):
            for w in range(out_width):
                for ic in range(in_channels):
                    patch = img[h : h + kernel_height, w : w + kernel_width, ic]
                    feature_maps[h, w, oc] += np.sum(patch * kernel[:, :, ic, oc])
    return feature_maps


def numbers(*shape: int) -> Any:
    """Any distinct numbers."""
    return np.arange(1, np.prod(shape) + 1, dtype=np.int64).reshape(shape)


def run_loop(case: Case) -> Loop:
    kernel = numbers(*case.kernel, case.channels // case.groups, case.filters)
    return conv_loop(numbers(case.batch, *case.sizes, case.channels), kernel, case)


def image(case: Case) -> Tensor:
    names = AXES[len(case.sizes)]
    positions = tuple(Axis(n, s) for n, s in zip(names, case.sizes, strict=True))
    channel = Axis("channel", case.channels)
    inner = (channel, *positions) if case.channels_first else (*positions, channel)
    return Tensor((Axis("batch", BATCH), *inner))


def windows_of(case: Case) -> Any:
    return window(case.kernel, case.stride, padding=list(case.padding), dilation=case.dilation)


def counted(case: Case, op: Op) -> LayerCount:
    b = Builder("one layer")
    b.add(op, b.add(Input(image(case))), name="conv")
    return count(b.build(), Workload(batch=case.batch)).layers[-1]


def expected_shape(case: Case, loop: Loop, filters: int) -> tuple[Any, ...]:
    positions = loop.features.shape[1:-1]
    return (BATCH, filters, *positions) if case.channels_first else (BATCH, *positions, filters)


@st.composite
def cases(draw: st.DrawFn, *, depthwise: bool = False) -> Case:
    rank = draw(st.integers(1, 3))
    largest = {1: 9, 2: 6, 3: 4}[rank]

    def each(low: int, high: int) -> tuple[int, ...]:
        return draw(st.tuples(*[st.integers(low, high)] * rank))

    explicit = st.tuples(st.integers(0, 2), st.integers(0, 2))
    padding = st.one_of(st.sampled_from(["valid", "same", "causal"]), explicit)
    groups = draw(st.integers(1, 3))
    channels = groups if depthwise else groups * draw(st.integers(1, 2))
    return Case(
        batch=draw(st.integers(1, 2)),
        sizes=each(1, largest),
        kernel=each(1, 3),
        stride=each(1, 3),
        dilation=each(1, 2),
        padding=draw(st.tuples(*[padding] * rank)),
        groups=groups,
        channels=channels,
        filters=groups * draw(st.integers(1, 2)),
        channels_first=draw(st.booleans()),
    )


def test_the_loop_is_the_posts_function() -> None:
    case = Case(1, (6, 5), (3, 2), (1, 1), (1, 1), ("valid", "valid"), 1, 3, 4)
    loop = run_loop(case)
    expected = seed_conv2d(numbers(6, 5, 3), numbers(3, 2, 3, 4))
    assert np.array_equal(loop.features[0], expected)
    assert loop.products == loop.real_products == 4 * 4 * 3 * 2 * 3 * 4


@settings(deadline=None, max_examples=120)
@given(cases())
def test_conv_counts_what_the_loop_does(case: Case) -> None:
    loop = run_loop(case)
    op = Conv(filters=case.filters, windows=windows_of(case), groups=case.groups, bias=False)
    if loop.features.size == 0:
        with pytest.raises(NetworkError, match="smaller than its window"):
            counted(case, op)
        return
    row = counted(case, op)
    assert row.forward is not None
    assert row.forward.macs == loop.products
    assert row.padding_macs == loop.products - loop.real_products
    assert row.outputs == (expected_shape(case, loop, case.filters),)
    assert row.parameters == np.prod(case.kernel) * case.channels // case.groups * case.filters


@settings(deadline=None, max_examples=60)
@given(cases(depthwise=True), st.integers(1, 3))
def test_depthwise_and_separable_count_what_the_loop_does(case: Case, filters: int) -> None:
    # a depthwise convolution is one with as many groups as channels
    loop = run_loop(case)
    multiplier = case.filters // case.channels
    depthwise = DepthwiseConv(windows=windows_of(case), multiplier=multiplier, bias=False)
    separable = SeparableConv(
        filters=filters, windows=windows_of(case), multiplier=multiplier, bias=False
    )
    if loop.features.size == 0:
        for op in (depthwise, separable):
            with pytest.raises(NetworkError, match="smaller than its window"):
                counted(case, op)
        return
    row = counted(case, depthwise)
    assert row.forward is not None
    assert row.forward.macs == loop.products
    assert row.padding_macs == loop.products - loop.real_products
    assert row.outputs == (expected_shape(case, loop, case.filters),)

    pointwise_kernel = numbers(*[1] * len(case.sizes), case.filters, filters)
    ones = (1,) * len(case.sizes)
    positions = loop.features.shape[1:-1]
    pointwise_case = Case(
        case.batch, positions, ones, ones, ones, ("valid",) * len(ones), 1, case.filters, filters
    )
    pointwise = conv_loop(loop.features, pointwise_kernel, pointwise_case)
    row = counted(case, separable)
    assert row.forward is not None
    assert row.forward.macs == loop.products + pointwise.products
    assert row.padding_macs == loop.products - loop.real_products
    assert row.outputs == (expected_shape(case, loop, filters),)


@pytest.mark.parametrize(("kernel", "sizes"), [((1, 7), (5, 9)), ((7, 1), (9, 5))])
def test_one_by_n_and_n_by_one_are_not_swapped(
    kernel: tuple[int, int], sizes: tuple[int, int]
) -> None:
    case = Case(1, sizes, kernel, (1, 1), (1, 1), ("valid", "valid"), 1, 2, 2)
    loop = run_loop(case)
    row = counted(case, Conv(filters=2, windows=windows_of(case), bias=False))
    assert row.forward is not None
    assert row.forward.macs == loop.products == 5 * 3 * 7 * 2 * 2
    assert row.outputs == (expected_shape(case, loop, 2),)

    turned = Case(1, sizes[::-1], kernel, (1, 1), (1, 1), ("valid", "valid"), 1, 2, 2)
    axis = "width" if kernel[0] == 1 else "height"
    with pytest.raises(NetworkError, match=f"{axis} = -1"):  # five do not hold seven
        counted(turned, Conv(filters=2, windows=windows_of(turned)))
