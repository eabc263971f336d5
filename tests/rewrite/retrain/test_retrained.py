"""Rewrites that are trained anew: MACs by the law, receptive fields, layers between, guards."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcost
from convcost.count.receptive_field import receptive_field
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.input import Input
from convcost.ops.layer_norm import LayerNorm
from convcost.ops.norm import BatchNorm
from convcost.ops.prelu import PRelu
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.window import Window, window
from convcost.rewrite.retrain.asymmetric import REWRITE as ASYMMETRIC
from convcost.rewrite.retrain.bottleneck import REWRITE as BOTTLENECK
from convcost.rewrite.retrain.depthwise_separable import REWRITE as DEPTHWISE
from convcost.rewrite.retrain.global_average_pooling import REWRITE as GAP
from convcost.rewrite.retrain.pool_before_flatten import REWRITE as POOL
from convcost.rewrite.retrain.two_3x3 import REWRITE as TWO
from convcost.rewrite.rewrite import Refused, Site
from support.rewriting import (
    chain,
    found,
    image,
    macs,
    numbered,
    parameters,
    refused,
    rewritten,
)

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.op import Op
    from convcost.rewrite.shared.chain import ChainRewrite

WIDTHS = st.sampled_from([16, 24, 32, 64, 100])


def network(op: Op, *behind: Op, channel: int = 32, first: bool = False) -> Network:
    named = ((f"{each.kind}_{place}", each) for place, each in enumerate(behind))
    tensor = image(first=first, channel=channel, height=9, width=8)
    return chain(("conv", op), *named, image=tensor)


def same(side: int, filters: int = 32, **options: str) -> Conv:
    return Conv(filters=filters, windows=window(side, padding="same"), **options)  # type: ignore[arg-type]


def kinds(net: Network) -> list[str]:
    return [layer.op.kind for layer in net.layers[1:]]


@given(WIDTHS, WIDTHS, WIDTHS, st.sampled_from([5, 7, 9]))
def test_macs_of_3x3_kernels(channels: int, filters: int, middle: int, side: int) -> None:
    net = network(same(side, filters), channel=channels)
    times = side // 2
    middle = min(middle, max(channels, filters))
    after = rewritten(TWO, net, "conv", middle)
    assert macs(after) == 72 * 9 * middle * (channels + (times - 2) * middle + filters)
    assert kinds(after) == ["conv", *["activation", "conv"] * (times - 1)]
    assert after.layer("conv").outputs == net.layer("conv").outputs


@pytest.mark.parametrize(("side", "left"), [(5, 18 / 25), (7, 27 / 49)])
def test_equal_widths_save_what_the_post_says(side: int, left: float) -> None:
    net = network(same(side))
    site = found(TWO, net, "conv")
    assert isinstance(site, Site)
    assert site.sizes == (32,)
    assert macs(rewritten(TWO, net, "conv", 32)) / macs(net) == pytest.approx(left)


@given(WIDTHS, WIDTHS, WIDTHS, st.sampled_from([3, 5, 7]))
def test_macs_of_one_axis_after_the_other(
    channels: int, filters: int, middle: int, side: int
) -> None:
    net = network(same(side, filters), channel=channels)
    middle = min(middle, max(channels, filters))
    after = rewritten(ASYMMETRIC, net, "conv", middle)
    assert macs(after) == 72 * side * middle * (channels + filters)


@given(WIDTHS, WIDTHS, st.integers(1, 16), st.sampled_from([3, 5, 7]))
def test_macs_behind_a_bottleneck(channels: int, filters: int, width: int, side: int) -> None:
    after = rewritten(BOTTLENECK, network(same(side, filters), channel=channels), "conv", width)
    assert macs(after) == 72 * width * (channels + side**2 * filters)


@given(WIDTHS, WIDTHS, st.sampled_from([3, 5]))
def test_macs_of_a_separable_convolution(channels: int, filters: int, side: int) -> None:
    net = network(same(side, filters), channel=channels)
    after = rewritten(DEPTHWISE, net, "conv")
    assert macs(after) == 72 * (side**2 * channels + channels * filters)
    assert macs(after) / macs(net) == pytest.approx(1 / filters + 1 / side**2)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    side = draw(st.sampled_from([3, 5, 7]))
    paddings = st.sampled_from(["valid", "same", (1, 2), (0, 3), (2, 2), (5, 0)])
    return tuple(
        Window(axis, side, draw(st.integers(1, 5)), draw(st.integers(1, 2)), draw(paddings))
        for axis in ("height", "width")
    )


@settings(max_examples=150, deadline=None)
@given(windows(), st.sampled_from([TWO, ASYMMETRIC, DEPTHWISE]), st.integers(7, 20),
       st.booleans())  # fmt: skip
def test_positions_and_receptive_field_stay(
    drawn: tuple[Window, ...], rewrite: ChainRewrite, size: int, first: bool
) -> None:
    tensor = image(first=first, channel=16, height=size, width=size + 3)
    try:
        net = chain(("conv", Conv(filters=16, windows=drawn)), image=tensor)
    except NetworkError:
        assume(False)  # a window larger than its input
    assume(rewrite.concerns(net.layer("conv").op))
    after = rewritten(rewrite, net, "conv", None if rewrite is DEPTHWISE else 16)
    assert after.layer("conv").outputs == net.layer("conv").outputs
    assert receptive_field(after)["conv"] == receptive_field(net)["conv"]


@pytest.mark.parametrize("side", [5, 7])
def test_long_strides_keep_positions_of_same_padding(side: int) -> None:
    """Where a stride passes over inputs, so that less is padded than smaller kernels would."""
    for stride in range(1, 6):
        for size in range(7, 16):
            op = Conv(filters=16, windows=window(side, stride, padding="same"))
            net = chain(("conv", op), image=image(channel=16, height=size, width=size + 1))
            after = rewritten(TWO, net, "conv", 16)
            assert after.layer("conv").outputs == net.layer("conv").outputs
            assert receptive_field(after)["conv"] == receptive_field(net)["conv"]


def test_causal_padding_is_divided() -> None:
    tensor = image(channel=16, depth=6, height=6, width=6)
    wide = tuple(Window(axis, 5, padding="causal") for axis in ("depth", "height", "width"))
    net = chain(("conv", Conv(filters=16, windows=wide)), image=tensor)
    after = rewritten(TWO, net, "conv", 16)
    assert receptive_field(after)["conv"] == receptive_field(net)["conv"]
    assert macs(after) / macs(net) == pytest.approx(54 / 125)


FOLLOWED: dict[str, tuple[Conv, tuple[Op, ...], list[str]]] = {
    "its own activation": (same(5, activation="silu"), (), []),
    "softmax is none": (same(5, activation="softmax"), (), []),
    "none at all": (same(5), (), ["activation"]),
    "a layer": (same(5), (Activation("elu"),), ["activation"]),
    "normalised first": (same(5), (BatchNorm(), Activation("relu")), ["batch_norm", "activation"]),
    "learned": (same(5), (PRelu(("height", "width")),), ["prelu"]),
    "normalised only": (same(5), (BatchNorm(), Flatten()), ["batch_norm", "activation"]),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_what_follows_goes_between(case: str) -> None:
    conv, behind, wanted = FOLLOWED[case]
    net = network(conv, *behind)
    for rewrite, width, first in ((TWO, 32, "conv"), (ASYMMETRIC, 32, "conv"),
                                  (BOTTLENECK, 8, "conv")):  # fmt: skip
        after = rewritten(rewrite, net, "conv", width)
        assert kinds(after) == [first, *wanted, "conv", *kinds(net)[1:]]
        inner = after.layers[1].op
        assert isinstance(inner, Conv)
        functions = [x.op.function for x in after.layers[2:] if isinstance(x.op, Activation)]
        plain = {"its own activation": "silu", "softmax is none": "relu"}.get(case, "linear")
        assert inner.activation == plain
        if "activation" in wanted:
            assert functions[0] == ("elu" if case == "a layer" else "relu")
        assert after.layer("conv").op.activation == conv.activation  # type: ignore[attr-defined]


def test_seven_has_three_with_its_block_between() -> None:
    net = network(same(7), BatchNorm(), Activation("relu"))
    names = [layer.name for layer in rewritten(TWO, net, "conv", 32).layers]
    assert names[1:-2] == [
        "conv_1", "conv_1_batch_norm", "conv_1_activation",
        "conv_2", "conv_2_batch_norm", "conv_2_activation", "conv",
    ]  # fmt: skip


def test_new_layers_have_no_numbers_and_others_keep_theirs() -> None:
    net = numbered(network(same(5), same(1)))
    for rewrite, size in ((TWO, 32), (ASYMMETRIC, 32), (BOTTLENECK, 8), (DEPTHWISE, None)):
        after = rewritten(rewrite, net, "conv", size)
        values = {layer.name: [after.table[i].values for i in layer.parameters]
                  for layer in after.layers if layer.parameters}  # fmt: skip
        assert all(values.pop("conv_0"))
        assert not any(each for found in values.values() for each in found)


REFUSED: list[tuple[ChainRewrite, Conv, int, str]] = [
    (TWO, same(6), 32, "3x3 kernels behind each other see odd sides, not 6x6"),
    (TWO, Conv(filters=32, windows=window(5), groups=4), 32,
     "its filters read parts of the channels: 4 groups"),
    (TWO, same(5, 64), 3,
     "even with 64 in between it would take 2,778,624 MACs in place of 345,600"),
    (ASYMMETRIC, Conv(filters=32, windows=window(3), groups=4), 32,
     "its filters read parts of the channels: 4 groups"),
    (ASYMMETRIC, same(3, 32), 3,
     "even with 32 in between it would take 241,920 MACs in place of 62,208"),
    (BOTTLENECK, Conv(filters=32, windows=window(3), groups=4), 32,
     "its filters read parts of the channels: 4 groups"),
    (BOTTLENECK, same(3, 16), 3,
     "even with 8 in between it would take 84,672 MACs in place of 31,104"),
    (DEPTHWISE, Conv(filters=32, windows=window(3), groups=4), 32,
     "its filters read parts of the channels: 4 groups"),
    (DEPTHWISE, same(3), 3,
     "all its filters would be mixtures of one kernel per channel, and it reads only 3"),
    (DEPTHWISE, same(3, 1), 32, "it would take 23,040 MACs in place of 20,736"),
]  # fmt: skip


@pytest.mark.parametrize(("rewrite", "op", "channel", "why"), REFUSED)
def test_refused(rewrite: ChainRewrite, op: Conv, channel: int, why: str) -> None:
    assert refused(rewrite, network(op, channel=channel), "conv") == why


@pytest.mark.parametrize("rewrite", [TWO, ASYMMETRIC, BOTTLENECK, DEPTHWISE])
def test_shared_weights_are_refused(rewrite: ChainRewrite) -> None:
    builder = Builder("twice")
    x = builder.add(Input(image(channel=32)), name="image")
    x = builder.add(same(5), x, name="a")
    builder.add(same(5), x, name="b", shared_with="a")
    assert refused(rewrite, builder.build(), "b") == "its weights are those of 'a' too"


@pytest.mark.parametrize("rewrite", [TWO, ASYMMETRIC, BOTTLENECK, DEPTHWISE])
def test_places_that_do_not_look_like_one(rewrite: ChainRewrite) -> None:
    for op in (same(1), DepthwiseConv(windows=window(5)), Activation("relu")):
        assert found(rewrite, network(op), "conv") is None
    assert found(TWO, network(same(3)), "conv") is None
    line = Conv(filters=32, windows=window((1, 5)))
    assert found(TWO, network(line), "conv") is None
    assert found(ASYMMETRIC, network(line), "conv") is None


def test_one_dimensional_kernels_are_refused() -> None:
    op = Conv(filters=32, windows=window((5,), padding="same"))
    net = chain(("conv", op), image=image(channel=32, time=10))
    assert refused(ASYMMETRIC, net, "conv") == "its kernel reaches along one axis only"
    why = "even with 32 in between it would take 61,440 MACs in place of 51,200"
    assert refused(TWO, net, "conv") == why
    assert isinstance(found(BOTTLENECK, net, "conv"), Site)


def test_a_bottleneck_in_front_of_another_is_refused() -> None:
    net = chain(("reduce", same(1, 16)), ("bn", BatchNorm()), ("relu", Activation("relu")),
                ("conv", same(3, 64)), image=image(channel=64))  # fmt: skip
    assert refused(BOTTLENECK, net, "conv") == "'reduce' narrows its channels already"
    wide = chain(("grow", same(1, 64)), ("conv", same(3, 64)), image=image(channel=64))
    assert isinstance(found(BOTTLENECK, wide, "conv"), Site)


def test_widths_in_between() -> None:
    """As many as filters; as channels where these are not fewer than half of them."""
    sizes = {}
    for channels, filters in ((32, 32), (48, 64), (16, 64), (64, 32)):
        net = network(same(7, filters), channel=channels)
        site = found(TWO, net, "conv")
        sizes[channels, filters] = site.sizes if isinstance(site, Site) else ()
    assert sizes == {(32, 32): (32,), (48, 64): (64, 48), (16, 64): (), (64, 32): (32,)}
    net = network(same(3, 32), channel=48)
    sites = [found(rewrite, net, "conv") for rewrite in (BOTTLENECK, ASYMMETRIC)]
    assert [site.sizes for site in sites if isinstance(site, Site)] == [(8,), (32,)]


def head(*behind: Op, channel: int = 8, first: bool = False, **sizes: int) -> Network:
    sizes = sizes or {"height": 7, "width": 6}
    named = ((f"{each.kind}_{place}", each) for place, each in enumerate(behind))
    return chain(("flatten", Flatten()), *named, image=image(first=first, channel=channel, **sizes))


@pytest.mark.parametrize("first", [False, True])
def test_the_average_of_every_channel(*, first: bool) -> None:
    net = head(Dropout(), Dense(units=8), channel=16, first=first)
    site = found(GAP, net, "flatten")
    assert isinstance(site, Site)
    assert (site.layers, site.sizes) == (("flatten", "dense_1"), (16,))
    after = rewritten(GAP, net, "flatten", 16)
    assert (macs(net), macs(after)) == (42 * 16 * 8, 16 * 8)
    assert (parameters(net), parameters(after)) == (42 * 16 * 8 + 8, 16 * 8 + 8)
    assert kinds(after) == ["global_pool", "dropout", "dense"]
    assert receptive_field(after)["flatten"].axes["height"].size is None


def test_twice_the_channels_where_the_dense_layer_makes_more() -> None:
    net = head(Dense(units=400), channel=32)
    site = found(GAP, net, "flatten")
    assert isinstance(site, Site)
    assert site.sizes == (64, 32)
    after = rewritten(GAP, net, "flatten", 64)
    assert kinds(after) == ["conv", "global_pool", "dense"]
    assert macs(after) == 42 * 32 * 64 + 64 * 400
    assert macs(rewritten(GAP, net, "flatten", 32)) == 32 * 400


def test_pooling_before_it_leaves_a_quarter() -> None:
    net = head(Dense(units=5), channel=3, height=8, width=6)
    after = rewritten(POOL, net, "flatten")
    assert macs(net) == 4 * macs(after)
    assert [layer.name for layer in after.layers[1:]] == ["flatten_pool", "flatten", "dense_0"]
    assert after.layer("flatten").outputs[0].shape[1] == 4 * 3 * 3
    one = head(Dense(units=5), channel=3, height=8, width=1)
    assert macs(one) == 2 * macs(rewritten(POOL, one, "flatten"))


@pytest.mark.parametrize("rewrite", [GAP, POOL])
def test_dense_layers_behind_an_image_have_to_be_trained_anew(rewrite: ChainRewrite) -> None:
    net = numbered(head(BatchNorm(axis="feature"), Activation("relu"), Dense(units=5),
                        Dense(units=3)))  # fmt: skip
    site = found(rewrite, net, "flatten")
    assert isinstance(site, Site)
    assert site.layers == ("flatten", "batch_norm_0", "dense_2")
    after = rewritten(rewrite, net, "flatten", 8 if rewrite is GAP else None)
    values = {id_: parameter.values for id_, parameter in after.table.items()}
    for name, kept in (("batch_norm_0", False), ("dense_2", False), ("dense_3", True)):
        assert {bool(values[id_]) for id_ in after.layer(name).parameters} == {kept}


@pytest.mark.parametrize("rewrite", [GAP, POOL])
def test_heads_that_are_refused(rewrite: ChainRewrite) -> None:
    builder = Builder("twice")
    x = builder.add(Input(image(channel=8)), name="image")
    flat = builder.add(Flatten(), x, name="flatten")
    builder.add(Dense(units=3), flat, name="a")
    builder.add(Dense(units=3), flat, name="b", shared_with="a")
    nets = (head(), head(LayerNorm(), Dense(units=3)), head(Activation("softmax"), Dense(units=3)),
            builder.build())  # fmt: skip
    reasons = [refused(rewrite, net, "flatten") for net in nets]
    assert reasons == [
        "the network returns what 'flatten' makes",
        "'layer_norm_0' (layer_norm) needs the values as they are",
        "'activation_0' (activation) needs the values as they are",
        "'a' cannot take fewer values: its weights are those of 'b' too",
    ]
    with pytest.raises(NetworkError, match="'flatten' has to pass on all its values: the network"):
        rewritten(rewrite, nets[0], "flatten", 8 if rewrite is GAP else None)


@pytest.mark.parametrize("rewrite", [GAP, POOL])
def test_flattened_without_positions(rewrite: ChainRewrite) -> None:
    assert found(rewrite, head(Dense(units=3), height=1, width=1), "flatten") is None
    tensor = Tensor.of(batch=BATCH, time=4, feature=3)
    net = chain(("flatten", Flatten()), ("fc", Dense(units=2)), image=tensor)
    assert found(rewrite, net, "flatten") is None


def test_sizes_where_there_is_no_choice() -> None:
    for rewrite, net in ((POOL, head(Dense(units=3))), (DEPTHWISE, network(same(3)))):
        (site,) = (x for x in rewrite.sites(net) if isinstance(x, Site))
        with pytest.raises(UsageError, match="has no size to choose"):
            rewrite.changes(net, site, 8)


@pytest.mark.parametrize("rewrite", [TWO, ASYMMETRIC, BOTTLENECK, DEPTHWISE])
@pytest.mark.parametrize("name", ["googlenet", "inception-v3?image=107", "alexnet"])
def test_networks_of_the_zoo_take_fewer_macs_at_every_site(
    name: str, rewrite: ChainRewrite
) -> None:
    net = convcost.read(f"zoo:{name}")
    before = macs(net)
    sites = [x for x in rewrite.sites(net) if not isinstance(x, Refused)]
    for site in sites[:: max(1, math.ceil(len(sites) / 3))]:
        for size in site.sizes or (None,):
            assert macs(rewritten(rewrite, net, site.layer, size)) < before
