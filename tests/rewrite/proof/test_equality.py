"""Exact rewrites are equal within rounding; wrong ones are caught."""

from __future__ import annotations

from itertools import starmap
from typing import Any

import numpy as np
import pytest

from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.surgery import New, rebuilt
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.window import window
from convcost.rewrite.proof.equality import SCALES, SEEDS, equality
from convcost.rewrite.proof.tolerance import LAMBDA, depth, narrowest, relative_tolerance
from convcost.rewrite.running.valued import filled
from convcost.write.values import Values
from support.proofs import folded, network, valued

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.mark.parametrize("end", ["linear", "softmax"])
@pytest.mark.parametrize("first", [True, False])
def test_a_fold_is_equal(end: str, first: bool) -> None:
    net = valued(end=end, first=first)
    found = equality(net, folded(net))
    assert found.equal, found
    assert found.runtime == "onnxruntime"
    assert 0 < found.difference <= found.tolerance
    assert found.relative * found.magnitude <= found.tolerance
    assert found.trials == len(SEEDS) * len(SCALES)
    assert found.overflowed == ()


def test_the_same_network_has_no_difference() -> None:
    net = valued()
    found = equality(net, net)
    assert (found.equal, found.difference) == (True, 0.0)


@pytest.mark.parametrize("wrong", [{"epsilon": 1e-5}, {"off": 1e-3}])
def test_a_wrong_fold_is_caught(wrong: dict[str, float]) -> None:
    net = valued(end="softmax")
    found = equality(net, folded(net, **wrong))
    assert not found.equal
    assert found.difference > found.tolerance


def test_a_fold_through_padding_is_caught() -> None:
    """Correct inside, wrong at the border, where the shift would meet zeros."""
    b = Builder("forward")
    x = b.add(Input(Tensor.of(batch=BATCH, channel=3, height=9, width=9)), name="image")
    x = b.add(BatchNorm(), x, name="norm")
    conv = Conv(filters=4, windows=window(3, padding="same"))
    b.add(conv, x, name="conv")
    net = filled(b.build())
    values = Values(net)
    norm, kernel = values.of(net.layer("norm")), values.of(net.layer("conv"))
    scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + 1e-3)
    shift = norm["beta"] - norm["moving_mean"] * scale
    numbers = {
        "kernel": kernel["kernel"] * scale[:, None],
        "bias": kernel["bias"] + (kernel["kernel"] * shift[:, None]).sum((0, 1, 2)),
    }
    layer = net.layer("conv")
    new = New(name="conv", op=conv, inputs=layer.inputs, values=numbers.copy)
    assert not equality(net, rebuilt(net, {"norm": (), "conv": (new,)})).equal


def test_a_scale_that_overflows_is_left_out_and_said() -> None:
    b = Builder("powers")
    image = b.add(Input(Tensor.of(batch=BATCH, feature=6)), name="image")
    x = b.add(Dense(units=4), image, name="dense")
    for number in range(4):
        x = b.add(Merge("multiply"), x, x, name=f"square{number}")
    net = filled(b.build())
    found = equality(net, net)
    assert found.equal
    assert found.overflowed == (1e4,)


def test_outputs_that_are_not_finite_or_have_another_shape_are_not_equal() -> None:
    net = valued()
    layer = net.layer("head")
    op: Any = layer.op
    numbers = Values(net).of(layer)
    broken = {**numbers, "kernel": np.full_like(numbers["kernel"], np.nan)}
    new = New(name="head", op=op, inputs=layer.inputs, values=lambda: broken)
    found = equality(net, rebuilt(net, {"head": (new,)}))
    assert not found.equal
    assert found.to_dict()["difference"] is None
    fewer = {"kernel": numbers["kernel"][:, 1:], "bias": numbers["bias"][1:]}
    new = New(name="head", op=replace(op, units=4), inputs=layer.inputs, values=lambda: fewer)
    assert not equality(net, rebuilt(net, {"head": (new,)})).equal


def test_a_network_of_16_bit_floats_is_compared_in_32() -> None:
    net = valued().with_dtype("float16")
    found = equality(net, folded(net))
    assert found.equal
    assert found.relative > equality(valued(), valued()).relative


def test_values_are_needed() -> None:
    net = network()
    with pytest.raises(NetworkError, match=r"values of parameters; 'by hand' has none for 'conv1'"):
        equality(net, net)


def test_the_depth_is_what_goes_into_a_value_along_the_longest_way() -> None:
    net = network().bind({str(BATCH): 2})
    # products of each convolution and the bias, scale and shift, ReLU; the sum of 8 x 7, its
    # division; products and bias of the head
    ways = [(9 * 3 + 1, 2, 1), (9 * 8, 2, 1), (8 * 7,), (6 + 1,)]
    assert depth(net) == (sum(map(sum, ways)), sum(map(len, ways)))
    b = Builder("branches")
    image = b.add(Input(Tensor.of(batch=2, feature=10)), name="image")
    left = b.add(Dense(units=10, bias=False), image, name="left")
    left = b.add(Dense(units=10, bias=False), left, name="left2")
    right = b.add(Dense(units=10), image, name="right")
    b.add(Merge("add"), left, right, name="sum")
    assert depth(b.build()) == (10 + 10 + 1, 3)


def test_the_tolerance_follows_its_formula() -> None:
    net = network().bind({str(BATCH): 2})
    roundings, layers = depth(net)
    u = np.finfo("float32").eps / 2
    assert relative_tolerance(net, net) == pytest.approx(
        LAMBDA * u * np.sqrt(2 * (roundings + layers))
    )
    small = net.with_dtype("float16")
    s = float(np.finfo("float16").eps) / 2
    assert narrowest(small) == "float16"
    assert relative_tolerance(small, small) == pytest.approx(
        LAMBDA * np.sqrt(2 * (roundings * u**2 + layers * s**2))
    )


@pytest.mark.parametrize("length", [4, 100, 3000])
def test_rounding_of_long_sums_stays_below_the_tolerance(length: int) -> None:
    """Sums of products in 32-bit floats, one after another, beside exact ones."""
    b = Builder("one product")
    x = b.add(Input(Tensor.of(batch=1, feature=length)), name="image")
    b.add(Dense(units=1, bias=False), x, name="dense")
    net = b.build()
    state = np.random.default_rng(0)
    pairs = [state.standard_normal((2, length)).astype("float32") for _ in range(200)]

    def rounded(x: Any, w: Any) -> float:
        return float(np.cumsum(x * w, dtype="float32")[-1])

    exact = [float(np.dot(x.astype("float64"), w.astype("float64"))) for x, w in pairs]
    apart = np.abs(np.array(exact) - list(starmap(rounded, pairs))).max()
    allowed = relative_tolerance(net, net) * np.abs(exact).max()
    assert allowed / 100 < apart < allowed
