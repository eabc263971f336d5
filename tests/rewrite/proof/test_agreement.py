"""Approximate rewrites: errors of weights, agreement, accuracy; each beside NumPy's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convcost.errors import NetworkError, SourceError
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.network import Ref
from convcost.network.surgery import New, rebuilt
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.window import window
from convcost.rewrite.proof.agreement import RANDOM, agreement
from convcost.rewrite.proof.weights import weight_errors
from convcost.rewrite.running.valued import filled
from convcost.rewrite.samples.data import Data
from convcost.write.values import Values
from support.proofs import CLASSES, factorised, folded, network, valued
from support.written import onnx_outputs

if TYPE_CHECKING:
    from convcost.network.network import Network

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

SAMPLES = 45


def data(**changes: Any) -> Data:
    state = np.random.default_rng(3)
    found = Data(
        source="data.npz",
        inputs=(state.standard_normal((SAMPLES, 3, 8, 7)).astype("float32"),),
        dtypes=("float32",),
        labels=state.integers(0, CLASSES, SAMPLES),
    )
    return replace(found, **changes) if changes else found


def image(filters: int, *, seed: int = 0) -> Network:
    b = Builder("one convolution")
    x = b.add(Input(Tensor.of(batch=BATCH, channel=4, height=9, width=9)), name="image")
    x = b.add(Conv(filters=filters, windows=window(3, padding="same")), x, name="conv")
    b.add(Activation("relu"), x, name="relu")
    return filled(b.build(), seed)


def split(net: Network, a: Any, b: Any, *, between: str = "linear") -> Network:
    """A 3x3 convolution as 3x1 and 1x3, with these kernels."""
    layer = net.layer("conv")
    op: Any = layer.op
    rows, columns = op.windows
    first = Conv(filters=a.shape[-1], windows=(rows, replace(columns, kernel=1)), bias=False,
                 activation=between)  # fmt: skip
    second = Conv(filters=op.filters, windows=(replace(rows, kernel=1), columns))
    bias = Values(net).of(layer)["bias"]
    made = (
        New(name="conv_a", op=first, inputs=layer.inputs, values=lambda: {"kernel": a}),
        New(name="conv", op=second, inputs=(Ref("conv_a"),),
            values=lambda: {"kernel": b, "bias": bias}),
    )  # fmt: skip
    return rebuilt(net, {"conv": made})


def test_the_error_of_a_factorised_head_is_what_its_svd_says() -> None:
    net = valued()
    after, error = factorised(net, 2)
    (found,) = weight_errors(net, after)
    assert (found.layer, found.layers, found.dropped) == ("head", ("head_down", "head"), False)
    assert found.error == pytest.approx(error, rel=1e-5)
    assert weight_errors(net, net) == ()


def test_the_error_of_a_split_kernel_is_that_of_the_sum_over_its_rank() -> None:
    net = image(5)
    kernel = Values(net).of(net.layer("conv"))["kernel"].astype("float64")
    state = np.random.default_rng(1)
    a, b = state.standard_normal((3, 1, 4, 2)), state.standard_normal((1, 3, 2, 5))
    whole = np.zeros_like(kernel)
    for i in range(3):
        for j in range(3):
            for rank in range(2):
                whole[i, j] += np.outer(a[i, 0, :, rank], b[0, j, rank])
    (found,) = weight_errors(net, split(net, a, b))
    wanted = np.linalg.norm(kernel - whole) / np.linalg.norm(kernel)
    assert found.error == pytest.approx(wanted, rel=1e-5)


def test_what_has_no_product_has_no_error() -> None:
    net = image(5)
    state = np.random.default_rng(1)
    a, b = state.standard_normal((3, 1, 4, 2)), state.standard_normal((1, 3, 2, 5))
    assert weight_errors(net, split(net, a, b, between="relu")) == ()


def test_dropped_channels_count_with_their_weights() -> None:
    net = image(5)
    layer = net.layer("conv")
    numbers = Values(net).of(layer)
    kept = {"kernel": numbers["kernel"][..., [0, 2, 3]], "bias": numbers["bias"][[0, 2, 3]]}
    op: Any = layer.op
    new = New(name="conv", op=replace(op, filters=3), inputs=layer.inputs, values=lambda: kept)
    (found,) = weight_errors(net, rebuilt(net, {"conv": (new,)}))
    lost = np.linalg.norm(numbers["kernel"][..., [1, 4]]) / np.linalg.norm(numbers["kernel"])
    assert found.dropped
    assert found.error == pytest.approx(lost, rel=1e-5)


def test_agreement_and_accuracy_are_those_of_numpy() -> None:
    net = valued()
    after, _ = factorised(net, 1)
    given = data()
    found = agreement(net, after, given)
    a, b = (onnx_outputs(each, given.inputs)[0].astype("float64") for each in (net, after))
    cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert found.samples == SAMPLES
    assert found.cosine == pytest.approx(cosines.mean(), rel=1e-5)
    assert found.least_cosine == pytest.approx(cosines.min(), rel=1e-5)
    assert found.difference == pytest.approx(np.linalg.norm(a - b) / np.linalg.norm(a), rel=1e-4)
    assert found.same_class == (a.argmax(1) == b.argmax(1)).mean() < 1
    right, still = (each.argmax(1) == given.labels for each in (a, b))
    assert found.accuracy is not None
    assert found.accuracy.to_dict() == {
        "before": right.mean(), "after": still.mean(),
        "lost": (right & ~still).sum(), "gained": (still & ~right).sum(),
    }  # fmt: skip


def test_labels_may_be_rows_with_a_single_one_and_held_out_samples_are_those_that_count() -> None:
    net = valued()
    given = data()
    rows = np.eye(CLASSES)[given.labels]
    wanted = agreement(net, net, given).accuracy
    assert agreement(net, net, data(labels=rows)).accuracy == wanted
    others = data(inputs=(np.zeros((3, 3, 8, 7), "float32"),), labels=np.zeros(3, "int64"))
    assert agreement(net, net, replace(others, held_out=given)).accuracy == wanted


def test_without_data_the_inputs_are_random_and_that_is_said() -> None:
    net = valued()
    found = agreement(net, folded(net))
    assert (found.data, found.samples, found.same_class) == (RANDOM, 64, 1.0)
    assert found.accuracy is None
    assert found.difference < 1e-5


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.full(SAMPLES, CLASSES), "its labels lie between 5 and 5; 'by hand' tells 5 classes"),
        (np.full(SAMPLES, -1), "lie between -1 and -1"),
        (np.full(SAMPLES, 0.5), r"float64 of \(45,\); expected a class per sample"),
        (np.zeros((SAMPLES, 3)), r"float64 of \(45, 3\); expected a class per sample"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels: Any, said: str) -> None:
    net = valued()
    with pytest.raises(SourceError, match=said):
        agreement(net, net, data(labels=labels))


def test_a_network_that_is_no_classifier_has_no_accuracy_and_says_why() -> None:
    net = image(5)
    state = np.random.default_rng(0)
    images = state.standard_normal((SAMPLES, 4, 9, 9)).astype("float32")
    found = agreement(net, net, data(inputs=(images,)))
    assert found.accuracy is None
    assert found.same_class is None
    assert found.remarks == ("'one convolution' returns no row of classes per sample: no accuracy",)


def test_what_is_no_finite_number_is_an_error() -> None:
    net = valued()
    with pytest.raises(NetworkError, match="the original returns what is no finite number"):
        agreement(net, net, data(inputs=(np.full((SAMPLES, 3, 8, 7), 3e38, "float32"),)))


def test_values_are_needed() -> None:
    with pytest.raises(NetworkError, match="comparing outputs needs the values of parameters"):
        agreement(network(), network())
