"""Exact rewrites keep what a network computes: of random networks, and of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import convcost
from convcost import zoo
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.network import Network, Ref
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.window import window
from convcost.rewrite.exact.constant_initializers import REWRITE as CONSTANT
from convcost.rewrite.exact.drop_identities import REWRITE as DROP
from convcost.rewrite.exact.merge_pointwise import REWRITE as MERGE
from convcost.rewrite.proof.tolerance import relative_tolerance
from convcost.rewrite.registry import rewrites
from convcost.rewrite.rewrite import Site
from convcost.rewrite.running.valued import filled
from convcost.rewrite.sites import done, sites_of
from support.random_networks import networks
from support.rewriting import chain, found, image, macs, parameters, refused, results
from support.written import assert_equal, onnx_outputs

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Rewrite

SLOW = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
EXACT = [each for each in rewrites().values() if each.kind == "exact"]


def everywhere(net: Network, rewrite: Rewrite) -> Network:
    return done(net, rewrite, {}).network  # an exact one goes on as long as it finds a place


def assert_same(after: Network, before: Network) -> None:
    allowed = relative_tolerance(before.bind({"N": 2}), after.bind({"N": 2}))
    for one, other in zip(results(after), results(before), strict=True):
        assert one.shape == other.shape
        finite = np.isfinite(other)
        assert (np.isfinite(one) == finite).all()
        size = np.abs(other[finite]).max(initial=0)
        assert np.abs(one[finite] - other[finite]).max(initial=0) <= allowed * size


@SLOW
@given(networks())
def test_all_exact_rewrites_together_keep_the_outputs(net: Network) -> None:
    before = after = filled(net)
    for rewrite in EXACT:
        after = everywhere(after, rewrite)
    assert parameters(after) <= parameters(before) + _new_biases(before, after)
    assert macs(after) <= macs(before)
    assert_same(after, before)
    for rewrite in EXACT:
        left = sites_of(after, rewrite)
        assert left.sites == (), rewrite.name


def _new_biases(before: Network, after: Network) -> int:
    """Numbers of biases that layers did not have before."""
    names = {layer.name for layer in before.layers}
    return sum(
        after.table[layer.parameters[-1]].elements
        for layer in after.bind({"N": 2}).layers
        if layer.name in names
        and getattr(layer.op, "bias", False)
        and not before.layer(layer.name).op.bias  # type: ignore[attr-defined]
    )


def test_a_chain_of_pointwise_layers_becomes_one() -> None:
    def point(filters: int, *, stride: int = 1, **more: Any) -> Conv:
        return Conv(filters=filters, windows=window(1, stride), **more)

    net = filled(
        chain(
            ("a", point(32, stride=2)), ("b", point(24, bias=False)), ("c", point(6, stride=3)),
            ("relu", Activation("relu")), ("d", point(4)), image=image(height=14, width=13),
        )
    )  # fmt: skip
    after = everywhere(net, MERGE)
    assert [layer.name for layer in after.layers] == ["image", "c", "relu", "d"]
    op: Any = after.layer("c").op
    assert [w.stride for w in op.windows] == [6, 6]
    assert_same(after, net)


@pytest.mark.parametrize("biases", [(True, True), (True, False), (False, True), (False, False)])
def test_dense_layers_merge_whatever_their_biases(biases: tuple[bool, bool]) -> None:
    ops = [Dense(units=n, bias=b) for n, b in zip((30, 7), biases, strict=True)]
    x = Tensor.of(batch=BATCH, time=3, feature=5)
    net = filled(chain(("one", ops[0]), ("two", ops[1]), image=x))
    after = everywhere(net, MERGE)
    assert macs(after) == 3 * 5 * 7
    assert after.layer("two").op.bias == any(biases)  # type: ignore[attr-defined]
    assert_same(after, net)


def _shared_pair() -> Network:
    b = Builder("shared")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)), name="x")
    y = b.add(Dense(units=8), x, name="a")
    y = b.add(Dense(units=8, activation="relu"), y, name="b")
    b.add(Dense(units=8), y, name="c", shared_with="a")
    return b.build()


def _read_twice() -> Network:
    b = Builder("twice")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)), name="x")
    y = b.add(Dense(units=8), x, name="a")
    b.add(Merge("add"), y, b.add(Dense(units=8), y, name="b"), name="sum")
    return b.build()


@pytest.mark.parametrize(
    ("net", "why"),
    [
        (lambda: chain(("a", Dense(units=2)), ("b", Dense(units=9)),
                       image=Tensor.of(batch=BATCH, feature=8)),
         "as one with a it would take 72 MACs in place of 34"),
        (_shared_pair, "a: its weights are those of 'c' too"),
        (_read_twice, "what a gives is read by b and sum"),
    ],
)  # fmt: skip
def test_what_is_not_merged_and_why(net: Any, why: str) -> None:
    assert refused(MERGE, net(), "b") == why


@pytest.mark.parametrize(
    "first",
    [Conv(filters=32, windows=window(1), activation="relu"), Conv(filters=32, windows=window(3)),
     Conv(filters=32, windows=window(1), groups=2),
     Conv(filters=32, windows=window(1, padding=(1, 1)))],
)  # fmt: skip
def test_other_neighbours_are_no_places(first: Op) -> None:
    net = chain(("a", first), ("b", Conv(filters=4, windows=window(1))), image=image())
    assert found(MERGE, net, "b") is None


IDENTITIES: list[Op] = [
    Dropout(0.3), Activation("linear"), Pool(function="max", windows=window(1)),
    Pool(function="average", windows=window(1)), ZeroPadding((("height", 0, 0),)),
    Cropping((("width", 0, 0),)), Permute((0, 1, 2, 3)), Merge("add"), Concatenate("channel"),
]  # fmt: skip
WORKING: list[Op] = [
    Activation("relu"), Pool(function="max", windows=window(1, 2)), Permute((0, 1, 3, 2)),
    Pool(function="max", windows=window(3, padding="same")), ZeroPadding((("height", 1, 0),)),
    ZeroPadding((("height", 1, -1),)), Flatten(),
]  # fmt: skip


@pytest.mark.parametrize("op", IDENTITIES, ids=lambda op: op.kind)
def test_identities_are_dropped(op: Op) -> None:
    conv = Conv(filters=4, windows=window(3))
    net = filled(chain(("a", op), ("c", conv), ("b", op), image=image(height=8, width=8)))
    after = everywhere(net, DROP)
    assert [layer.name for layer in after.layers] == ["image", "c"]
    assert after.outputs == (Ref("c"),)
    assert_same(after, net)


@pytest.mark.parametrize("op", WORKING, ids=lambda op: op.kind)
def test_what_does_something_stays(op: Op) -> None:
    net = chain(("a", op), image=image(height=8, width=8))
    assert found(DROP, net, "a") is None


def test_pooling_over_one_position_is_none() -> None:
    op = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
    net = chain(("a", op), ("b", Activation("relu")), image=image(height=1, width=1))
    assert isinstance(found(DROP, net, "a"), Site)


def test_a_layer_that_is_returned_beside_the_identity_behind_it_is_returned_twice() -> None:
    net = chain(("c", Conv(filters=4, windows=window(3))), ("drop", Dropout()), image=image())
    net = filled(replace(net, outputs=(Ref("c"), Ref("drop"))))
    after = everywhere(net, DROP)
    assert after.outputs == (Ref("c"), Ref("c"))
    assert len(results(after)) == len(results(net)) == 2
    assert_same(after, net)


def test_identities_between_an_input_and_a_result_leave_one() -> None:
    net = chain(("a", Dropout()), ("b", Activation("linear")), image=image())
    assert refused(DROP, net, "b") == "the network would return its input 'image'"
    assert [layer.name for layer in everywhere(net, DROP).layers] == ["image", "b"]
    assert list(DROP.sites(everywhere(net, DROP))) == [found(DROP, net, "b")]


def test_an_identity_that_renames_axes_or_is_not_kept_is_refused() -> None:
    net = chain(
        ("a", Reshape((Axis("time", 4), Axis("feature", 2)))), image=Tensor.of(batch=1, x=4, y=2)
    )
    assert "is called otherwise" in refused(DROP, net, "a")
    net = chain(("a", Dropout()), image=image())
    layers = tuple(replace(x, unkept="noise") if x.name == "a" else x for x in net.layers)
    assert refused(DROP, replace(net, layers=layers), "a").startswith("noise: the network")


def overridable(path: Path) -> Network:
    """seed 000's network as a file of the older kind, whose weights are inputs as well."""
    import onnx
    from onnx import helper

    from convcost.write.onnx.model import onnx_model

    model = onnx_model(filled(zoo.load("seed000")))
    for tensor in model.graph.initializer:
        model.graph.input.append(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        )
    onnx.save(model, path)
    return convcost.read(path)


def test_weights_that_a_caller_may_replace_become_constants(tmp_path: Path) -> None:
    import onnx

    net = overridable(tmp_path / "old.onnx")
    count = sum(p.overridable for p in net.table.values())
    assert count == len(net.table) > 6
    after = everywhere(net, CONSTANT)
    assert not any(p.overridable for p in after.table.values())
    convcost.write(after, tmp_path / "new.onnx")
    model = onnx.load(tmp_path / "new.onnx")
    assert len(model.graph.input) == 1
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    assert_equal(onnx_outputs(after, [x])[0], onnx_outputs(net, [x])[0])
    assert list(CONSTANT.sites(after)) == []
    assert list(CONSTANT.sites(zoo.load("seed000"))) == []
