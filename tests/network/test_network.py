"""Networks and their builder: names, order, sharing, immutability, errors."""

from __future__ import annotations

import dataclasses
import pickle
from typing import get_args

import pytest

from convcost.errors import NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.dims import symbol
from convcost.network.network import KINDS, Kind, Network, Ref
from convcost.network.tensor import DTYPE_BYTES, Axis, Tensor, dtype_bytes
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.reshape import Flatten
from convcost.ops.unknown import Unknown
from convcost.ops.window import window

IMAGE = Tensor.of(batch=BATCH, height=8, width=8, channel=3)


def small() -> tuple[Builder, Ref]:
    b = Builder("small")
    return b, b.add(Input(IMAGE), name="image")


def test_layers_are_named_by_their_kind() -> None:
    b, x = small()
    first = b.add(Activation("relu"), x)
    named = b.add(Activation("relu"), first, name="activation_2")
    third = b.add(Activation("relu"), named)
    assert [ref.layer for ref in (first, named, third)] == [
        "activation_1", "activation_2", "activation_3",
    ]  # fmt: skip


def test_a_name_is_taken_once() -> None:
    b, x = small()
    with pytest.raises(NetworkError, match="two layers are named 'image'"):
        b.add(Activation("relu"), x, name="image")
    net = b.build()
    with pytest.raises(NetworkError, match="two layers are named 'image'"):
        Network("twice", net.layers * 2, {}, ())


def test_a_graph_knows_its_consumers_and_results() -> None:
    b, x = small()
    left = b.add(Conv(filters=3, windows=window(3, padding="same")), x, name="left")
    right = b.add(Conv(filters=3, windows=window(1)), x, name="right")
    joined = b.add(Merge("add"), left, right, name="joined")
    twice = b.add(Concatenate("channel"), joined, joined, name="twice")
    net = b.build()
    assert net.outputs == (twice,)
    assert net.consumers == {
        "image": ("left", "right"),
        "left": ("joined",),
        "right": ("joined",),
        "joined": ("twice",),
        "twice": (),
    }
    assert net.tensor(twice).size("channel") == 6
    assert b.build([joined]).outputs == (joined,)


def test_a_network_stays_as_it_was_built() -> None:
    b, x = small()
    x = b.add(Flatten(), x)
    before = b.build()
    table = dict(before.table)
    b.add(Dense(units=4), x)
    assert before.table == table == {}
    assert len(before.layers) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.name = "other"  # type: ignore[misc]


def test_a_network_can_be_sent_to_another_process() -> None:
    b, x = small()
    b.add(Conv(filters=3, windows=window(3, padding="same")), x)
    net = b.build()
    assert pickle.loads(pickle.dumps(net)) == net  # noqa: S301 - our own bytes


def test_parameters_are_in_the_table() -> None:
    b, x = small()
    x = b.add(Conv(filters=5, windows=window((3, 1))), x, name="conv", trainable=False)
    b.add(BatchNorm(), x, name="bn")
    table = b.build().table
    assert {id_: p.shape for id_, p in table.items()} == {
        "conv/kernel": (3, 1, 3, 5),
        "conv/bias": (5,),
        "bn/gamma": (5,),
        "bn/beta": (5,),
        "bn/moving_mean": (5,),
        "bn/moving_variance": (5,),
    }
    assert {id_ for id_, p in table.items() if p.trainable} == {"bn/gamma", "bn/beta"}
    assert {id_ for id_, p in table.items() if not p.learned} == {
        "bn/moving_mean", "bn/moving_variance",
    }  # fmt: skip


def test_later_calls_share_the_first_ones_parameters() -> None:
    b, x = small()
    conv = Conv(filters=3, windows=window(3, padding="same"))
    x = b.add(conv, x, name="first")
    x = b.add(conv, x, name="second", shared_with="first")
    b.add(conv, x, name="third", shared_with="second")
    net = b.build()
    assert len(net.table) == 2
    assert [net.layer(name).parameters for name in ("second", "third")] == [
        ("first/kernel", "first/bias")
    ] * 2
    assert [layer.shared_with for layer in net.layers] == [None, None, "first", "first"]


def test_sharing_needs_fitting_parameters() -> None:
    b, x = small()
    b.add(Conv(filters=3, windows=window(3)), x, name="conv")
    with pytest.raises(NetworkError, match="layer 'again': there is no layer 'other'"):
        b.add(Conv(filters=3, windows=window(3)), x, name="again", shared_with="other")
    for op in (Conv(filters=4, windows=window(3)), Conv(filters=3, windows=window(3), bias=False)):
        with pytest.raises(NetworkError, match="layer 'again': it needs other parameters"):
            b.add(op, x, name="again", shared_with="conv")


