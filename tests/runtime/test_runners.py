"""Networks run in ONNX Runtime: what comes out, and whose time its kernels are."""

from __future__ import annotations

import sys
import tempfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from convcost import zoo
from convcost.errors import MissingFramework, NetworkError, UsageError
from convcost.network.builder import Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.embedding import Embedding
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.runtime.runners.inputs import random_inputs
from convcost.runtime.runners.onnxruntime_kernels import Node, layers_of_kernels
from convcost.runtime.runners.registry import runner, runners
from convcost.runtime.runners.runner import Job
from convcost.write.onnx.model import onnx_model

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.network.network import Network
    from convcost.runtime.runners.runner import Watched

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def network() -> Network:
    """A convolution with everything behind it that is computed while it writes, and a head."""
    b = Builder("residual")
    image = b.add(Input(Tensor.of(batch=2, channel=16, height=12, width=12)), name="image")
    x = b.add(Conv(filters=16, windows=window(3, padding="same")), image, name="first")
    x = b.add(BatchNorm(), x, name="first_norm")
    relu = b.add(Activation("relu"), x, name="first_relu")
    x = b.add(Conv(filters=16, windows=window(3, padding="same"), bias=False), relu, name="second")
    x = b.add(BatchNorm(), x, name="second_norm")
    x = b.add(Merge("add"), x, relu, name="sum")
    x = b.add(Activation("relu"), x, name="second_relu")
    x = b.add(GlobalPool(function="average", axes=("height", "width")), x, name="pool")
    b.add(Dense(units=5, activation="softmax"), x, name="head")
    return b.build()


def watched(net: Network, job: Job | None = None) -> Watched:
    return runner("onnxruntime").load(net, job or Job()).watch()


def fused(found: Watched) -> list[tuple[str, ...]]:
    return [span.layers for span in found.spans if span.layers]


def test_the_registry_knows_its_runners() -> None:
    assert {"onnxruntime", "torch"} <= runners().keys()
    assert all(each.name == name for name, each in runners().items())
    assert all(each.needs.startswith("pip install ") for each in runners().values())
    with pytest.raises(UsageError, match="unknown runtime to measure in 'onnx-runtime'") as caught:
        runner("onnx-runtime")
    assert "did you mean onnxruntime" in str(caught.value)


