"""Channels dropped: exact where they are zero, for every kind of layer that passes them on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.errors import NetworkError, UsageError
from convcost.network.builder import Builder
from convcost.network.dataclass import replace
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.elementwise import Elementwise
from convcost.ops.input import Input
from convcost.ops.layer_norm import LayerNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.reduce import Reduce
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.resize import Resize, Upsample
from convcost.ops.window import window
from convcost.rewrite.approximate.narrow import REWRITE as NARROW
from convcost.rewrite.retrain.fewer_channels import REWRITE as FEWER
from convcost.rewrite.rewrite import Site
from support.random_networks import networks
from support.rewriting import (
    assert_same_results,
    chain,
    found,
    image,
    macs,
    numbered,
    numbers,
    refused,
    results,
    rewritten,
    with_numbers,
)

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.rewrite.shared.narrowing import NarrowingRewrite

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

SAME = window(3, padding="same")
CONV = Conv(filters=16, windows=SAME)
END = Conv(filters=3, windows=window(3))
#: What may lie between the convolution and the layer that sums over its channels, and that layer.
BEHIND: dict[str, tuple[Op, ...]] = {
    "convolution": (END,),
    "batch norm": (BatchNorm(), Activation("relu"), END),
    "batch norm without scale": (BatchNorm(scale=False), END),
    "depthwise": (DepthwiseConv(windows=SAME), BatchNorm(), Activation("relu6"), END),
    "depthwise with two kernels each": (DepthwiseConv(windows=SAME, multiplier=2), END),
    "dense over the last axis": (Dense(units=6), END),
    "separable": (SeparableConv(filters=5, windows=SAME, multiplier=2),),
    "transposed": (ConvTranspose(filters=4, windows=window(2, 2)),),
    "flatten": (Pool(function="max", windows=window(2, 2)), Flatten(), Dense(units=3)),
    "flatten and batch norm": (Flatten(), BatchNorm(axis="feature"), Dense(units=3)),
    "global pooling": (GlobalPool(function="average", axes=("height", "width")), Dense(units=3)),
    "global pooling, axes kept":
        (GlobalPool(function="max", axes=("height", "width"), keep_axes=True), Flatten(),
         Dense(units=2)),
    "one axis pooled": (GlobalPool(function="average", axes=("width",)), Flatten(),
                        Dense(units=2)),
    "prelu": (PRelu(), END),
    "prelu, one slope per channel": (PRelu(("height", "width")), END),
    "prelu, one slope per position": (PRelu(("channel",)), END),
    "moved": (ZeroPadding((("height", 1, 0),)), Cropping((("width", 1, 1),)),
              Upsample(factors=(("height", 2),)), Resize(sizes=(("width", 5),)), Dropout(), END),
    "elementwise": (Elementwise(function="abs"), Elementwise(function="sqrt"), END),
    "padded": (ZeroPadding((("height", 2, 2), ("width", 0, 1))), END),
}  # fmt: skip
each_behind = pytest.mark.parametrize("behind", BEHIND)
each_layout = pytest.mark.parametrize("first", [False, True])
each_rewrite = pytest.mark.parametrize("rewrite", [NARROW, FEWER])


def network(*behind: Op, first: bool = False, conv: Conv = CONV) -> Network:
    named = ((f"{op.kind}_{place}", op) for place, op in enumerate(behind))
    return chain(("conv", conv), *named, image=image(first=first, channel=4, height=6, width=6))


def silenced(net: Network, channels: list[int]) -> Network:
    """The network with filters of zeros, and nothing in vectors that would make zeros non-zero."""
    net = numbered(net)
    for layer in net.layers:
        stored = numbers(net, layer.name)
        zeros = {name: array * 0 for name, array in stored.items()
                 if name in {"bias", "beta", "moving_mean"}}  # fmt: skip
        net = with_numbers(net, layer.name, **zeros)
    kernel = numbers(net, "conv")["kernel"].copy()
    kernel[..., channels] = 0
    return with_numbers(net, "conv", kernel=kernel)


def channels_of(tensor: Tensor) -> Any:
    return tensor.size("channel")


@each_layout
@each_behind
def test_dropping_filters_of_zeros_is_exact(behind: str, *, first: bool) -> None:
    net = silenced(network(*BEHIND[behind], first=first), [0, 3, 4, 9, 15])
    after = rewritten(NARROW, net, "conv", 11)
    assert channels_of(after.layer("conv").outputs[0]) == 11
    assert macs(after) < macs(net)
    assert_same_results(after, net)


@each_layout
@each_behind
def test_the_other_numbers_are_those_of_the_filters_that_stay(behind: str, *, first: bool) -> None:
    """With no vector silenced: what is dropped is what the layers behind would have read."""
    net = numbered(network(*BEHIND[behind], first=first))
    assert_same_results(rewritten(NARROW, net, "conv", 16), net)
    kernel, bias = numbers(net, "conv").values()
    norms = np.abs(kernel).sum((0, 1, 2))
    stay = sorted(sorted(range(16), key=lambda i: -norms[i])[:10])
    after = numbers(rewritten(NARROW, net, "conv", 10), "conv")
    assert np.array_equal(after["kernel"], kernel[..., stay])
    assert np.array_equal(after["bias"], bias[stay])


@pytest.mark.parametrize("first", [False, True])
def test_branches_that_are_joined(*, first: bool) -> None:
    """The channels of others stay where they are."""
    builder = Builder("inception")
    x = builder.add(Input(image(first=first, channel=4, height=6, width=6)), name="image")
    left = builder.add(Conv(filters=5, windows=SAME), x, name="left")
    conv = builder.add(CONV, x, name="conv")
    relu = builder.add(Activation("relu"), conv, name="relu")
    pool = builder.add(Pool(function="max", windows=SAME), relu, name="pool")
    x = builder.add(Concatenate("channel"), left, relu, x, pool, name="join")
    x = builder.add(BatchNorm(), x, name="bn")
    x = builder.add(Flatten(), x, name="flatten")
    builder.add(Dense(units=3), x, name="fc")
    net = builder.build()
    site = found(NARROW, net, "conv")
    assert isinstance(site, Site)
    assert site.layers == ("conv", "bn", "fc")
    net = silenced(net, [0, 2, 14])
    after = rewritten(NARROW, net, "conv", 13)
    assert channels_of(after.layer("join").outputs[0]) == 5 + 13 + 4 + 13
    assert_same_results(after, net)


@pytest.mark.parametrize("function", ["multiply", "maximum", "add"])
def test_a_sum_of_the_same_channels(function: Any) -> None:
    builder = Builder("silu")
    x = builder.add(Input(image(channel=4)), name="image")
    conv = builder.add(CONV, x, name="conv")
    pooled = builder.add(Pool(function="max", windows=SAME), conv, name="pooled")
    gate = builder.add(GlobalPool(function="max", axes=("channel",), keep_axes=True), x, name="g")
    x = builder.add(Merge(function), conv, pooled, gate, name="merge")
    builder.add(replace(END, bias=False), x, name="end")
    net = silenced(builder.build(), [5, 6])
    after = rewritten(NARROW, net, "conv", 14)
    if function == "multiply":
        assert_same_results(after, net)
    assert channels_of(after.layer("merge").outputs[0]) == 14


def test_a_softmax_along_another_axis() -> None:
    net = numbered(network(Activation("softmax", position=2), END))
    assert_same_results(rewritten(NARROW, net, "conv", 16), net)
    assert channels_of(rewritten(NARROW, net, "conv", 9).layer("activation_0").outputs[0]) == 9


def test_channels_in_another_order_of_axes() -> None:
    net = network(Permute((0, 3, 1, 2)), Reduce(function="mean", positions=(2,)), Flatten(),
                  Dense(units=2))  # fmt: skip
    site = found(NARROW, net, "conv")
    assert isinstance(site, Site)
    assert site.layers == ("conv", "dense_3")
    after = rewritten(NARROW, silenced(net, [7]), "conv", 15)
    kernel = numbers(after, "dense_3")["kernel"]
    assert kernel.shape == (15 * 6, 2)


#: What needs the channels as they are, and why.
REFUSED: dict[str, tuple[tuple[Op, ...], str]] = {
    "returned": ((Activation("relu"),), "the network returns what 'activation_0' makes"),
    "a reshape": ((Reshape(image(channel=16, height=6, width=6).axes[1:]), END),
                  "'reshape_0' (reshape) needs the channels as they are"),
    "neighbours": ((LocalResponseNorm(), END),
                   "'local_response_norm_0' (local_response_norm) needs the channels as they are"),
    "layer norm": ((LayerNorm(), END),
                   "'layer_norm_0' (layer_norm) needs the channels as they are"),
    "softmax": ((Activation("softmax"), END), "'activation_0' normalises over the channels"),
    "groups": ((Conv(filters=4, windows=SAME, groups=2),),
               "'conv_0' (conv) needs the channels as they are"),
    "padded channels": ((ZeroPadding((("channel", 0, 2),)), END),
                        "'zero_padding_0' needs the channels as they are"),
    "pooled channels": ((GlobalPool(function="max", axes=("channel",), keep_axes=True), END),
                        "'global_pool_0' needs the channels as they are"),
}  # fmt: skip


@each_rewrite
@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, rewrite: NarrowingRewrite) -> None:
    behind, why = REFUSED[case]
    assert refused(rewrite, network(*behind), "conv") == why


@each_rewrite
def test_a_residual_is_refused(rewrite: NarrowingRewrite) -> None:
    builder = Builder("residual")
    x = builder.add(Input(image(channel=16)), name="image")
    conv = builder.add(CONV, x, name="conv")
    x = builder.add(Merge("add"), conv, x, name="sum")
    builder.add(END, x, name="end")
    assert refused(rewrite, builder.build(), "conv") \
        == "'sum' joins its channels with those of other layers"  # fmt: skip


@each_rewrite
def test_a_reader_with_shared_weights_is_refused(rewrite: NarrowingRewrite) -> None:
    builder = Builder("twice")
    x = builder.add(Input(image(channel=16)), name="image")
    conv = builder.add(CONV, x, name="conv")
    end = Conv(filters=3, windows=SAME)
    builder.add(end, conv, name="a")
    builder.add(end, x, name="b", shared_with="a")
    assert refused(rewrite, builder.build(), "conv") \
        == "'a' cannot be cut: its weights are those of 'b' too"  # fmt: skip


@each_rewrite
def test_groups_and_narrow_ones_are_refused(rewrite: NarrowingRewrite) -> None:
    grouped = network(END, conv=Conv(filters=16, windows=SAME, groups=2))
    assert refused(rewrite, grouped, "conv") == "its filters read parts of the channels: 2 groups"
    thin = network(END, conv=Conv(filters=8, windows=SAME))
    why = "its 8 filters are too few to leave a whole block of 8"
    assert refused(rewrite, thin, "conv") == why
    assert isinstance(found(rewrite, network(END), "conv"), Site)


def test_sizes_are_whole_blocks() -> None:
    sizes = {}
    for filters in (9, 24, 64, 200):
        net = network(END, conv=Conv(filters=filters, windows=SAME))
        sites = [found(rewrite, net, "conv") for rewrite in (NARROW, FEWER)]
        sizes[filters] = [site.sizes if isinstance(site, Site) else None for site in sites]
    assert sizes == {
        9: [(8,), None], 24: [(16, 8), (8,)], 64: [(56, 48, 40, 32, 24, 16, 8), (32,)],
        200: [(192, 160, 128, 96, 64, 32), (96,)],
    }  # fmt: skip


def test_impossible_widths() -> None:
    net = network(END)
    site = found(NARROW, net, "conv")
    assert isinstance(site, Site)
    for size in (0, 17):
        with pytest.raises(UsageError, match=f"size {size}; expected 1 to 16"):
            NARROW.changes(net, site, size)


def test_numbers_of_some_layers_only() -> None:
    """Which channels go is not known without the convolution's numbers; a reader's are cut."""
    net = network(BatchNorm(), END)
    kept = numbered(net)
    for missing in ("conv", "conv_1"):
        table = {
            id_: replace(p, values=None) if id_ in net.layer(missing).parameters else p
            for id_, p in kept.table.items()
        }
        after = rewritten(NARROW, replace(kept, table=table), "conv", 8)
        has = {layer.name: all(after.table[i].values for i in layer.parameters)
               for layer in after.layers[1:]}  # fmt: skip
        assert has == {name: missing == "conv_1" and name != "conv_1" for name in has}


def test_half_of_the_channels_keep_no_numbers_but_untouched_layers_do() -> None:
    net = numbered(network(BatchNorm(), END, DepthwiseConv(windows=window(2))))
    after = rewritten(FEWER, net, "conv", 8)
    values = {id_: parameter.values for id_, parameter in after.table.items()}
    for name, kept in (("conv", False), ("conv_1", False), ("depthwise_conv_2", True)):
        assert {bool(values[id_]) for id_ in after.layer(name).parameters} == {kept}
    assert macs(after) == 36 * 9 * 4 * 8 + 16 * 9 * 8 * 3 + 9 * 4 * 3


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(1, 3))
def test_random_networks(net: Network, left: int) -> None:
    """All filters kept is the same network; fewer leave the shapes of the results."""
    net = numbered(net)
    sites = [x for x in _any_width().sites(net) if isinstance(x, Site)]
    for site in sites:
        same = rewritten(NARROW, net, site.layer, 4)
        assert_same_results(same, net)
        for rewrite in (NARROW, FEWER):
            less = rewritten(rewrite, net, site.layer, left)
            assert macs(less) < macs(net)
            shapes = [[after.tensor(ref).shape for ref in after.outputs] for after in (less, net)]
            assert shapes[0] == shapes[1]
    if sites:
        assert all(np.isfinite(each).all() for each in results(less))


def _any_width() -> NarrowingRewrite:
    """The rewrite for networks that are too narrow for blocks."""
    kind = type(NARROW)
    return type("AnyWidth", (kind,), {"widths": lambda _, filters: (filters,)})()


def test_what_is_no_site_is_an_error_of_the_network() -> None:
    """A caller that insists on a place that is refused gets an error, and no wrong network."""
    builder = Builder("residual")
    x = builder.add(Input(image(channel=16)), name="image")
    conv = builder.add(CONV, x, name="conv")
    builder.add(Merge("add"), conv, x, name="sum")
    why = "'conv' cannot be narrowed: 'sum' joins its channels with those of other layers"
    with pytest.raises(NetworkError, match=why):
        rewritten(FEWER, builder.build(), "conv", 8)
