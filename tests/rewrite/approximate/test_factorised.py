"""Factorised layers: exact at full rank, with the MACs of the law, and refused where wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcost
from convcost.count.receptive_field import receptive_field
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.dims import symbol
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.window import Window, window
from convcost.rewrite.approximate.channel_svd import REWRITE as CHANNEL
from convcost.rewrite.approximate.dense_svd import REWRITE as DENSE
from convcost.rewrite.approximate.spatial_svd import REWRITE as SPATIAL
from convcost.rewrite.rewrite import Site
from convcost.rewrite.shared.layer import taps
from support.rewriting import (
    assert_same_results,
    chain,
    found,
    image,
    macs,
    numbered,
    numbers,
    parameters,
    refused,
    results,
    rewritten,
    with_numbers,
)

if TYPE_CHECKING:
    from convcost.rewrite.shared.chain import ChainRewrite

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

PADDINGS = st.sampled_from(["valid", "same", (1, 1), (0, 1), (2, 0)])
SIDE = st.integers(1, 4)


@st.composite
def convolutions(draw: st.DrawFn) -> Any:
    """One convolution with a bias, by two windows that differ in all they have."""
    windows = tuple(
        Window(axis, draw(SIDE), draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(PADDINGS))
        for axis in ("height", "width")
    )
    activation = draw(st.sampled_from(["linear", "relu", "tanh"]))
    op = Conv(filters=draw(st.integers(1, 6)), windows=windows, activation=activation,
              bias=draw(st.booleans()))  # fmt: skip
    sizes = {"height": draw(st.integers(7, 10)), "width": draw(st.integers(7, 10))}
    tensor = image(first=draw(st.booleans()), channel=draw(st.integers(1, 5)), **sizes)
    return numbered(chain(("conv", op), image=tensor), seed=draw(st.integers(0, 99)))


@settings(max_examples=40, deadline=None)
@given(convolutions(), st.sampled_from([SPATIAL, CHANNEL]))
def test_the_full_rank_is_exact(net: Any, rewrite: ChainRewrite) -> None:
    layer = net.layer("conv")
    assume(rewrite.concerns(layer.op))
    after = rewritten(rewrite, net, "conv", rewrite.most(net, layer))
    assert_same_results(after, net)
    assert after.layer("conv").outputs == layer.outputs
    assert receptive_field(after)["conv"] == receptive_field(net)["conv"]


@pytest.mark.parametrize(
    ("op", "tensor"),
    [
        (Conv(filters=6, windows=window((3,), 2, padding="causal")), image(channel=4, time=9)),
        (Conv(filters=4, windows=window((2, 3, 3), (2, 1, 2), padding="same")),
         image(channel=3, depth=5, height=6, width=7)),
        (Conv(filters=4, windows=window((1, 3, 5), padding="same")),
         image(channel=3, first=True, depth=3, height=6, width=7)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rewrite", [SPATIAL, CHANNEL])
def test_other_numbers_of_axes(rewrite: ChainRewrite, op: Conv, tensor: Tensor) -> None:
    net = numbered(chain(("conv", op), image=tensor))
    if rewrite.refusal(net, net.layer("conv")) is None:
        after = rewritten(rewrite, net, "conv", rewrite.most(net, net.layer("conv")))
        assert_same_results(after, net)


@pytest.mark.parametrize("leading", [{}, {"time": 3}])
def test_a_dense_layer_at_full_rank(leading: dict[str, int]) -> None:
    tensor = Tensor.of(batch=BATCH, **leading, feature=12)
    net = numbered(chain(("fc", Dense(units=7, activation="relu")), image=tensor))
    after = rewritten(DENSE, net, "fc", 7)
    assert_same_results(after, net)
    assert macs(after) == 7 * (12 + 7) * leading.get("time", 1)


def loops(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int, before: int,
          after: int) -> np.ndarray:  # fmt: skip
    """The post's own loop (seed 004), with padding and strides: (height, width, channel)."""
    x = np.pad(x, ((before, after), (before, after), (0, 0)))
    height, width, _, filters = kernel.shape
    rows, columns = ((size - k) // stride + 1 for size, k in
                     ((x.shape[0], height), (x.shape[1], width)))  # fmt: skip
    result = np.zeros((rows, columns, filters))
    for f in range(filters):
        for i in range(rows):
            for j in range(columns):
                patch = x[i * stride : i * stride + height, j * stride : j * stride + width]
                result[i, j, f] = np.sum(patch * kernel[..., f]) + bias[f]
    return result


