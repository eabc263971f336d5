"""Networks written as Keras models compute what their source computes, and count the same again.

Keras runs on PyTorch here, as in all tests; on TensorFlow in a process of its own, `tf_write.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import convcost
from convcost import zoo
from convcost.errors import MissingFramework, NetworkError, UsageError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.chain import Chain
from convcost.ops.constant import Constant
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.copy import Fill
from convcost.ops.dense import Dense
from convcost.ops.elementwise import Elementwise
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten
from convcost.ops.resize import Resize
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.write.files import save_networks
from convcost.write.keras.model import keras_model, layer_of
from support.files import ROOT, shared
from support.keras_models import keras_models
from support.random_networks import networks
from support.written import ZOO, assert_equal, one_layer, onnx_outputs, totals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")

keras = pytest.importorskip("keras", reason="Keras is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")

SCRIPT = ROOT / "tests/support/tf_write.py"
#: Networks of the zoo that are computed, too; of the others it takes long.
COMPUTED = {"googlenet-torchvision", "inception-v1-block", "inception-v3-block",
            "mobilenet?image=96", "resnet18?image=96", "resnet50-keras?image=64", "seed000",
            "seed001-cnn", "seed001-cnn4", "seed001-mlp", "seed003", "xception-block"}  # fmt: skip


def outputs(model: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a Keras model makes of arrays at inference."""
    made = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    return [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(made)]


def torch_outputs(net: Network, inputs: Sequence[np.ndarray], **options: int) -> list[np.ndarray]:
    """What the PyTorch writer's module makes of them."""
    from convcost.write.torch.module import torch_module

    with torch.no_grad():
        found = torch_module(net, **options).eval()(*map(torch.as_tensor, inputs))
    return [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]


def filled(model: Any) -> Any:
    """The model with other numbers than the usual first ones."""
    state = np.random.default_rng(0)
    for weight in model.weights:
        spread = 0.2 if len(weight.shape) > 1 else 1.0
        positive = "variance" in weight.path
        made = state.uniform(0.5, 1.5, weight.shape) if positive else state.normal(
            0, spread, weight.shape)  # fmt: skip
        weight.assign(made)
    return model


def example(net: Network, batch: int = 2) -> list[np.ndarray]:
    state = np.random.default_rng(0)
    tensors = [layer.outputs[0] for layer in net.layers if isinstance(layer.op, Input)]
    shapes = [[s if isinstance(s, int) else batch for s in tensor.shape] for tensor in tensors]
    return [state.normal(size=shape).astype("float32") for shape in shapes]


def check_names(net: Network, model: Any) -> None:
    """All layers of a model belong to layers of the network, and those have theirs."""
    owners = layer_of(model)
    assert owners.keys() == {operation.name for operation in model.operations}
    assert set(owners.values()) <= {layer.name for layer in net.layers}
    for layer in model.layers:
        if layer.weights:
            assert net.layer(owners[layer.name]).parameters


# the numbers of these take as long as all others together, and they have nothing of their own
@pytest.mark.parametrize("name", [name for name in ZOO if name not in {"alexnet", "vgg16"}])
def test_the_zoo_counts_the_same_again_and_computes_the_same(name: str) -> None:
    net = zoo.load(name)
    x = example(net, 1)
    model = keras_model(net, seed=3)
    assert totals(convcost.read(model)) == totals(net)
    check_names(net, model)
    assert set(layer_of(model).values()) == {layer.name for layer in net.layers}
    if name in COMPUTED:
        (found,) = outputs(model, x)
        assert_equal(found, onnx_outputs(net, x, seed=3)[0])
        if name.startswith("seed") or name.endswith("block"):
            assert_equal(found, torch_outputs(net, x, seed=3)[0])


def test_the_ledgers_of_the_seeds_are_complete_again() -> None:
    for name in zoo.names():
        if name.startswith("seed") and name != "seed004":
            ledger = convcost.count(convcost.read(keras_model(zoo.load(name))))
            wanted = convcost.count(zoo.load(name))
            assert ledger.complete
            rows = [[(row.name, row.forward) for row in each.layers] for each in (ledger, wanted)]
            assert rows[0] == rows[1]