def test_errors_name_the_layer() -> None:
    b, x = small()
    with pytest.raises(NetworkError, match="layer 'odd': 3 input channels cannot be split"):
        b.add(Conv(filters=4, windows=window(3), groups=2), x, name="odd")
    with pytest.raises(
        NetworkError, match="layer 'big' would have height = -1: its input is smaller"
    ):
        b.add(Conv(filters=4, windows=window(10)), x, name="big")
    with pytest.raises(NetworkError, match="layer 'none' would have channel = 0: a size is"):
        b.add(Conv(filters=0, windows=window(1)), x, name="none")
    with pytest.raises(NetworkError, match="layer 'empty' would have height = 0: a size is"):
        b.add(Input(IMAGE.resized(height=0)), name="empty")
    with pytest.raises(NetworkError, match="layer 'lost': there is no output 1 of a layer 'image'"):
        b.add(Activation("relu"), Ref("image", 1), name="lost")
    with pytest.raises(NetworkError, match="layer 'lost': there is no output 0 of a layer 'who'"):
        b.add(Activation("relu"), Ref("who"), name="lost")
    assert [layer.name for layer in b.build().layers] == ["image"]  # a failed call adds nothing
    assert b.build().table == {}
    with pytest.raises(NetworkError, match="network 'small' has no layer 'who'"):
        b.build().layer("who")


def test_the_number_of_inputs_is_checked() -> None:
    b, x = small()
    with pytest.raises(NetworkError, match="conv has 2 inputs; expected 1"):
        b.add(Conv(filters=3, windows=window(1)), x, x)
    with pytest.raises(NetworkError, match="merge has 0 inputs; expected at least 1"):
        b.add(Merge("add"))
    with pytest.raises(NetworkError, match="input has 1 inputs; expected 0"):
        b.add(Input(IMAGE), x)
    b.add(Unknown(name="Lambda", results=(IMAGE,)), x, x)


def test_a_range_of_inputs_is_stated() -> None:
    class Between(Activation):
        arity = (2, 3)

    b, x = small()
    with pytest.raises(NetworkError, match="activation has 1 inputs; expected 2 to 3"):
        b.add(Between("relu"), x)


def test_binding_reaches_tensors_parameters_and_attributes() -> None:
    width, units = symbol("W"), symbol("U")
    b = Builder("symbols")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=width)), name="x")
    b.add(Dense(units=units), x, name="dense")
    net = b.build()
    assert net.symbols == {"N", "W", "U"}
    bound = net.bind({"W": 10, "U": 3})
    assert bound.symbols == {"N"}
    assert bound.layer("dense").op == Dense(units=3)
    assert bound.layer("dense").outputs[0].shape == (BATCH, 3)
    assert bound.layer("x").op == Input(Tensor.of(batch=BATCH, feature=10))
    assert bound.table["dense/kernel"].shape == (10, 3)
    # nothing to bind: the layers stay the same objects
    again = bound.bind({"W": 99})
    assert all(a.op is b.op for a, b in zip(again.layers, bound.layers, strict=True))
    with pytest.raises(NetworkError, match="layer 'dense' would have feature = 0"):
        net.bind({"U": 0})


def test_another_dtype() -> None:
    b = Builder("dtypes")
    x = b.add(Input(Tensor.of(batch=1, feature=4)), name="x")
    b.add(Input(Tensor.of(batch=1, token=4, dtype="int64")), name="ids")
    b.add(Input(Tensor.of(batch=1, feature=4, dtype="bfloat16")), name="brain")
    b.add(Dense(units=2), x, name="dense")
    half = b.build().with_dtype("float16")
    assert [layer.outputs[0].dtype for layer in half.layers] == [
        "float16", "int64", "float16", "float16",
    ]  # fmt: skip
    assert {parameter.dtype for parameter in half.table.values()} == {"float16"}


def test_tensors() -> None:
    tensor = Tensor((Axis("batch", 2), Axis(None, 3), Axis("channel", 5)), "float16")
    assert (tensor.elements, tensor.bytes) == (30, 60)
    assert tensor.names == ("batch", None, "channel")
    assert str(tensor) == "(batch=2, ?=3, channel=5)"
    assert tensor.has("channel")
    assert not tensor.has("height")
    assert tensor.resized(channel=7).shape == (2, 3, 7)
    assert tensor.resized(channel=7).dtype == "float16"
    with pytest.raises(NetworkError, match=r"\(batch=2, \?=3, channel=5\) has no axis 'height'"):
        tensor.resized(height=1)


def test_dtypes() -> None:
    for name, size in DTYPE_BYTES.items():
        assert dtype_bytes(name) == size
    with pytest.raises(UsageError, match="unknown dtype 'float23'") as caught:
        dtype_bytes("float23")
    assert "float32" in (caught.value.hint or "")


def test_every_kind_of_a_note_has_its_urgency() -> None:
    assert sorted(KINDS) == sorted(get_args(Kind))
