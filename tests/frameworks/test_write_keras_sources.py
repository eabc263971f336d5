"""Models of Keras and modules of PyTorch, written as Keras models, compute the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.write.files import save_networks
from convcost.write.keras.model import keras_model
from support.files import shared
from support.keras_models import keras_models
from support.written import assert_equal, onnx_outputs, totals
from support.written_keras import check_names, example, operations, outputs, torch_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")

keras = pytest.importorskip("keras", reason="Keras is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")


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
        "given statistics": sequential(
            k.Normalization(mean=[0.5, 0.1, 0.2, -1], variance=[1, 2, 0.5, 3]),
            k.Normalization(axis=None, mean=0.3, variance=1.7)),
        "factors": sequential(k.Rescaling([0.5, 2, 3, 1], offset=-1),
                              k.Rescaling(2.0, offset=[1, 2, 3, 4])),
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


APPLICATIONS = {"EfficientNetB0": {}, "MobileNet": {"alpha": 0.25}, "MobileNetV2": {"alpha": 0.35},
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