def differs_on_pytorch(net: Network) -> bool:
    """Keras's averages with ``same`` padding are other ones there where its sides differ."""
    return any(
        isinstance(layer.op, Pool) and layer.op.function == "average" and not layer.op.count_padding
        and any(w.pads(6)[0] != w.pads(6)[1] or w.padding == "same" for w in layer.op.windows)
        for layer in net.layers
    )  # fmt: skip


@settings(max_examples=40, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])  # fmt: skip
@given(net=networks(), batch=st.integers(1, 3))
def test_random_networks_compute_what_onnxruntime_computes(net: Network, batch: int) -> None:
    assume(not differs_on_pytorch(net))
    x = example(net, batch)
    model = keras_model(net)
    assert_equal(outputs(model, x)[0], onnx_outputs(net, x)[0])
    assert totals(convcost.read(model)) == totals(net)
    check_names(net, model)


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_models_on_tensorflow_compute_what_onnxruntime_computes() -> None:
    told = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    told["PYTHONPATH"] = str(ROOT / "tests")
    command = [sys.executable, str(SCRIPT)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == 11
    for name, (difference, again, of_file) in found.items():
        assert difference <= 1e-4, name
        assert again, name
        assert of_file, name


def sequential(*layers: Any, shape: tuple[int, ...] = (6, 6, 4)) -> Callable[[], Any]:
    return lambda: keras.Sequential([keras.Input(shape), *layers])


def functional(function: Callable[..., Any], *shapes: tuple[int, ...]) -> Callable[[], Any]:
    def make() -> Any:
        inputs = [keras.Input(shape) for shape in shapes]
        return keras.Model(inputs if len(inputs) > 1 else inputs[0], function(*inputs))

    return make


def models() -> dict[str, Callable[[], Any]]:
    """Keras models: what is written from them has the same layers."""
    k, ops = keras.layers, keras.ops
    twice = k.Conv2D(3, 3, strides=2, padding="same")
    dense = k.Dense(4)
    heads = k.MultiHeadAttention(2, 3, value_dim=5, output_shape=7)
    steps = (7, 5)
    return {
        "softmax over rows": sequential(k.Softmax(axis=1)),
        "leaky": sequential(k.Activation("leaky_relu")),
        "slope": sequential(k.ReLU(negative_slope=0.3)),
        "nearest": sequential(k.Resizing(9, 4, interpolation="nearest")),
        "linear": sequential(k.Resizing(4, 9)),
        "cubic": sequential(k.UpSampling2D(2, interpolation="bicubic")),
        "lengths": sequential(k.UnitNormalization()),
        "root mean square": sequential(k.RMSNormalization()),
        "rows": sequential(k.BatchNormalization(axis=1)),
        "last two": sequential(k.LayerNormalization(axis=(2, 3))),
        "statistics": sequential(k.Normalization(), shape=steps),
        "both directions": sequential(
            k.Bidirectional(k.LSTM(4, return_sequences=True)),
            k.Bidirectional(k.GRU(3), merge_mode="sum"), shape=steps,
        ),
        "cells": sequential(k.RNN([k.LSTMCell(4), k.GRUCell(3)]), shape=steps),
        "images in time": sequential(k.ConvLSTM2D(5, 3, padding="same"), shape=(4, 6, 6, 3)),
        "named axes": sequential(
            k.EinsumDense("abc,cde->abde", (None, 2, 8), bias_axes="de", activation="relu"),
            shape=steps,
        ),
        "functions": sequential(
            k.Dense(3, activation="softsign"), k.Dense(4, activation="log_softmax"),
            k.Activation("exponential"), k.Activation("gelu"), k.Activation("mish"),
        ),
        "one axis": sequential(
            k.Conv1D(3, 3, padding="causal", dilation_rate=2), k.SeparableConv1D(5, 3),
            k.DepthwiseConv1D(2), shape=(12, 4),
        ),
        "transposed": sequential(
            k.Conv2DTranspose(3, (2, 3), (3, 2), output_padding=(1, 0)),
            k.Conv2DTranspose(3, 4, dilation_rate=2),
        ),
        "groups": sequential(
            k.Conv2D(8, 3, (1, 2), padding="same", groups=2),
            k.DepthwiseConv2D((3, 2), depth_multiplier=2), k.DepthwiseConv2D(1, strides=2),
        ),
        "parts": sequential(k.AdaptiveAveragePooling2D((4, 2)), k.AdaptiveMaxPooling2D((1, 2))),
        "turned": sequential(k.Permute((3, 1, 2)), k.Conv2D(3, 2), k.Permute((2, 3, 1)),
                             k.Flatten(), k.Dense(2)),
        "repeated": sequential(k.RepeatVector(3), k.LSTM(3), shape=(8,)),
        "frozen": sequential(k.Dense(3, trainable=False), k.BatchNormalization(), k.Dense(2),
                             shape=(8,)),
        "steps": sequential(
            k.TimeDistributed(k.Conv2D(5, 3, padding="same", activation="relu")),
            k.TimeDistributed(k.MaxPooling2D()), k.TimeDistributed(k.Flatten()), k.LSTM(3),
            shape=(3, 8, 9, 4),
        ),
        "heads": functional(heads, (5, 4), (6, 4)),
        "attention": functional(
            lambda x, y: k.Attention(use_scale=True)([x, y]), (5, 4), (6, 4)),
        "added attention": functional(lambda x, y: k.AdditiveAttention()([x, y]), (5, 4), (6, 4)),
        "dot": functional(lambda x, y: k.Dot((2, 2), normalize=True)([x, y]), (5, 4), (6, 4)),
        "states": functional(
            lambda x, h, c: k.LSTM(4, return_state=True)(x, initial_state=[h, c]),
            (5, 3), (4,), (4,)),
        "states of both": functional(k.Bidirectional(k.LSTM(4, return_state=True)), (5, 3)),
        "shared": functional(
            lambda x: [twice(x), twice(k.ZeroPadding2D(((0, 1), (0, 1)))(twice(x)))], (8, 8, 3)),
        "shared, dense": functional(lambda x: dense(k.ReLU()(dense(x))), (4,)),
        "joined": functional(lambda x, y: k.Concatenate(axis=1)([x, y]), (5, 4), (6, 4)),
        "operations": functional(lambda x, y: ops.sigmoid(x) + ops.relu(y) * 2.0, (4,), (4,)),
        "pooled": functional(
            lambda x: k.Multiply()([x, ops.mean(x, axis=(1, 2), keepdims=True)]), (5, 5, 4)),
    }  # fmt: skip


ALIKE = [*keras_models(), *models()]


@pytest.mark.parametrize("name", ALIKE)
def test_models_of_keras_compute_the_same(name: str, tmp_path: Path) -> None:
    small = keras_models()
    model = filled(keras.Sequential(small[name]) if name in small else models()[name]())
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    net = convcost.read(model)
    written = keras_model(net)
    state = np.random.default_rng(1)
    x = {name_of(each): state.integers(0, 4, shape(each)) if name == "embedding"
         else state.normal(size=shape(each)) for each in model.inputs}  # fmt: skip
    wanted = by_name(model, x)
    file = tmp_path / "model.keras"
    save_networks([net], file)
    for source in (written, keras.models.load_model(file)):
        for found, each in zip(by_name(source, x), wanted, strict=True):
            assert_equal(found, each)
        assert operations(source) == operations(model)
    for source in (written, file):
        again = convcost.read(source)
        assert totals(again) == totals(net)
        assert convcost.count(again).complete


def operations(model: Any) -> set[str]:
    """The names of a model's layers and functions."""
    return {each.name for each in getattr(model, "_functional", model).operations}


def shape(tensor: Any) -> tuple[int, ...]:
    return (2, *tensor.shape[1:])


def by_name(model: Any, x: dict[str, np.ndarray]) -> list[np.ndarray]:
    """What a model makes of arrays under the names of its inputs, whose order may be another."""
    return outputs(model, [x[name_of(each)].astype("float32") for each in model.inputs])


def name_of(tensor: Any) -> str:
    """The name of the layer that makes it."""
    return str(tensor._keras_history.operation.name)


def torch_layers() -> dict[str, tuple[Any, tuple[int, ...]]]:
    """Modules of PyTorch whose layers Keras has otherwise, and the shape of an input."""
    nn = torch.nn
    image = (2, 4, 7, 9)
    return {
        "padded maximum": (nn.MaxPool2d(3, 2, 1), image),
        "rounded up": (nn.MaxPool2d(3, 2, ceil_mode=True), image),
        "padded average": (nn.AvgPool2d(3, 2, 1), image),
        "average of what is inside": (nn.AvgPool2d(3, 2, 1, count_include_pad=False), image),
        "padded on one side": (nn.Conv2d(4, 6, (2, 3), padding="same", dilation=(2, 1)), image),
        "padded, strided": (nn.Conv2d(4, 6, 3, 2, 1), (2, 4, 8, 8)),
        "depthwise": (nn.Conv2d(4, 8, 3, 1, 1, groups=4), image),
        "groups": (nn.Conv2d(4, 6, 3, 1, 1, groups=2), image),
        "transposed": (nn.ConvTranspose2d(4, 3, 3, 2, 1, output_padding=1), image),
        "transposed by four": (nn.ConvTranspose2d(4, 3, 4, 2, 1), image),
        "volumes": (nn.Sequential(nn.Conv3d(4, 3, 3, 1, 1), nn.MaxPool3d(2)), (2, 4, 4, 4, 4)),
        "series": (nn.Sequential(nn.Conv1d(4, 3, 3, padding=2), nn.ReLU(), nn.MaxPool1d(3, 2, 1)),
                   (2, 4, 9)),
        "near": (nn.LocalResponseNorm(3, 1e-2, 0.5, 2.0), image),
        "instances": (nn.InstanceNorm2d(4, affine=True), image),
        "all axes": (nn.LayerNorm([4, 7, 9]), image),
        "flattened": (nn.Sequential(nn.Conv2d(4, 3, 3), nn.Flatten(), nn.Linear(105, 5)), image),
        "flattened pixels": (
            nn.Sequential(nn.Conv2d(4, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                          nn.Linear(3, 5)), image),
        "slopes": (nn.PReLU(4), image),
        "one slope": (nn.PReLU(), image),
        "numbers": (nn.Sequential(nn.LeakyReLU(0.1), nn.CELU(0.3), nn.Hardshrink(0.1),
                                  nn.Softshrink(0.1), nn.Threshold(0.1, 0.0)), image),
        "softmax of channels": (nn.Softmax(1), image),
        "halves": (nn.GLU(1), image),
        "sides": (nn.ZeroPad2d((1, 2, 3, 0)), image),
        "nearest from below": (nn.Upsample(scale_factor=1.5), (2, 4, 6, 6)),
        "twice": (nn.Upsample(scale_factor=2), image),
        "linear": (nn.Upsample(scale_factor=2, mode="bilinear"), image),
        "linear, one axis": (nn.Upsample(scale_factor=2, mode="linear"), (2, 4, 9)),
        "parts": (nn.AdaptiveAvgPool2d((5, 4)), image),
        "gates": (nn.GRU(5, 6, batch_first=True), (2, 7, 5)),
    }  # fmt: skip


@pytest.mark.parametrize("name", torch_layers())
def test_modules_of_pytorch_compute_the_same(name: str) -> None:
    torch.manual_seed(0)
    module, shape = torch_layers()[name]
    for parameter in module.parameters():
        parameter.data.uniform_(-1, 1)
    x = torch.randn(shape) - 0.3
    with torch.no_grad():
        wanted = module.eval()(x)
    wanted = wanted[0] if isinstance(wanted, tuple) else wanted
    net = convcost.read(module, inputs=x)
    model = keras_model(net)
    assert_equal(outputs(model, [x.numpy()])[0], wanted.numpy())
    assert totals(convcost.read(model)) == totals(net)
    check_names(net, model)


def test_both_biases_of_pytorch_s_lstm_become_one() -> None:
    torch.manual_seed(0)
    module = torch.nn.LSTM(5, 6, 2, bidirectional=True)
    x = torch.randn(7, 2, 5)
    with torch.no_grad():
        result, (hidden, memory) = module(x)
    net = convcost.read(module, inputs=x, batch_axis=1)
    model = keras_model(net)
    for found, wanted in zip(outputs(model, [x.numpy()]), (result, hidden, memory), strict=True):
        assert_equal(found, wanted.numpy())
    macs, parameters, *_ = totals(net)
    assert totals(convcost.read(model))[:2] == (macs, parameters - 4 * 4 * 6)


def test_channels_first_networks_are_turned_at_their_ends_only() -> None:
    turns = {name: [layer.name for layer in keras_model(zoo.load(name)).layers
                    if isinstance(layer, keras.layers.Permute)]
             for name in ("googlenet", "seed000")}  # fmt: skip
    assert turns == {"googlenet": ["conv1_7x7_s2_permute"], "seed000": []}


APPLICATIONS = {"MobileNet": {"alpha": 0.25}, "MobileNetV2": {"alpha": 0.35},
                "MobileNetV3Small": {}, "ResNet50V2": {}, "VGG16": {}}  # fmt: skip


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_of_keras_compute_the_same_in_all_formats(name: str) -> None:
    options: dict[str, Any] = {"input_shape": (32, 32, 3), "include_top": False, "pooling": "avg"}
    make = getattr(keras.applications, name)
    model = filled_norms(make(weights=None, **options, **APPLICATIONS[name]))
    net = convcost.read(model)
    written = keras_model(net)
    x = example(net)
    (wanted,) = outputs(model, x)
    assert_equal(outputs(written, x)[0], wanted)
    assert_equal(torch_outputs(net, x)[0], wanted)
    assert_equal(unoptimised(net, x), wanted)
    assert operations(written) == operations(model)
    assert written.count_params() == model.count_params()
    assert totals(convcost.read(written)) == totals(net)


def filled_norms(model: Any) -> Any:
    state = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(state.normal(0, 0.1, layer.moving_mean.shape))
            layer.moving_variance.assign(state.uniform(0.5, 1.5, layer.moving_mean.shape))
    return model


def unoptimised(net: Network, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """By onnxruntime, whose optimiser makes a maximum of what a layer pads with zeros leave out
    the zeros (1.31): that of ResNet50V2.
    """
    from convcost.write.onnx.model import onnx_model

    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(onnx_model(net).SerializeToString(), options)
    names = [each.name for each in session.get_inputs()]
    found: np.ndarray = session.run(None, dict(zip(names, inputs, strict=True)))[0]
    return found


@pytest.mark.parametrize(
    "name",
    ["fer2013_mini_xception_0.66.hdf5", "fer2013_big_xception_0.66.hdf5",
     "mlperftiny_ic_resnet8_cifar10.h5", "mlperftiny_ad_autoencoder_dense.h5",
     "mlperftiny_vww_mobilenetv1_025.h5"],
)  # fmt: skip
def test_trained_files_compute_the_same(name: str) -> None:
    path = shared("models", name)
    net = convcost.read(path)
    x = example(net)
    model = keras_model(net)
    (found,) = outputs(model, x)
    assert_equal(found, onnx_outputs(net, x)[0])
    assert_equal(found, torch_outputs(net, x)[0])
    assert totals(convcost.read(model)) == totals(net)
    try:
        source = keras.models.load_model(path, compile=False)
    except (TypeError, ValueError):
        return  # a file that this Keras cannot load
    assert_equal(found, outputs(source, x)[0])


def image(**sizes: int) -> dict[str, int]:
    return {"height": 8, "width": 8, "channel": 4, **sizes}


REFUSED = {
    "unknown": (Unknown(name="Capsule", results=(Tensor.of(batch=BATCH, feature=3),)),
                {"feature": 3}, "'unknown' has no counterpart in Keras"),
    "clamp": (Elementwise(function="clamp"), {"feature": 3}, "'clamp' cannot be written to Keras"),
    "x + 1": (Elementwise(function="add"), {"feature": 3}, "'add' with a plain number"),
    "stride and dilation": (Conv(filters=2, windows=window(3, 2, dilation=2)), image(),
                            "a stride and a dilation at once"),
    "transposed in groups": (ConvTranspose(filters=4, windows=window(2, 2), groups=2), image(),
                             "in groups"),
    "apart": (Pool(function="max", windows=window(2, 1, dilation=2)), image(), "lie apart"),
    "corners": (Resize(sizes=(("height", 5), ("width", 5)), align_corners=True), image(),
                "positions between the outer values"),
    "cubic": (Resize(sizes=(("height", 5), ("width", 5)), interpolation="bicubic"), image(),
              "interpolation 'bicubic'"),
    "softplus": (Activation("softplus", 2.0), {"feature": 3}, "'softplus' with 2.0"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_keras_lacks_is_refused_by_name(name: str) -> None:
    op, sizes, message = REFUSED[name]
    with pytest.raises(NetworkError, match=r"^layer 'odd': ") as error:
        keras_model(one_layer(op, name="odd", **sizes))
    assert message in error.value.message


@pytest.mark.parametrize("op", ["constant", "ones"])
def test_operands_that_come_from_nowhere_are_refused(op: str) -> None:
    tensor = Tensor.of(batch=1, feature=3)
    builder = Builder("operand")
    x = builder.add(Input(Tensor.of(batch=BATCH, feature=3)), name="image")
    ops = {"constant": Constant(tensor=tensor, parameter=True),
           "ones": Fill(function="ones", result=tensor)}  # fmt: skip
    builder.add(Merge("add"), x, builder.add(ops[op], name="odd"))
    with pytest.raises(NetworkError, match=r"^layer 'odd': "):
        keras_model(builder.build())


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda k: k.LSTM(3, go_backwards=True), (5, 4)),
        (lambda k: k.Resizing(4, 8, crop_to_aspect_ratio=True), (6, 6, 3)),
        (lambda k: k.Softmax(axis=(1, 2)), (6, 6, 3)),
        (lambda k: k.Dense(4, activation=k.LeakyReLU(0.1)), (6,)),
    ],
)
def test_what_the_network_does_not_keep_is_refused_unless_only_the_cost_counts(
    layer: Callable[[Any], Any], shape: tuple[int, ...]
) -> None:
    made = layer(keras.layers)
    net = convcost.read(keras.Sequential([keras.Input(shape), made]))
    with pytest.raises(NetworkError, match=f"^layer '{made.name}': .* does not keep this"):
        keras_model(net)
    assert totals(convcost.read(keras_model(net, exact=False))) == totals(net)


def test_tied_weights_are_refused() -> None:
    class Tied(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(7, 5)
            self.back = torch.nn.Linear(5, 7, bias=False)
            self.back.weight = self.words.weight

        def forward(self, x: Any) -> Any:
            return self.back(self.words(x))

    net = convcost.read(Tied(), inputs=torch.randint(0, 7, (2, 3)))
    with pytest.raises(NetworkError, match="is used by several layers"):
        keras_model(net)


def test_layers_for_every_step_have_a_wrapper_each() -> None:
    chain = Chain((Conv(filters=5, windows=window(3)), Pool(function="max", windows=window(2, 2)),
                   Flatten()))  # fmt: skip
    steps = TimeDistributed(op=chain, names=("batch", "time", "channel"))
    net = one_layer(steps, name="steps", time=3, height=8, width=9, channel=4)
    model = keras_model(net)
    assert [layer.name for layer in model.layers] == [
        "image",
        "steps_step0",
        "steps_step1",
        "steps",
    ]
    assert totals(convcost.read(model)) == totals(net)
    alone = keras_model(one_layer(chain.ops[0], height=8, width=9, channel=4))
    alone.layers[1].set_weights(model.layers[1].get_weights())
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 9, 4)).astype("float32")
    images = outputs(alone, [x.reshape(6, 8, 9, 4)])[0][:, :6, :6].reshape(2, 3, 3, 2, 3, 2, 5)
    assert_equal(outputs(model, [x])[0], images.max((3, 5)).reshape(2, 3, -1))


def test_without_keras_the_line_to_type_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingFramework, match="needs Keras") as error:
        keras_model(zoo.load("seed000"))
    assert error.value.hint == "pip install 'convcost[keras]'"


