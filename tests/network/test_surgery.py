"""Layers replaced, added and taken out: what is not touched stays, what follows follows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import convcost
from convcost import zoo
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.network import Measured, Network, Note, Ref
from convcost.network.parameter import Parameter
from convcost.network.surgery import New, rebuilt
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten
from convcost.ops.view import View
from convcost.ops.window import window
from convcost.rewrite.running.valued import filled
from convcost.write.values import Values
from support.random_networks import networks
from support.written import assert_equal, onnx_outputs, totals

SLOW = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def itself(net: Network) -> dict[str, tuple[New, ...]]:
    """Every layer with parameters of its own, replaced by one that is the same."""
    values = Values(net)
    shared = {layer.shared_with for layer in net.layers}
    return {
        layer.name: (
            New(
                name=layer.name, op=layer.op, inputs=layer.inputs,
                values=partial(values.of, layer),
            ),
        )
        for layer in net.layers
        if layer.parameters and layer.shared_with is None and layer.name not in shared
    }  # fmt: skip


def small(*, name: str = "small") -> Builder:
    b = Builder(name, framework="keras")
    x = b.add(Input(Tensor.of(batch=BATCH, height=8, width=8, channel=3)), name="image")
    x = b.add(Conv(filters=4, windows=window(3, padding="same")), x, name="conv")
    x = b.add(BatchNorm(), x, name="norm")
    x = b.add(Activation("relu"), x, name="relu")
    x = b.add(Flatten(), x, name="flat")
    b.add(Dense(units=5), x, name="head")
    return b


@pytest.mark.parametrize("name", zoo.names())
def test_without_changes_a_network_of_the_zoo_is_the_same(name: str) -> None:
    net = zoo.load(name)
    assert rebuilt(net, {}) == net


@SLOW
@given(networks())
def test_a_layer_in_its_own_place_changes_nothing(net: Network) -> None:
    assert rebuilt(net, {}) == net
    net = filled(net)
    again = rebuilt(net, itself(net))
    assert totals(again) == totals(net)
    assert [(x.name, x.outputs) for x in again.layers] == [(x.name, x.outputs) for x in net.layers]
    shape = [size if isinstance(size, int) else 2 for size in net.layers[0].outputs[0].shape]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    for found, wanted in zip(onnx_outputs(again, [x]), onnx_outputs(net, [x]), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_everything_that_is_not_named_stays() -> None:
    b = small()
    net = b.build(notes=[Note("assumed", "about the norm", "norm"), Note("assumed", "of it all")])
    lost = Parameter("lost", (7,), values=lambda: np.ones(7))
    net = replace(
        filled(net), table={**filled(net).table, "lost": lost}, missing=("a row",),
        measured=(Measured(seconds=1.0),),
    )  # fmt: skip
    after = rebuilt(net, {"norm": ()})
    assert (after.name, after.framework, after.missing) == ("small", "keras", ("a row",))
    assert after.notes == (Note("assumed", "of it all"),)
    assert after.measured == ()
    assert after.table["lost"] is lost
    assert after.table.keys() == net.table.keys() - set(net.layer("norm").parameters)
    assert after.layer("conv") is net.layer("conv")
    assert after.layer("relu").inputs == (Ref("conv"),)
    assert all(after.table[x] is net.table[x] for x in net.layer("head").parameters)


def test_the_last_layer_can_be_taken_out() -> None:
    b = small()
    b.add(Activation("linear"), Ref("head"), name="last")
    after = rebuilt(b.build(), {"last": ()})
    assert after.outputs == (Ref("head"),)


def test_values_are_made_once_when_they_are_asked_for() -> None:
    calls: list[int] = []

    def make() -> dict[str, Any]:
        calls.append(1)
        return {"kernel": np.full((3, 3, 3, 4), 2.0), "bias": np.arange(4.0)}

    net = small().build()
    conv = New(name="conv", op=net.layer("conv").op, inputs=(Ref("image"),), values=make)
    after = rebuilt(net, {"conv": (conv,)})
    assert calls == []
    kernel, bias = (after.table[id_].values for id_ in after.layer("conv").parameters)
    assert kernel is not None
    assert bias is not None
    assert bias().tolist() == [0, 1, 2, 3]
    assert kernel().dtype == np.float32
    assert calls == [1]


def test_sizes_behind_a_change_follow_and_their_parameters_lose_their_values() -> None:
    net = filled(small().build())
    pool = New(
        name="relu_pool", op=Pool(function="max", windows=window(2, 2)), inputs=(Ref("relu"),)
    )
    flat = New(name="flat", op=Flatten(), inputs=(Ref("relu_pool"),))
    after = rebuilt(net, {"flat": (pool, flat)})
    assert after.layer("flat").outputs[0].shape == (BATCH, 64)
    kernel, bias = (after.table[id_] for id_ in after.layer("head").parameters)
    assert (kernel.shape, kernel.values) == ((64, 5), None)
    assert bias.values is not None
    assert after.layer("head").parameters == net.layer("head").parameters
    assert convcost.count(after).total.forward.macs == 8 * 8 * 9 * 3 * 4 + 64 * 5


def test_new_parameters_have_the_dtype_of_those_they_replace() -> None:
    net = filled(small().build().with_dtype("float16"))
    after = rebuilt(net, itself(net))
    assert {p.dtype for p in after.table.values()} == {"float16"}
    assert {t.dtype for layer in after.layers for t in layer.outputs} == {"float16"}
    load = after.table["head/kernel"].values
    assert load is not None
    assert load().dtype == np.float16


def test_a_frozen_layer_stays_frozen() -> None:
    net = small().build()
    new = New(name="head", op=Dense(units=5), inputs=(Ref("flat"),), trainable=False)
    after = rebuilt(net, {"head": (new,)})
    assert [after.table[x].trainable for x in after.layer("head").parameters] == [False, False]
    assert convcost.count(after).total.parameters == convcost.count(net).total.parameters


def test_ids_of_new_parameters_are_those_of_no_other() -> None:
    b = small()
    net = b.build()
    table = dict(net.table)
    table["norm/gamma"] = replace(table.pop("head/bias"), id="norm/gamma")
    table["old"] = replace(net.table["norm/gamma"], id="old")
    layers = tuple(
        replace(x, parameters=("head/kernel", "norm/gamma")) if x.name == "head"
        else replace(x, parameters=("old", *x.parameters[1:])) if x.name == "norm" else x
        for x in net.layers
    )  # fmt: skip
    net = replace(net, layers=layers, table=table)
    after = rebuilt(net, {"norm": (New(name="norm", op=BatchNorm(), inputs=(Ref("conv"),)),)})
    assert totals(after) == totals(net)


def shared() -> Network:
    b = Builder("shared")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=4)), name="x")
    y = b.add(Dense(units=4), x, name="first")
    y = b.add(Dense(units=4), y, name="second", shared_with="first")
    b.add(Merge("add"), x, y, name="sum")
    return filled(b.build())


def test_shared_layers_are_kept_and_the_first_one_cannot_be_replaced() -> None:
    net = shared()
    assert rebuilt(
        net, {"sum": (New(name="sum", op=Merge("add"), inputs=(Ref("x"), Ref("second"))),)}
    )
    first = New(name="first", op=Dense(units=4), inputs=(Ref("x"),))
    with pytest.raises(NetworkError, match="layer 'second': it uses the parameters of 'first'"):
        rebuilt(net, {"first": (first,)})
    own = New(name="second", op=Dense(units=4, bias=False), inputs=(Ref("first"),))
    after = rebuilt(net, {"second": (own,)})
    assert after.layer("second").parameters == ("second/kernel",)
    assert totals(after)[1] == 20 + 16


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nobody": ()}, "no layer 'nobody'"),
        ({"conv": (New(name="other", op=Activation("relu"), inputs=(Ref("image"),)),)},
         "ends with 'other'"),
        ({"conv": ()}, "layer 'norm': 'conv', which is to be taken out, makes"),
        ({"relu": (New(name="norm", op=Activation("relu"), inputs=(Ref("norm"),)),
                   New(name="relu", op=Activation("relu"), inputs=(Ref("norm"),)))},
         "two layers are named 'norm'"),
        ({"norm": (New(name="norm", op=BatchNorm(), inputs=(Ref("relu"),)),)},
         "there is no output 0 of a layer 'relu' before it"),
        ({"norm": (New(name="norm", op=Merge("add"), inputs=()),)}, "merge has 0 inputs"),
        ({"conv": (New(name="conv", op=Conv(filters=4, windows=window(9)),
                       inputs=(Ref("image"),)),)},
         "its input is smaller than its window"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes: Any, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        rebuilt(small().build(), changes)


def test_layers_that_join_cannot_be_taken_out() -> None:
    with pytest.raises(NetworkError, match="'sum' cannot be taken out: it has 2 inputs"):
        rebuilt(shared(), {"sum": ()})


def test_a_layer_that_nobody_reads_any_more_can_go() -> None:
    net = small().build()
    head = New(name="head", op=Dense(units=5), inputs=(Ref("image"),))
    assert "flat" not in rebuilt(net, {"flat": (), "head": (head,)}).consumers


def test_a_view_does_not_follow_another_size() -> None:
    b = Builder("views")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)), name="x")
    x = b.add(Dense(units=8), x, name="dense")
    half = Tensor.of(batch=BATCH, feature=4)
    b.add(View((half, half)), x, name="halves")
    net = b.build()
    same = New(name="dense", op=Dense(units=8, bias=False), inputs=(Ref("x"),))
    assert rebuilt(net, {"dense": (same,)}).layer("halves") is net.layer("halves")
    other = New(name="dense", op=Dense(units=6), inputs=(Ref("x"),))
    with pytest.raises(NetworkError, match="layer 'halves': its input has another size now"):
        rebuilt(net, {"dense": (other,)})


def test_tied_weights_that_would_need_two_sizes_are_refused() -> None:
    b = Builder("tied")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)), name="x")
    y = b.add(Dense(units=6), x, name="before")
    z = b.add(Dense(units=4), y, name="first")
    b.add(
        Dense(units=4), b.add(Dense(units=6), x, name="beside"), name="second", shared_with="first"
    )
    net = b.build([z, Ref("second")])
    smaller = New(name="before", op=Dense(units=3), inputs=(Ref("x"),))
    both = {
        name: (New(name=name, op=Dense(units=3), inputs=(Ref("x"),)),)
        for name in ("before", "beside")
    }
    assert rebuilt(net, both).table["first/kernel"].shape == (3, 4)
    with pytest.raises(
        NetworkError, match="shares 'first/kernel' with a layer that needs it in another size"
    ):
        rebuilt(net, {"before": (smaller,)})


def test_rewritten_networks_compute_what_they_say() -> None:
    net = filled(small().build())
    after = rebuilt(net, {**itself(net), "norm": ()})
    x = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype("float32")
    values = Values(net)
    conv = values.of(net.layer("conv"))
    wanted = _by_hand(x, conv["kernel"], conv["bias"])
    head = values.of(net.layer("head"))
    (found,) = onnx_outputs(after, [x])
    assert_equal(found, np.maximum(wanted, 0).reshape(2, -1) @ head["kernel"] + head["bias"])


def _by_hand(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    found = np.zeros((*x.shape[:3], kernel.shape[-1])) + bias
    for i in range(3):
        for j in range(3):
            found += padded[:, i : i + 8, j : j + 8] @ kernel[i, j]
    return found
