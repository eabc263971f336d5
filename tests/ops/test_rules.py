"""Shape and charging rules of single ops that the contract does not state."""

from __future__ import annotations

import pytest

from convcost.errors import NetworkError
from convcost.network.dims import symbol
from convcost.network.op import Call, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import ACTIVATIONS, Activation, activation_name
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.reshape import Reshape
from convcost.ops.window import window

IMAGE = Tensor.of(batch=2, height=6, width=4, channel=3)


def elementwise(op: Op, *inputs: Tensor) -> object:
    cost = op.cost("forward", Call(inputs, op.outputs(*inputs)))
    assert cost is not None
    return cost.elementwise


@pytest.mark.parametrize(
    ("groups", "filters", "message"),
    [
        (2, 4, "3 input channels cannot be split into 2 groups"),
        (3, 4, "4 filters cannot be split into 3 groups"),
        (0, 4, "groups is 0"),
        (-1, 4, "groups is -1"),
    ],
)
def test_groups_have_to_divide(groups: int, filters: int, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        Conv(filters=filters, windows=window(1), groups=groups).outputs(IMAGE)


def test_bias_and_activation_are_charged_per_output() -> None:
    outputs = 2 * 6 * 4 * 5
    plain = Conv(filters=5, windows=window(3, padding="same"), bias=False)
    biased = Conv(filters=5, windows=window(3, padding="same"))
    relu = Conv(filters=5, windows=window(3, padding="same"), activation="relu")
    assert [elementwise(op, IMAGE) for op in (plain, biased, relu)] == [0, outputs, 2 * outputs]


def test_dense_keeps_leading_axes() -> None:
    x = Tensor.of(batch=4, time=5, feature=3)
    dense = Dense(units=2)
    assert dense.outputs(x)[0].shape == (4, 5, 2)
    assert dense.outputs(x)[0].names == ("batch", "time", "feature")
    assert [w.shape for w in dense.weights(x)] == [(3, 2), (2,)]


def test_pool_charges() -> None:
    outputs = 2 * 3 * 2 * 3
    assert elementwise(Pool(function="max", windows=window(2, 2)), IMAGE) == 3 * outputs
    assert elementwise(Pool(function="average", windows=window(2, 2)), IMAGE) == 4 * outputs


def test_global_pool_axes() -> None:
    pool = GlobalPool(function="average", axes=("height", "width"))
    assert pool.outputs(IMAGE)[0] == Tensor.of(batch=2, feature=3)
    kept = GlobalPool(function="max", axes=("height", "width"), keep_axes=True)
    assert kept.outputs(IMAGE)[0] == Tensor.of(batch=2, height=1, width=1, channel=3)
    assert elementwise(pool, IMAGE) == 2 * 6 * 4 * 3
    assert elementwise(kept, IMAGE) == 2 * 3 * (6 * 4 - 1)
    with pytest.raises(NetworkError, match="no axis 'depth'"):
        GlobalPool(function="max", axes=("depth",)).outputs(IMAGE)


def test_merge_broadcasts() -> None:
    scale = Tensor.of(batch=2, height=1, width=1, channel=3)
    vector = Tensor.of(channel=3)
    for other in (scale, vector):
        assert Merge("multiply").outputs(IMAGE, other) == (IMAGE,)
        assert Merge("multiply").outputs(other, IMAGE) == (IMAGE,)
    with pytest.raises(NetworkError, match="6 against 5"):
        Merge("add").outputs(IMAGE, IMAGE.resized(height=5))


def test_merge_charges_the_operations_between_its_inputs() -> None:
    assert elementwise(Merge("add"), IMAGE, IMAGE, IMAGE) == 2 * IMAGE.elements
    assert elementwise(Merge("average"), IMAGE, IMAGE, IMAGE) == 3 * IMAGE.elements


def test_merge_of_equal_symbolic_sizes() -> None:
    size = symbol("X")
    halves = [
        window(k, 2, padding=(p, p))[0].output(size) for k, p in ((1, 0), (3, 1), (5, 2), (7, 3))
    ]
    first, *others = (Tensor.of(batch=1, height=half, channel=8) for half in halves)
    assert Merge("add").outputs(first, *others) == (first,)


def test_concatenate_along_any_axis() -> None:
    wide = IMAGE.resized(width=7)
    assert Concatenate("width").outputs(IMAGE, wide)[0].size("width") == 11
    with pytest.raises(NetworkError, match="cannot join"):
        Concatenate("channel").outputs(IMAGE, wide)


def test_reshape_keeps_the_elements() -> None:
    axes = (Axis("time", 8), Axis("feature", 9))
    assert Reshape(axes).outputs(IMAGE)[0].shape == (2, 8, 9)
    with pytest.raises(NetworkError, match="72 elements cannot be reshaped to 63"):
        Reshape((Axis("time", 7), Axis("feature", 9))).outputs(IMAGE)


def test_zero_padding_copies() -> None:
    pad = ZeroPadding((("height", 1, 2), ("width", 0, 3)))
    (padded,) = pad.outputs(IMAGE)
    assert padded.shape == (2, 9, 7, 3)
    cost = pad.cost("forward", Call((IMAGE,), (padded,)))
    assert cost is not None
    assert (cost.read_bytes, cost.write_bytes) == (2 * 6 * 4 * 3 * 4, 2 * 9 * 7 * 3 * 4)


def test_batch_norm_without_scale_or_center() -> None:
    learned = {
        (scale, center): [
            w.name for w in BatchNorm(scale=scale, center=center).weights(IMAGE) if w.learned
        ]
        for scale in (True, False)
        for center in (True, False)
    }
    assert learned == {
        (True, True): ["gamma", "beta"],
        (True, False): ["gamma"],
        (False, True): ["beta"],
        (False, False): [],
    }
    moving = [w.name for w in BatchNorm().weights(IMAGE) if not w.learned]
    assert moving == ["moving_mean", "moving_variance"]


def test_every_charged_activation_has_its_own_name() -> None:
    assert {activation_name(name) for name in ACTIVATIONS} == set(ACTIVATIONS)
    assert activation_name("HARD_SWISH") == "hard_silu"


def test_unknown_activation_is_not_free() -> None:
    with pytest.raises(NetworkError, match="unknown activation function 'my_own'"):
        elementwise(Activation("my_own"), IMAGE)