@pytest.mark.parametrize(("stride", "before", "after"), [(1, 1, 1), (2, 1, 1), (2, 0, 1)])
@pytest.mark.parametrize("rewrite", [SPATIAL, CHANNEL])
def test_a_lower_rank_is_the_nearest_kernel(
    rewrite: ChainRewrite, stride: int, before: int, after: int
) -> None:
    """The rewritten layer computes a convolution with the kernel that NumPy's SVD leaves."""
    windows = window(3, stride, padding=(before, after))
    net = numbered(chain(("conv", Conv(filters=8, windows=windows)), image=image(channel=6)))
    kernel, bias = numbers(net, "conv").values()
    order = (0, 2, 1, 3) if rewrite is SPATIAL else (0, 1, 2, 3)
    rows = 18 if rewrite is SPATIAL else 54
    turned = kernel.transpose(order).astype("float64")
    u, s, v = np.linalg.svd(turned.reshape(rows, -1), full_matrices=False)
    nearest = ((u[:, :4] * s[:4]) @ v[:4]).reshape(turned.shape).transpose(order)
    (got,) = results(rewritten(rewrite, net, "conv", 4), batch=1)
    x = np.random.default_rng(5).standard_normal((1, 9, 8, 6), "float32")
    wanted = loops(x[0], nearest, bias, stride, before, after)
    assert np.abs(got[0] - wanted).max() < 1e-5 * np.abs(wanted).max()


@settings(max_examples=50, deadline=None)
@given(*[st.integers(1, 200)] * 2, st.sampled_from([3, 5, 7]), st.integers(1, 20))
def test_macs_follow_the_law(channels: int, filters: int, side: int, rank: int) -> None:
    op = Conv(filters=filters, windows=window(side, padding="same"))
    net = chain(("conv", op), image=image(channel=channels))
    spatial = min(rank, side * channels, side * filters)
    wanted = 72 * side * spatial * (channels + filters)
    assert macs(rewritten(SPATIAL, net, "conv", spatial)) == wanted
    channel = min(rank, side**2 * channels, filters)
    wanted = 72 * channel * (side**2 * channels + filters)
    assert macs(rewritten(CHANNEL, net, "conv", channel)) == wanted


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 600), st.integers(1, 600), st.sampled_from([SPATIAL, CHANNEL, DENSE]),
    st.integers(1, 2),
)  # fmt: skip
def test_sizes_save_macs_and_fill_blocks(
    channels: int, filters: int, rewrite: ChainRewrite, stride: int
) -> None:
    op = Conv(filters=filters, windows=window(3, stride, padding="same"))
    tensor = image(channel=channels)
    if rewrite is DENSE:
        op, tensor = Dense(units=filters), Tensor.of(batch=BATCH, feature=channels)
    net = chain(("layer", op), image=tensor)
    site = found(rewrite, net, "layer")
    by_rank = macs(rewritten(rewrite, net, "layer", 1))
    break_even = macs(net) / by_rank
    if not isinstance(site, Site):
        assert break_even <= 8
        return
    block = 16 if math.ceil(break_even) >= 128 else 8
    assert 1 <= len(site.sizes) <= 8
    assert list(site.sizes) == sorted(site.sizes, reverse=True)
    assert all(size % block == 0 and size < break_even for size in site.sizes)
    assert break_even - site.sizes[0] <= block
    at_stride_1 = {SPATIAL: 3 * channels * filters / (channels + filters),
                   CHANNEL: 9 * channels * filters / (9 * channels + filters),
                   DENSE: channels * filters / (channels + filters)}  # fmt: skip
    if stride == 1:
        assert break_even == pytest.approx(at_stride_1[rewrite])


def test_the_first_part_has_no_bias_and_no_activation() -> None:
    op = Conv(filters=16, windows=window(3, (2, 1), padding="same"), activation="relu")
    net = chain(("a", op), image=image(channel=16))
    after = rewritten(SPATIAL, net, "a", 8)
    first, last = after.layers[1:]
    assert (first.name, last.name) == ("a_3x1", "a")
    assert (first.op.bias, first.op.activation) == (False, "linear")
    assert (last.op.bias, last.op.activation) == (True, "relu")
    assert [[(w.kernel, w.stride) for w in x.op.windows] for x in (first, last)] \
        == [[(3, 2), (1, 1)], [(1, 1), (3, 1)]]  # fmt: skip


def test_without_numbers_the_parts_have_none() -> None:
    net = chain(("a", Conv(filters=16, windows=window(3))), image=image(channel=16))
    for rewrite in (SPATIAL, CHANNEL):
        after = rewritten(rewrite, net, "a", 8)
        assert all(parameter.values is None for parameter in after.table.values())


def test_numbers_are_of_the_old_dtype_and_frozen_layers_stay_frozen() -> None:
    net = numbered(chain(("a", Conv(filters=16, windows=window(3))), image=image(channel=16)))
    net = replace(net.with_dtype("float16"), table={
        id_: replace(p, dtype="float16", trainable=False) for id_, p in net.table.items()
    })  # fmt: skip
    after = rewritten(SPATIAL, net, "a", 8)
    assert {p.dtype for p in after.table.values()} == {"float16"}
    assert {x.dtype for layer in ("a", "a_3x1") for x in numbers(after, layer).values()} \
        == {np.dtype("float16")}  # fmt: skip
    assert not any(p.trainable for p in after.table.values())