@pytest.mark.parametrize("name", runners())
def test_a_missing_framework_is_said_with_what_to_type(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = name.partition("-")[0]
    monkeypatch.setitem(sys.modules, package, None)
    for call in (runner(name).versions, lambda: runner(name).load(network(), Job())):
        with pytest.raises(MissingFramework) as caught:
            call()
        assert caught.value.hint == runner(name).needs


def test_the_versions_are_those_that_run() -> None:
    import onnx
    import onnxruntime

    expected = {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}
    assert runner("onnxruntime").versions() == expected


def test_results_are_those_of_the_reference_implementation() -> None:
    from onnx.reference import ReferenceEvaluator

    net, (x,) = network(), random_inputs(network(), batch=1, seed=3)
    loaded = runner("onnxruntime").load(net, Job(seed=3))
    (expected,) = ReferenceEvaluator(onnx_model(net, seed=3)).run(None, {"image": x})
    (found,) = loaded.results()
    assert np.abs(found - expected).max() < 1e-5
    (other,) = runner("onnxruntime").load(net, Job(seed=4)).results()
    assert np.abs(found - other).max() > 1e-3


def test_what_is_folded_and_fused_is_listed_with_the_kernel_that_computes_it() -> None:
    found = fused(watched(network()))
    assert ("first", "first_norm", "first_relu") in found
    assert ("second", "second_norm", "sum", "second_relu") in found
    assert ("pool",) in found
    assert ("head",) in found


@pytest.mark.parametrize(
    "name",
    ["seed000", "seed001-cnn", "seed001-mlp", "seed003", "resnet18?image=64", "mobilenet?image=64",
     "googlenet", "inception-v3-block", "xception-block"],
)  # fmt: skip
def test_every_layer_is_in_a_span_and_every_product_in_one(name: str) -> None:
    net = zoo.load(name)
    found = watched(net)
    spans = [span for span in found.spans if span.layers]
    layers = [layer for layer in net.layers if not isinstance(layer.op, Input)]
    assert {name for span in spans for name in span.layers} == {layer.name for layer in layers}
    products = [span for span in spans if span.kernel in {"Conv", "FusedConv", "Gemm", "FusedGemm"}]
    for layer in layers:
        if isinstance(layer.op, Conv | Dense):
            assert sum(layer.name in span.layers for span in products) == 1, layer.name
    for span in products:
        owned = [n for n in span.layers if isinstance(net.layer(n).op, Conv | Dense)]
        assert len(owned) <= 1, span


def test_spans_are_the_whole_without_gaps_or_overlaps() -> None:
    found = watched(network())
    assert sum(span.seconds for span in found.spans) == pytest.approx(found.seconds)
    assert all(span.seconds >= 0 for span in found.spans)
    assert {span.phase for span in found.spans} == {"forward", "loop"}
    assert [span.layers for span in found.spans if span.phase == "loop"] == [()]


def test_watched_runs_can_be_taken_again_and_again_and_leave_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    loaded = runner("onnxruntime").load(network(), Job())
    runs = [loaded.watch() for _ in range(3)]
    assert len({tuple(fused(each)) for each in runs}) == 1
    assert len({each.seconds for each in runs}) > 1
    assert not list(tmp_path.iterdir())


def test_whole_numbers_are_below_the_entries_of_the_smallest_table() -> None:
    b = Builder("two tables")
    words = b.add(Input(Tensor.of(batch=1, time=500, dtype="int32")), name="words")
    b.add(Input(Tensor.of(batch=1, time=500, dtype="bool")), name="mask")
    b.add(Embedding(entries=7, units=3), words, name="small")
    b.add(Embedding(entries=900, units=3), words, name="large")
    net = b.build()
    numbers, marks = random_inputs(net, batch=1, seed=0)
    assert (numbers.dtype, marks.dtype) == (np.dtype("int32"), np.dtype("bool"))
    assert set(np.unique(numbers)) == set(range(7))
    assert set(np.unique(marks)) == {False, True}


def test_an_embedding_runs() -> None:
    b = Builder("table")
    words = b.add(Input(Tensor.of(batch=1, time=50, dtype="int64")), name="words")
    b.add(Embedding(entries=7, units=3), words, name="table")
    loaded = runner("onnxruntime").load(b.build(), Job())
    loaded.run()
    assert loaded.results()[0].shape == (1, 50, 3)
    assert fused(loaded.watch()) == [("table",)]


def test_numbers_of_inputs_are_neither_tiny_nor_constant() -> None:
    net = zoo.load("seed000")
    first, again, other = (random_inputs(net, batch=4, seed=seed)[0] for seed in (1, 1, 2))
    assert first.shape == (4, 32, 32, 3)
    assert first.dtype == np.float32
    assert np.abs(first).min() > 1e-30
    assert 0.9 < first.std() < 1.1
    assert (first == again).all()
    assert not (first == other).any()


def test_inputs_that_cannot_be_made_are_refused() -> None:
    b = Builder("half")
    b.add(Activation("relu"), b.add(Input(Tensor.of(batch=1, feature=2, dtype="bfloat16"))))
    with pytest.raises(NetworkError, match="bfloat16"):
        random_inputs(b.build(), batch=1, seed=0)


def test_training_is_refused() -> None:
    with pytest.raises(UsageError, match="does not train"):
        runner("onnxruntime").load(network(), Job(training=True))


def test_a_layer_without_a_counterpart_is_named() -> None:
    b = Builder("capsules")
    image = b.add(Input(Tensor.of(batch=1, feature=3)), name="image")
    result = Tensor.of(batch=1, feature=3)
    b.add(Unknown(name="Capsule", results=(result,)), image, name="odd")
    with pytest.raises(NetworkError, match="layer 'odd'"):
        runner("onnxruntime").load(b.build(), Job())


def chain(*nodes: tuple[str, str, str, str]) -> list[Node]:
    """Nodes from (name, operator, inputs, layer); each writes the value of its name."""
    return [Node(name, op, tuple(inputs.split()), (name,), layer)
            for name, op, inputs, layer in nodes]  # fmt: skip


WRITTEN = chain(
    ("pad", "Pad", "image", "padding"),
    ("conv", "Conv", "pad w", "conv"),
    ("norm", "BatchNormalization", "conv", "norm"),
    ("relu", "Relu", "norm", "relu"),
    ("side", "Conv", "image v", "side"),
    ("sum", "Add", "relu side", "sum"),
    ("drop", "Dropout", "sum", "drop"),
    ("turn", "Transpose", "drop", "flat"),
    ("flat", "Reshape", "turn", "flat"),
    ("fc", "MatMul", "flat u", "fc"),
    ("fc_2", "Add", "fc b", "fc"),
    ("result", "Identity", "fc_2", ""),
)


def test_a_graph_that_was_not_optimised_is_its_own_attribution() -> None:
    found = layers_of_kernels(WRITTEN, WRITTEN)
    assert found == {node.name: (node.layer,) if node.layer else ("fc",) for node in WRITTEN}


def test_kernels_named_after_the_last_node_that_they_replace() -> None:
    kernels = [
        Node("relu_nchwc", "Conv", ("image", "w"), ("reorder_1",)),
        Node("side_nchwc", "Conv", ("image", "v", "reorder_1"), ("reorder_2",)),
        Node("ReorderOutput", "ReorderOutput", ("reorder_2",), ("turn",)),
        Node("flat", "Reshape", ("turn",), ("flat",)),
        Node("gemm_token_7", "Gemm", ("flat", "u", "b"), ("result",)),
    ]
    assert layers_of_kernels(WRITTEN, kernels) == {
        "relu_nchwc": ("padding", "conv", "norm", "relu"),
        "side_nchwc": ("side", "sum", "drop"),
        "ReorderOutput": ("flat",),
        "flat": ("flat",),
        "gemm_token_7": ("fc",),
    }


def test_changes_of_the_layout_belong_to_those_that_need_them() -> None:
    written = chain(
        ("a", "Relu", "x", "a"), ("conv", "Conv", "a w", "conv"), ("b", "Softmax", "conv", "b")
    )
    kernels = [
        Node("a", "Relu", ("x",), ("a",)),
        Node("ReorderInput", "ReorderInput", ("a",), ("r1",)),
        Node("conv_nchwc", "Conv", ("r1", "w"), ("r2",)),
        Node("ReorderOutput", "ReorderOutput", ("r2",), ("conv",)),
        Node("b", "Softmax", ("conv",), ("b",)),
        Node("stray", "Cast", ("y",), ("z",)),
    ]
    assert layers_of_kernels(written, kernels) == {
        "a": ("a",),
        "ReorderInput": ("conv",),
        "conv_nchwc": ("conv",),
        "ReorderOutput": ("conv",),
        "b": ("b",),
        "stray": (),
    }


def test_the_peak_holds_at_least_a_layers_tensors_and_at_most_all() -> None:
    net = network()
    sizes = [sum(tensor.bytes for tensor in layer.outputs) for layer in net.layers]
    peak = runner("onnxruntime").load(net, Job(batch=2)).peak_bytes()
    assert peak is not None
    stored = sum(parameter.bytes for parameter in net.table.values())
    # the arena gives out memory in pieces of 256 bytes
    slack = 256 * (len(net.layers) + len(net.table))
    assert sum(sorted(sizes)[-2:]) <= peak <= sum(sizes) + 2 * stored + slack


def test_a_version_without_a_record_has_no_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convcost.runtime.runners.onnxruntime._IN_USE", "not_recorded")
    assert runner("onnxruntime").load(network(), Job(batch=2)).peak_bytes() is None
