"""BatchNorm folded backward and forward: the same outputs, or refused with the reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import convcost
from convcost import zoo
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.network import Network, Ref
from convcost.network.surgery import New, rebuilt
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute
from convcost.ops.pool import Pool
from convcost.ops.prelu import PRelu
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.window import window
from convcost.rewrite.exact.fold_batch_norm import REWRITE as BACK
from convcost.rewrite.exact.fold_batch_norm_forward import REWRITE as FORWARD
from convcost.rewrite.proof.tolerance import relative_tolerance
from convcost.rewrite.running.valued import filled
from convcost.rewrite.shared.folding import fold_back, fold_forward
from support.rewriting import chain, found, image, parameters, refused, results
from support.written import onnx_outputs

if TYPE_CHECKING:
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Rewrite

SLOW = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))

NORMS = st.builds(
    lambda scale, center, epsilon: BatchNorm(scale=scale, center=center, epsilon=epsilon),
    st.booleans(), st.booleans(), st.sampled_from([1e-5, 1e-3, 0.1]),
)  # fmt: skip
WINDOWS = st.builds(
    lambda kernel, stride, padding: window(kernel, stride, padding=padding),
    st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(1, 2),
    st.sampled_from(["valid", "same", (1, 1), (0, 1)]),
)  # fmt: skip
UNPADDED = st.builds(
    window,
    st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(1, 2),
)  # fmt: skip
BIAS = st.booleans()


def products(windows: Any) -> st.SearchStrategy[Op]:
    """Layers that BatchNorm can be folded into, linear ones."""
    groups = st.sampled_from([1, 2, 4])
    return st.one_of(
        st.builds(lambda w, g, b: Conv(filters=12, windows=w, groups=g, bias=b), windows, groups,
                  BIAS),
        st.builds(lambda w, m, b: DepthwiseConv(windows=w, multiplier=m, bias=b), windows,
                  st.integers(1, 3), BIAS),
        st.builds(lambda w, m, b: SeparableConv(filters=5, windows=w, multiplier=m, bias=b),
                  windows, st.integers(1, 2), BIAS),
    )  # fmt: skip


TRANSPOSED = st.builds(
    lambda k, s, p, g, b: ConvTranspose(
        filters=8, windows=window(k, s, padding=p), groups=g, bias=b
    ),
    st.integers(1, 3), st.integers(1, 2), st.sampled_from(["valid", "same"]),
    st.sampled_from([1, 2, 4]), BIAS,
)  # fmt: skip


def assert_folded(rewrite: Rewrite, net: Network, layer: str) -> Network:
    """Folded, with the same outputs and fewer stored numbers."""
    net = filled(net)
    site = found(rewrite, net, layer)
    assert site is not None
    after = rewrite.rewritten(net, {site: None})  # type: ignore[dict-item]
    assert layer not in after.consumers
    allowed = relative_tolerance(net.bind({"N": 2}), after.bind({"N": 2}))
    for one, other in zip(results(after), results(net), strict=True):
        assert one.shape == other.shape
        assert np.isfinite(other).all()
        assert np.abs(one - other).max() <= allowed * np.abs(other).max()
    return after


@SLOW
@given(st.one_of(products(WINDOWS), TRANSPOSED), NORMS, st.booleans())
def test_folded_backward_a_convolution_gives_the_same(op: Op, norm: Op, first: bool) -> None:
    net = chain(("product", op), ("norm", norm), image=image(first=first))
    after = assert_folded(BACK, net, "norm")
    channels = net.layer("norm").outputs[0].size("channel")
    learned = norm.scale + norm.center  # type: ignore[attr-defined]
    assert parameters(net) - parameters(after) == channels * (learned - (not op.bias))  # type: ignore[attr-defined]
    assert convcost.count(after).total.statistics == 0


@SLOW
@given(products(UNPADDED), NORMS, st.booleans())
def test_folded_forward_a_convolution_gives_the_same(op: Op, norm: Op, first: bool) -> None:
    net = chain(
        ("norm", norm), ("product", op), ("relu", Activation("relu")), image=image(first=first)
    )
    after = assert_folded(FORWARD, net, "norm")
    assert after.layer("product").op.bias  # type: ignore[attr-defined]
    assert after.layer("product").inputs == (Ref("image"),)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("norm", [BatchNorm(), BatchNorm(scale=False), BatchNorm(center=False)])
@pytest.mark.parametrize("bias", [True, False])
def test_through_views_into_a_dense_layer(norm: BatchNorm, first: bool, bias: bool) -> None:
    dense = Dense(units=3, bias=bias, activation="softmax")
    rows = (Axis("time", 16 if first else 18), Axis("feature", 36 if first else 32))
    views = [
        (("flat", Flatten()),),
        (("drop", Dropout()), ("same", Activation("linear")), ("flat", Flatten())),
        (("turn", Permute((0, 3, 1, 2))), ("flat", Flatten())),
        (("rows", Reshape(rows)), ("flat", Flatten())),
    ]
    for between in views:
        net = chain(("norm", norm), *between, ("dense", dense), image=image(first=first))
        after = assert_folded(FORWARD, net, "norm")
        assert parameters(net) - parameters(after) == 8 * (norm.scale + norm.center) - 3 * (
            not bias
        )


def test_into_a_dense_layer_over_the_channels() -> None:
    net = chain(("norm", BatchNorm()), ("dense", Dense(units=3)), image=image())
    assert_folded(FORWARD, net, "norm")
    net = chain(("norm", BatchNorm()), ("dense", Dense(units=3)), image=image(first=True))
    assert "no weights per channel" in refused(FORWARD, net, "norm")
    net = chain(
        ("dense", Dense(units=3)), ("norm", BatchNorm(axis="width")), image=image(first=True)
    )
    assert_folded(BACK, net, "norm")


def test_a_reshape_that_tears_channels_apart_is_no_way() -> None:
    torn = Reshape((Axis("time", 3), Axis("row", 16), Axis("feature", 12)))
    net = chain(("norm", BatchNorm()), ("torn", torn), ("dense", Dense(units=2)), image=image())
    assert "torn (reshape), which reads it, can take no scale" in refused(FORWARD, net, "norm")


def test_seed000_as_the_forum_has_it() -> None:
    net = filled(zoo.load("seed000"))
    assert refused(BACK, net, "batch_normalization_1") == (
        "behind the ReLU it cannot go back into conv2d_1"
    )
    after = assert_folded(FORWARD, net, "batch_normalization_1")
    assert convcost.count(net).total.parameters - convcost.count(after).total.parameters == 64
    assert convcost.count(after).total.statistics == 0


def test_double_precision_is_exact_to_double_precision() -> None:
    axis = BatchNorm(axis="feature", epsilon=2**-10)  # which ONNX holds in single precision
    net = chain(("d", Dense(units=4)), ("norm", axis), image=Tensor.of(batch=BATCH, feature=6))
    net = filled(net.with_dtype("float64"))
    site = found(BACK, net, "norm")
    after = BACK.rewritten(net, {site: None})  # type: ignore[dict-item]
    assert {p.dtype for p in after.table.values()} == {"float64"}
    x = np.random.default_rng(0).normal(size=(5, 6))
    wanted, got = (onnx_outputs(each, [x])[0] for each in (net, after))
    assert np.abs(wanted - got).max() <= 1e-14 * np.abs(wanted).max()


def test_without_values_the_structure_is_rewritten_all_the_same() -> None:
    net = zoo.load("resnet18")
    site = found(BACK, net, "bn1")
    after = BACK.rewritten(net, {site: None})  # type: ignore[dict-item]
    assert all(after.table[x].values is None for x in after.layer("conv1").parameters)
    assert after.layer("conv1").op.bias  # type: ignore[attr-defined]


def test_a_convolution_that_lacks_some_values_gets_none() -> None:
    net = filled(zoo.load("seed000"))
    table = dict(net.table)
    (name,) = [x for x in net.layer("dense_1").parameters if x.endswith("bias")]
    table[name] = replace(table[name], values=None)
    net = replace(net, table=table)
    site = found(FORWARD, net, "batch_normalization_1")
    after = FORWARD.rewritten(net, {site: None})  # type: ignore[dict-item]
    assert all(after.table[x].values is None for x in after.layer("dense_1").parameters)


CONV = Conv(filters=8, windows=window(3, padding="same"))


def fork(*, second: Op, joined: bool = True) -> Network:
    b = Builder("fork")
    x = b.add(Input(image()), name="image")
    conv = b.add(CONV, x, name="conv")
    norm = b.add(BatchNorm(), conv, name="norm")
    other = b.add(second, conv, name="other")
    return b.build([b.add(Merge("add"), norm, other)] if joined else [norm, other])


def twice(*, norms: bool = False) -> Network:
    """One convolution called twice, each call with a BatchNorm behind it."""
    b = Builder("twice")
    x = b.add(Input(image()), name="image")
    y = b.add(CONV, x, name="conv")
    y = b.add(BatchNorm(), y, name="norm")
    y = b.add(Activation("relu"), y, name="relu")
    y = b.add(Conv(filters=8, windows=window(3, padding="same")) if norms else CONV, y,
              name="again", shared_with=None if norms else "conv")  # fmt: skip
    b.add(BatchNorm(), y, name="norm2", shared_with="norm" if norms else None)
    return filled(b.build())


@pytest.mark.parametrize(
    ("net", "why"),
    [
        (lambda: chain(("c", CONV), ("r", Activation("silu")), ("norm", BatchNorm()),
                       image=image()),
         "behind the silu it cannot go back into c"),
        (lambda: chain(("c", CONV), ("p", PRelu()), ("norm", BatchNorm()), image=image()),
         "behind the PReLU it cannot go back into c"),
        (lambda: chain(("c", Conv(filters=8, windows=window(3), activation="tanh")),
                       ("norm", BatchNorm()), image=image()),
         "behind the tanh it cannot go back into c"),
        (lambda: chain(("norm", BatchNorm()), ("c", CONV), image=image()),
         "it normalises the network's input"),
        (lambda: chain(("c", CONV), ("p", Pool(function="max", windows=window(2))),
                       ("norm", BatchNorm()), image=image()),
         r"it normalises what p gives \(pool\), which is no convolution or dense layer"),
        (lambda: chain(("c", CONV), ("norm", BatchNorm(axis="height")), image=image()),
         "it normalises along height"),
        (lambda: chain(("c", CONV), ("f", Flatten()), ("norm", BatchNorm(axis="feature")),
                       image=image()),
         "between c and it f changes the shape"),
        (lambda: fork(second=Activation("relu")), "what conv gives is read by norm and other"),
        (lambda: fork(second=Activation("linear"), joined=False),
         "what conv gives is read by norm and other"),
        (twice, "conv: its weights are those of 'again' too"),
        (lambda: twice(norms=True), "norm: its weights are those of 'norm2' too"),
    ],
)  # fmt: skip
def test_what_cannot_be_folded_backward_is_refused(net: Any, why: str) -> None:
    assert re.match(why, refused(BACK, net(), "norm"))


def test_a_result_that_is_returned_as_well_is_left_alone() -> None:
    b = Builder("returned")
    x = b.add(Input(image()), name="image")
    conv = b.add(CONV, x, name="conv")
    norm = b.add(BatchNorm(), conv, name="norm")
    net = b.build([norm, conv])
    assert refused(BACK, net, "norm") == "the network returns what conv gives"
    net = b.build([norm])
    assert found(BACK, net, "norm").layers == ("conv", "norm")  # type: ignore[union-attr]
    assert refused(FORWARD, net, "norm").startswith("fold-batch-norm folds it into conv")


@pytest.mark.parametrize(
    ("net", "why"),
    [
        (lambda: chain(("norm", BatchNorm()), ("c", CONV), image=image()),
         "c pads its input with zeros, which would have to be shifted too"),
        (lambda: chain(("norm", BatchNorm()), ("p", ZeroPadding((("height", 1, 1),))),
                       ("c", Conv(filters=8, windows=window(3))), image=image()),
         "p (zero_padding), which reads it, can take no scale and shift"),
        (lambda: chain(("norm", BatchNorm()), ("r", Activation("relu")),
                       ("c", Conv(filters=8, windows=window(1))), image=image()),
         "r (activation), which reads it, can take no scale and shift"),
        (lambda: chain(("norm", BatchNorm()), ("t", ConvTranspose(filters=2, windows=window(2))),
                       image=image()),
         "t (conv_transpose), which reads it, can take no scale and shift"),
        (lambda: chain(("norm", BatchNorm()), image=image()),
         "the network returns what norm gives"),
    ],
)  # fmt: skip
def test_what_cannot_be_folded_forward_is_refused(net: Any, why: str) -> None:
    assert refused(FORWARD, net(), "norm") == why


def test_several_readers_or_a_shared_layer_stop_it() -> None:
    b = Builder("readers")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=4)), name="x")
    norm = b.add(BatchNorm(axis="feature"), x, name="norm")
    one = b.add(Dense(units=4), norm, name="one")
    two = b.add(Dense(units=4), one, name="two", shared_with="one")
    assert refused(FORWARD, b.build([two]), "norm") == "one: its weights are those of 'two' too"
    other = b.add(Dense(units=4), norm, name="other")
    assert refused(FORWARD, b.build([other]), "norm") == "what norm gives is read by one and other"


def test_a_call_of_a_shared_convolution_is_never_corrupted() -> None:
    """The module of pytorch#197539: whatever is asked for, its outputs stay."""
    net = twice()
    names = ["fold-batch-norm", "fold-batch-norm-forward"]
    found = convcost.rewrite(net, names, device="laptop-cpu")
    assert not found.changed
    assert found.network.layer("again").shared_with == "conv"
    for one, other in zip(results(found.network), results(net), strict=True):
        np.testing.assert_array_equal(one, other)
    new = New(name="conv", op=CONV, inputs=(Ref("image"),))
    with pytest.raises(NetworkError, match="uses the parameters of 'conv'"):
        rebuilt(net, {"conv": (new,)})


@SLOW
@given(st.data())
def test_where_it_folds_is_said_the_same_way_twice(data: st.DataObject) -> None:
    """A BatchNorm that is a place of one rewrite is refused by the other."""
    from support.random_networks import networks

    net = data.draw(networks())
    norms = [layer for layer in net.layers if isinstance(layer.op, BatchNorm)]
    assume(norms)
    back = {each.layer: each for each in BACK.sites(net)}
    forward = {each.layer: each for each in FORWARD.sites(net)}
    assert back.keys() == forward.keys() == {layer.name for layer in norms}
    for layer in norms:
        places = [hasattr(each[layer.name], "layers") for each in (back, forward)]
        assert places.count(True) <= 1
        assert places[0] == (not hasattr(fold_back(net, layer), "why"))
        if not places[0]:
            assert places[1] == (not hasattr(fold_forward(net, layer), "why"))