def test_open_sizes_are_named() -> None:
    with pytest.raises(NetworkError, match="not known: Cin, Cout, K, P, S, X"):
        keras_model(zoo.load("seed004"))


def test_names_are_those_of_the_network_as_far_as_keras_allows() -> None:
    builder = Builder("a/b c")
    x = builder.add(Input(Tensor.of(batch=BATCH, channel=3, height=8, width=8)), name="image")
    x = builder.add(Conv(filters=2, windows=window(3, 2, padding=(1, 1))), x, name="/block/0.conv")
    builder.add(Activation("relu"), x, name="block_0_conv_pad")
    net = builder.build()
    model = keras_model(net)
    assert model.name == "a_b_c"
    assert dict(layer_of(model)) == {
        "image": "image", "block_0_conv_permute": "/block/0.conv",
        "block_0_conv_pad_2": "/block/0.conv", "block_0_conv": "/block/0.conv",
        "block_0_conv_pad": "block_0_conv_pad", "block_0_conv_pad_permute": "block_0_conv_pad",
    }  # fmt: skip
    assert type(model.get_layer("block_0_conv")) is keras.layers.Conv2D


def test_frozen_layers_stay_frozen(tmp_path: Path) -> None:
    first, second = keras.layers.Dense(3, trainable=False), keras.layers.Dense(2)
    net = convcost.read(keras.Sequential([keras.Input((4,)), first, second]))
    file = tmp_path / "model.keras"
    save_networks([net], file)
    for model in (keras_model(net), keras.models.load_model(file)):
        assert [layer.trainable for layer in model.layers[1:]] == [False, True]
        assert len(model.trainable_weights) == 2


def test_a_step_of_training_changes_what_is_trained() -> None:
    net = zoo.load("seed000")
    model = keras_model(net)
    x = example(net)[0]
    before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    model.train_on_batch(x, np.zeros(len(x)))
    after = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_the_batch_can_be_fixed() -> None:
    assert keras_model(zoo.load("seed000"), batch=4).input_shape[0] == 4
    assert keras_model(zoo.load("seed000")).input_shape[0] is None


def test_one_network_to_a_file(tmp_path: Path) -> None:
    nets = [zoo.load("seed000")] * 2
    with pytest.raises(UsageError, match="a Keras model holds one network; here are 2"):
        save_networks(nets, tmp_path / "model.keras")
    save_networks(nets[:1], tmp_path / "model.keras")
    with pytest.raises(UsageError, match="exists"):
        save_networks(nets[:1], tmp_path / "model.keras")


def test_dense_layers_of_images_act_on_the_network_s_last_axis() -> None:
    net = one_layer(Dense(units=5), channel=3, height=4, width=6)
    x = example(net)
    assert_equal(outputs(keras_model(net), x)[0], onnx_outputs(net, x)[0])
