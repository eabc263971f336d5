"""Windows: TensorFlow's SAME, explicit padding, taps that meet an input."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.errors import NetworkError
from convcost.network.dims import symbol, symbols
from convcost.network.tensor import Tensor
from convcost.ops.pool import Pool
from convcost.ops.window import Window, slide, window

small = st.integers(1, 12)


@settings(deadline=None)
@given(size=st.integers(1, 300), kernel=small, stride=small, dilation=st.integers(1, 4))
def test_same_is_tensorflows(size: int, kernel: int, stride: int, dilation: int) -> None:
    # "Notes on padding" in tensorflow.org/api_docs/python/tf/nn, by the remainder X mod S
    w = Window("width", kernel, stride, dilation, "same")
    extent = (kernel - 1) * dilation + 1
    total = max(extent - (stride if size % stride == 0 else size % stride), 0)
    before, after = w.pads(size)
    assert w.output(size) == len(range(0, size, stride))
    assert (before + after, after - before) == (total, total % 2)


@settings(deadline=None)
@given(size=st.integers(1, 40), kernel=small, stride=small, dilation=st.integers(1, 4))
def test_same_is_the_least_padding_for_its_output(
    size: int, kernel: int, stride: int, dilation: int
) -> None:
    w = Window("width", kernel, stride, dilation, "same")
    before, after = w.pads(size)
    explicit = Window("width", kernel, stride, dilation, (before, after))
    assert explicit.output(size) == w.output(size)
    if before + after:
        less = Window("width", kernel, stride, dilation, (before, after - 1))
        assert less.output(size) == w.output(size) - 1


paddings = st.one_of(
    st.sampled_from(["valid", "same", "causal"]), st.tuples(st.integers(0, 9), st.integers(0, 9))
)


@settings(deadline=None)
@given(
    size=st.integers(1, 20),
    kernel=small,
    stride=small,
    dilation=st.integers(1, 4),
    padding=paddings,
)
def test_taps_inside_are_those_that_a_walk_finds(
    size: int, kernel: int, stride: int, dilation: int, padding: Any
) -> None:
    w = Window("width", kernel, stride, dilation, padding)
    before, _ = w.pads(size)
    inside = sum(
        0 <= out * stride - before + tap * dilation < size
        for out in range(w.output(size))
        for tap in range(kernel)
    )
    assert w.taps_inside(size) == inside


def test_taps_inside_is_unknown_rather_than_zero() -> None:
    assert Window("width", 3).taps_inside(symbol("X")) is None
    assert Window("width", symbol("K")).taps_inside(8) is None
    assert Window("width", 100_000, padding="same").taps_inside(8) is None


def test_seed_004_formula() -> None:
    size, kernel, padding, stride = symbols("X K P S")
    output = Window("width", kernel, stride, padding=(padding, padding)).output(size)
    assert str(output) == "(X - K + 2*P)//S + 1"
    assert str(Window("width", kernel, stride, padding="same").output(size)) == "(X + S - 1)//S"


def test_window_per_axis() -> None:
    assert [w.axis for w in window((3, 3, 3))] == ["depth", "height", "width"]
    assert [w.axis for w in window((5,))] == ["time"]
    one = window((1, 7), (2, 1), padding=["valid", (3, 2)], dilation=(1, 2))
    assert one == (Window("height", 1, 2), Window("width", 7, 1, 2, (3, 2)))
    # a pair is one rule, (before, after), for every axis
    assert [w.padding for w in window(3, padding=(1, 2))] == [(1, 2), (1, 2)]


def test_window_of_the_wrong_length() -> None:
    with pytest.raises(NetworkError, match="3 sizes"):
        window((3, 3), (1, 1, 1))


@pytest.mark.parametrize("what", ["kernel", "stride", "dilation"])
@pytest.mark.parametrize("size", [0, -1])
def test_windows_below_one_are_refused(what: str, size: int) -> None:
    sizes = {"kernel": 2, "stride": 2, "dilation": 1, what: size}
    pool = Pool(function="max", windows=(Window("width", **sizes),))
    with pytest.raises(NetworkError, match=f"the {what} along width is {size}"):
        pool.outputs(Tensor.of(batch=1, width=8, channel=1))


def test_slide_needs_the_axis() -> None:
    with pytest.raises(NetworkError, match="no axis 'height'"):
        slide(window(3), Tensor.of(batch=1, width=8, channel=1))
