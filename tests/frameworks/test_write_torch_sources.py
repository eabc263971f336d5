"""Models of Keras and modules of PyTorch, written as PyTorch modules, compute the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcost
from convcost.errors import NetworkError
from convcost.write.onnx.model import onnx_model
from convcost.write.torch.module import torch_module
from support.files import shared
from support.keras_models import keras_models
from support.written import assert_equal, onnx_outputs, totals
from support.written_torch import filled, outputs

pytestmark = pytest.mark.filterwarnings("ignore")

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def predicted(model: Any, x: np.ndarray) -> Any:
    """What a Keras model makes of an array, whatever its backend is."""
    return model.predict(x, verbose=0)


@pytest.mark.parametrize(
    "name",
    ["LSTM", "GRU", "simple", "embedding", "images", "sequences", "larger", "prepared", "volumes"],
)
def test_models_of_keras_compute_the_same(name: str) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    model = keras.Sequential(keras_models()[name])
    state = np.random.default_rng(0)
    for weight in model.weights:
        positive = "variance" in weight.path
        spread = 0.2 if len(weight.shape) > 1 else 1.0
        weight.assign(
            state.uniform(0.5, 1.5, weight.shape)
            if positive
            else state.normal(0, spread, weight.shape)
        )
    shape = (2, *model.input_shape[1:])
    x = state.integers(0, 10, shape) if name == "embedding" else state.normal(size=shape)
    x = x.astype("float32")
    net = convcost.read(model)
    module = torch_module(net)
    (found,) = outputs(module, [x])
    assert_equal(found, predicted(model, x))
    again = totals(convcost.read(module, inputs=torch.from_numpy(x)))
    assert again[:3] == totals(net)[:3]
    # PyTorch's cells have two biases; of Keras's with one the other is a buffer of zeros
    zeros = sum(b.numel() for name, b in module.named_buffers() if "bias_hh" in name)
    assert again[3] == totals(net)[3] + zeros


@pytest.mark.parametrize(
    "cell",
    [
        {"function": "lstm", "activation": "relu"},
        {"function": "lstm", "recurrent_activation": "hard_sigmoid"},
        {"function": "simple", "activation": "softsign", "use_bias": False},
        {"function": "gru", "reset_after": False, "go": "relu"},
    ],
)
def test_cells_that_pytorch_lacks_run_step_by_step(cell: dict[str, Any]) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    kinds = {"lstm": "LSTM", "simple": "SimpleRNN", "gru": "GRU"}
    options = {k: v for k, v in cell.items() if k not in {"function", "go"}}
    layer = getattr(keras.layers, kinds[cell["function"]])(3, return_sequences=True, **options)
    model = keras.Sequential([keras.Input((5, 4)), layer])
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
    net = convcost.read(model)
    module = torch_module(net)
    assert_equal(outputs(module, [x])[0], predicted(model, x))
    assert totals(convcost.read(module, inputs=x.shape)) == totals(net)


@pytest.mark.parametrize(
    "name",
    ["fer2013_mini_xception_0.66.hdf5", "fer2013_big_xception_0.66.hdf5",
     "mlperftiny_ic_resnet8_cifar10.h5", "mlperftiny_ad_autoencoder_dense.h5",
     "mlperftiny_vww_mobilenetv1_025.h5"],
)  # fmt: skip
def test_trained_files_compute_the_same(name: str) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    path = shared("models", name)
    net = convcost.read(path)
    shape = [size if isinstance(size, int) else 2 for size in net.layers[0].outputs[0].shape]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    try:
        model = keras.models.load_model(path, compile=False)
    except (TypeError, ValueError):
        wanted = onnx_outputs(net, [x])[0]  # a file that this Keras cannot load
    else:
        wanted = predicted(model, x)
    assert_equal(outputs(torch_module(net), [x])[0], wanted)


def layers_with_settings() -> dict[str, Any]:
    nn = torch.nn
    return {
        "softmax over channels": nn.Softmax(1), "log-softmax over rows": nn.LogSoftmax(2),
        "slope": nn.LeakyReLU(0.2), "mean slope": nn.RReLU(), "beta": nn.Softplus(2.0),
        "limit": nn.Hardshrink(0.7), "soft limit": nn.Softshrink(0.2), "celu": nn.CELU(0.3),
        "six": nn.ReLU6(), "halves": nn.GLU(1), "slopes": nn.PReLU(4), "one slope": nn.PReLU(),
        "rounded up": nn.MaxPool2d(3, 2, ceil_mode=True),
        "rounded up, padded": nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        "spread": nn.MaxPool2d(3, 2, 1, dilation=2), "parts": nn.AdaptiveAvgPool2d((5, 4)),
        "instance": nn.InstanceNorm2d(4, affine=True), "last": nn.RMSNorm(6, eps=1e-6),
        "last two": nn.LayerNorm([6, 6]), "no scale": nn.BatchNorm2d(4, affine=False),
        "near": nn.LocalResponseNorm(3, 1e-2, 0.5, 2.0), "sides": nn.ZeroPad2d((1, 2, 3, 0)),
        "same": nn.Conv2d(4, 6, (2, 3), padding="same", dilation=(2, 1)),
        "more": nn.ConvTranspose2d(4, 6, 3, 3, 1, 2, groups=2, dilation=2),
        "nearest": nn.Upsample(scale_factor=1.5), "cubic": nn.Upsample(size=(4, 9), mode="bicubic"),
    }  # fmt: skip


@pytest.mark.parametrize("name", layers_with_settings())
def test_settings_of_layers_are_kept(name: str) -> None:
    torch.manual_seed(0)
    module = filled(torch.nn.Sequential(layers_with_settings()[name]))
    for parameter in module.parameters():
        parameter.data.uniform_(-1, 1)
    x = torch.randn(2, 4, 6, 6)
    net = convcost.read(module, inputs=x)
    made = torch_module(net)
    assert_equal(outputs(made, [x])[0], outputs(module, [x])[0])
    assert made.state_dict().keys() == module.state_dict().keys()
    assert totals(convcost.read(made, inputs=x)) == totals(net)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.1}])
def test_attention_keeps_its_scale_and_its_mask(options: dict[str, Any]) -> None:
    class Attention(torch.nn.Module):  # type: ignore[misc]
        def forward(self, query: Any, key: Any, value: Any) -> Any:
            return torch.nn.functional.scaled_dot_product_attention(query, key, value, **options)

    torch.manual_seed(0)
    inputs = [torch.randn(2, 3, 5, 4) for _ in range(3)]
    net = convcost.read(Attention(), inputs=inputs)
    (wanted,) = outputs(Attention(), inputs)
    assert_equal(outputs(torch_module(net), inputs)[0], wanted)
    if "is_causal" in options:
        with pytest.raises(NetworkError, match="causal"):
            onnx_model(net)
    else:
        assert_equal(onnx_outputs(net, [each.numpy() for each in inputs])[0], wanted)


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (torch.nn.Threshold(0.1, 20.0), "select"),
        (torch.nn.ConstantPad2d(1, 3.0), "constant_pad"),
        (torch.nn.ReflectionPad2d(1), "reflect_pad"),
    ],
)
def test_what_the_network_does_not_keep_is_refused(layer: Any, function: str) -> None:
    net = convcost.read(torch.nn.Sequential(layer), inputs=(2, 4, 6, 6))
    with pytest.raises(NetworkError, match=f"layer '0': '{function}'"):
        torch_module(net)


def keras_settings() -> dict[str, Any]:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    k = keras.layers
    return {
        "softmax over rows": k.Softmax(axis=1), "leaky": k.Activation("leaky_relu"),
        "slope": k.ReLU(negative_slope=0.3), "nearest": k.Resizing(9, 4, interpolation="nearest"),
        "linear": k.Resizing(4, 9), "lengths": k.UnitNormalization(axis=(1, 2)),
        "root mean square": k.RMSNormalization(), "rows": k.BatchNormalization(axis=1),
        "slopes": k.PReLU(), "last two": k.LayerNormalization(axis=(2, 3)),
        "statistics": k.Normalization(), "statistics of rows": k.Normalization(axis=1),
        "given statistics": k.Normalization(mean=[0.5, 0.1, 0.2, -1], variance=[1, 2, 0.5, 3]),
        "one for all": k.Normalization(axis=None, mean=0.3, variance=1.7),
        "factors": k.Rescaling([0.5, 2, 3, 1], offset=-1),
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["softmax over rows", "leaky", "slope", "nearest", "linear", "lengths", "root mean square",
     "rows", "slopes", "last two", "statistics", "statistics of rows", "given statistics",
     "one for all", "factors"],
)  # fmt: skip
def test_settings_of_keras_are_kept_by_both_writers(name: str) -> None:
    layer = keras_settings()[name]
    import keras

    model = keras.Sequential([keras.Input((6, 6, 4)), layer])
    if name.startswith("statistics"):
        state = np.random.default_rng(1)
        layer.adapt_mean.assign(state.normal(size=layer.adapt_mean.shape))
        layer.adapt_variance.assign(state.uniform(0.5, 1.5, layer.adapt_variance.shape))
        layer.finalize_state()
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype("float32")
    net = convcost.read(model)
    wanted = predicted(model, x)
    assert_equal(outputs(torch_module(net), [x])[0], wanted)
    assert_equal(onnx_outputs(net, [x])[0], wanted)


def test_a_shared_layer_pads_every_input_as_its_size_asks() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    shared = keras.layers.Conv2D(3, 3, strides=2, padding="same")
    inputs = keras.Input((8, 8, 3))
    first = shared(inputs)
    last = shared(keras.layers.ZeroPadding2D(((0, 1), (0, 1)))(first))
    model = keras.Model(inputs, [first, last])
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    net = convcost.read(model)
    module = torch_module(net)
    assert len(list(module.parameters())) == 2
    for found, wanted in zip(outputs(module, [x]), predicted(model, x), strict=True):
        assert_equal(found, wanted)
    assert totals(convcost.read(module, inputs=x.shape)) == totals(net)
