"""Networks with numbers: random, as before any training, or from another process."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.network.dataclass import replace
from convcost.rewrite.running.valued import filled, fresh, save_values, with_saved, without_values
from convcost.write.values import Values
from support.proofs import folded, network, valued

if TYPE_CHECKING:
    from pathlib import Path


def test_fresh_values_are_what_frameworks_begin_with() -> None:
    net = network()
    begun = fresh(net, 3)
    numbers = {layer.name: Values(begun).of(layer) for layer in begun.layers}
    assert (numbers["conv1"]["bias"] == 0).all()
    for name, wanted in (("gamma", 1), ("beta", 0), ("moving_mean", 0), ("moving_variance", 1)):
        assert (numbers["norm1"][name] == wanted).all()
    assert without_values(begun) == ()
    # the same layers begin alike in both networks, other seeds otherwise
    other = fresh(folded(net), 3)
    assert (Values(other).of(other.layer("head"))["kernel"] == numbers["head"]["kernel"]).all()
    assert (
        Values(fresh(net, 4)).of(net.layer("head"))["kernel"] != numbers["head"]["kernel"]
    ).any()


def test_kernels_begin_with_the_variance_of_what_is_summed() -> None:
    from convcost.network.builder import Builder
    from convcost.network.tensor import Tensor
    from convcost.ops.depthwise import DepthwiseConv, SeparableConv
    from convcost.ops.input import Input
    from convcost.ops.window import window

    b = Builder("depthwise")
    x = b.add(Input(Tensor.of(batch=BATCH, height=9, width=9, channel=256)), name="image")
    x = b.add(DepthwiseConv(windows=window(3)), x, name="depthwise")
    b.add(SeparableConv(filters=64, windows=window(3)), x, name="separable")
    net = b.build()
    values = Values(fresh(net, 0))
    depthwise = values.of(net.layer("depthwise"))["kernel"]
    assert depthwise.std() == pytest.approx(math.sqrt(2 / 9), rel=0.1)
    separable = values.of(net.layer("separable"))
    assert separable["depthwise_kernel"].std() == pytest.approx(math.sqrt(2 / 9), rel=0.1)
    assert separable["pointwise_kernel"].std() == pytest.approx(math.sqrt(2 / 256), rel=0.1)


def test_values_pass_through_files(tmp_path: Path) -> None:
    net = valued()
    ids = save_values(net, tmp_path / "values.npz")
    again = with_saved(network(), tmp_path / "values.npz", ids)
    for layer in net.layers:
        for name, array in Values(net).of(layer).items():
            assert (Values(again).of(layer)[name] == array).all()
    with pytest.raises(NetworkError, match="has none for 'conv1' and 4 more layers"):
        save_values(network(), tmp_path / "other.npz")


def test_values_that_are_there_stay_when_others_are_filled_in() -> None:
    net = valued(seed=5)
    table = {id_: replace(p, values=None) if "head" in id_ else p for id_, p in net.table.items()}
    found = filled(replace(net, table=table), 6)
    assert without_values(found) == ()
    same = {
        layer.name: all((Values(net).of(layer)[k] == v).all() for k, v in numbers.items())
        for layer in net.layers
        if (numbers := Values(found).of(layer))
    }
    assert same == {"conv1": True, "norm1": True, "conv2": True, "norm2": True, "head": False}