@pytest.mark.parametrize("rewrite", [SPATIAL, CHANNEL])
def test_groups_are_refused(rewrite: ChainRewrite) -> None:
    op = Conv(filters=32, windows=window(3), groups=2)
    net = chain(("a", op), image=image(channel=32))
    assert refused(rewrite, net, "a") == "its filters read parts of the channels: 2 groups"


def test_shared_weights_are_refused_at_every_call() -> None:
    builder = Builder("twice")
    x = builder.add(Input(image(channel=32)), name="image")
    op = Conv(filters=32, windows=window(3, padding="same"))
    x = builder.add(op, x, name="a")
    builder.add(op, x, name="b", shared_with="a")
    net = builder.build()
    assert refused(SPATIAL, net, "a") == "its weights are those of 'b' too"
    assert refused(CHANNEL, net, "b") == "its weights are those of 'a' too"


def test_what_the_network_does_not_keep_is_refused() -> None:
    net = chain(("a", Conv(filters=32, windows=window(3))), image=image(channel=32))
    layers = (*net.layers[:-1], replace(net.layers[-1], unkept="a padding of reflections"))
    why = refused(SPATIAL, replace(net, layers=layers), "a")
    assert why == "a padding of reflections: the network does not keep this"


def test_whole_numbers_are_refused() -> None:
    net = chain(("a", Conv(filters=32, windows=window(3))), image=image(channel=32))
    table = {id_: replace(p, dtype="int8") for id_, p in net.table.items()}
    why = refused(CHANNEL, replace(net, table=table), "a")
    assert why == "its weights are int8, no floating-point numbers"


def test_open_sizes_are_refused() -> None:
    tensor = Tensor.of(batch=BATCH, height=symbol("H"), width=8, channel=32)
    net = chain(("a", Conv(filters=32, windows=window(3))), image=tensor)
    assert refused(SPATIAL, net, "a") == "a size is open: height = H"


def test_numbers_that_are_not_finite_name_the_layer() -> None:
    net = numbered(chain(("a", Conv(filters=16, windows=window(3))), image=image(channel=16)))
    kernel = numbers(net, "a")["kernel"] * np.inf
    after = rewritten(SPATIAL, with_numbers(net, "a", kernel=kernel), "a", 8)
    with pytest.raises(NetworkError, match="'a': its weights hold numbers that are not finite"):
        numbers(after, "a_3x1")


def test_too_narrow_layers_are_refused_with_the_numbers() -> None:
    op = Conv(filters=16, windows=window(3, padding="same"))
    net = chain(("a", op), image=image(channel=3, height=4, width=4))
    why = refused(SPATIAL, net, "a")
    assert why == "even with 8 in between it would take 7,296 MACs in place of 6,912"


def test_kernels_along_one_axis_are_no_place_for_a_spatial_factor() -> None:
    for windows in (window((1, 7)), window(1), window((7, 1))):
        net = chain(("a", Conv(filters=32, windows=windows)), image=image(channel=32))
        assert found(SPATIAL, net, "a") is None
        assert isinstance(found(CHANNEL, net, "a"), Site)
    other = chain(("a", Activation("relu")), image=image())
    assert [list(each.sites(other)) for each in (SPATIAL, CHANNEL, DENSE)] == [[], [], []]


def test_a_kernel_along_the_only_axis_is_refused() -> None:
    op = Conv(filters=32, windows=window((5,)))
    net = chain(("a", op), image=image(channel=32, time=10))
    assert refused(SPATIAL, net, "a") == "its kernel reaches along one axis only"
    assert isinstance(found(CHANNEL, net, "a"), Site)


@pytest.mark.parametrize("size", [0, -1, 97])
def test_impossible_ranks_are_refused(size: int) -> None:
    op = Conv(filters=32, windows=window(3, padding="same"))
    net = chain(("a", op), image=image(channel=64))
    site = found(SPATIAL, net, "a")
    assert isinstance(site, Site)
    with pytest.raises(UsageError, match=f"size {size}; expected 1 to 96"):
        SPATIAL.changes(net, site, size)
    largest, own = (SPATIAL.changes(net, site, given)["a"] for given in (None, site.sizes[0]))
    assert [new.op for new in largest] == [new.op for new in own]


def test_names_that_are_taken() -> None:
    op = Conv(filters=16, windows=window(3, padding="same"))
    net = chain(("a", op), ("a_3x1", op), image=image(channel=16))
    names = [layer.name for layer in rewritten(SPATIAL, net, "a", 8).layers]
    assert names == ["image", "a_3x1_2", "a", "a_3x1"]


def test_a_pasted_network_can_be_factorised_throughout() -> None:
    net = convcost.read("zoo:vgg16")
    convs = [x for x in net.layers if isinstance(x.op, Conv)]
    before = {x.name: x.op for x in convs}
    for site in list(SPATIAL.sites(net)):
        assert isinstance(site, Site)
        net = rewritten(SPATIAL, net, site.layer, site.sizes[-1])
    assert all(taps(net.layer(name).op.windows) == 3 for name in before)
    assert parameters(net) < parameters(convcost.read("zoo:vgg16"))
