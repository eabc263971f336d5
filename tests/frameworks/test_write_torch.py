"""Networks written as PyTorch modules compute what their source computes, and can be trained."""

from __future__ import annotations

import copy
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import convcost
from convcost import zoo
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.network import Network, Ref
from convcost.network.tensor import Tensor
from convcost.ops.constant import Constant
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.unknown import Unknown
from convcost.write.onnx.model import onnx_model
from convcost.write.torch.module import torch_module
from support import given_cases
from support.files import shared
from support.keras_models import keras_models
from support.random_networks import networks
from support.written import ZOO, assert_equal, one_layer, onnx_outputs, totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


pytestmark = pytest.mark.filterwarnings("ignore")

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def outputs(module: Any, inputs: Sequence[Any]) -> list[np.ndarray]:
    """What a module makes of arrays at inference."""
    with torch.no_grad():
        found = module.eval()(*map(torch.as_tensor, inputs))
    return [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]


def predicted(model: Any, x: np.ndarray) -> Any:
    """What a Keras model makes of an array, whatever its backend is."""
    return model.predict(x, verbose=0)


def filled(module: Any) -> Any:
    """The module with statistics that are not the usual zeros and ones."""
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.data.uniform_(0.5, 1.5)
    return module.eval()


#: Modules of the shared cases that cannot be written, and what cannot.
REFUSED: Mapping[str, str] = {
    "conv_weightnorm": "normalize", "einsum_bij,jk": "view", "einsum_attn": "view",
    "unfold_conv": "copy", "attn_manual": "view", "MHA": "view",
    "TransformerEncLayer_eval": "view", "ew_F.batch_norm": "stored tensor",
}  # fmt: skip
#: Takes one batch size only, so it is no network of a batch: not read.
NOT_READ = "LSTMCell_loop10"


@given_cases.needed
def test_modules_compute_the_same_and_count_the_same_again() -> None:
    refused, written = {}, 0
    for name, (_, make) in given_cases.CASES.items():
        if name == NOT_READ:
            continue
        torch.manual_seed(0)
        module, inputs, _ = make()
        wanted = outputs(filled(module), inputs)
        net = convcost.read(module, inputs=inputs)
        try:
            made = torch_module(net)
        except NetworkError as error:
            refused[name] = error.message
            continue
        assert_equal(outputs(made, inputs)[0], wanted[0])
        assert totals(convcost.read(made, inputs=inputs)) == totals(net), name
        assert all(p.is_contiguous() for p in made.parameters()), name
        written += 1
    assert refused.keys() == REFUSED.keys()
    assert all(REFUSED[name] in message for name, message in refused.items())
    assert written == 67


def test_the_zoo_is_complete() -> None:
    assert {name.partition("?")[0] for name in ZOO} == {*zoo.names()} - {"seed004"}


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_computes_what_onnxruntime_computes(name: str) -> None:
    net = zoo.load(name)
    # what the last layer is given, too: a softmax of large numbers hides differences
    net = replace(net, outputs=(*net.outputs, net.layers[-1].inputs[0]))
    shape = [size if isinstance(size, int) else 1 for size in net.layers[0].outputs[0].shape]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    module = torch_module(net, seed=3)
    wanted = onnx_outputs(net, [x], seed=3)
    for found, each in zip(outputs(module, [x]), wanted, strict=True):
        assert_equal(found, each)
    assert totals(convcost.read(module, inputs=x.shape)) == totals(net)


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
        (torch.nn.Hardtanh(-2, 2), "clamp"),
        (torch.nn.Threshold(0.1, 20.0), "select"),
        (torch.nn.ConstantPad2d(1, 3.0), "copy"),
        (torch.nn.ReflectionPad2d(1), "copy"),
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
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["softmax over rows", "leaky", "slope", "nearest", "linear", "lengths", "root mean square",
     "rows", "slopes", "last two"],
)  # fmt: skip
def test_settings_of_keras_are_kept_by_both_writers(name: str) -> None:
    layer = keras_settings()[name]
    import keras

    model = keras.Sequential([keras.Input((6, 6, 4)), layer])
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype("float32")
    net = convcost.read(model)
    wanted = predicted(model, x)
    assert_equal(outputs(torch_module(net), [x])[0], wanted)
    assert_equal(onnx_outputs(net, [x])[0], wanted)


@settings(max_examples=200, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(net=networks(), batch=st.integers(2, 3))  # PyTorch refuses groups of a single value
def test_random_networks_compute_what_onnxruntime_computes(net: Network, batch: int) -> None:
    shape = [size if isinstance(size, int) else batch for size in net.layers[0].outputs[0].shape]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    (wanted,) = onnx_outputs(net, [x])
    (found,) = outputs(torch_module(net), [x])
    assert_equal(found, wanted)


def small() -> Any:
    """A module with frozen weights, statistics and a layer that is called twice."""
    layers = torch.nn.ModuleDict({
        "stem": torch.nn.Conv2d(3, 8, 3, padding=1), "norm": torch.nn.BatchNorm2d(8),
        "twice": torch.nn.Conv2d(8, 8, 3, padding=1), "drop": torch.nn.Dropout(0.5),
        "head": torch.nn.Linear(8, 4),
    })  # fmt: skip

    class Small(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, x: Any) -> Any:
            parts = self.layers
            x = parts["norm"](parts["stem"](x)).relu()
            x = parts["twice"](parts["twice"](x))
            return parts["head"](parts["drop"](x.mean((2, 3))))

    layers["stem"].requires_grad_(requires_grad=False)
    return Small()


def test_a_training_step_changes_what_is_trained_only() -> None:
    torch.manual_seed(0)
    module = torch_module(convcost.read(small(), inputs=(2, 3, 8, 8)))
    before = copy.deepcopy(module.state_dict())
    assert module.training
    trained = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.1)
    module(torch.randn(4, 3, 8, 8)).square().sum().backward()
    optimizer.step()
    changed = {k for k, v in module.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {
        "layers.norm.weight", "layers.norm.bias", "layers.norm.running_mean",
        "layers.norm.running_var", "layers.norm.num_batches_tracked", "layers.twice.weight",
        "layers.twice.bias", "layers.head.weight", "layers.head.bias",
    }  # fmt: skip


def test_parts_are_layers_of_pytorch_under_the_network_s_names() -> None:
    source = small().eval()
    module = torch_module(convcost.read(source, inputs=(2, 3, 8, 8)))
    assert module.state_dict().keys() == source.state_dict().keys()
    kinds = {name: type(part) for name, part in source.named_modules() if "." in name}
    assert {name: type(module.get_submodule(name)) for name in kinds} == kinds
    seen = []
    module.layers.twice.register_forward_hook(lambda *_: seen.append(1))
    module(torch.zeros(2, 3, 8, 8))
    assert len(seen) == 2
    source.load_state_dict(module.state_dict())


def test_dropout_drops_in_training_only() -> None:
    module = torch_module(convcost.read(small(), inputs=(2, 3, 8, 8)))
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(module.eval()(x), module(x))
    module.train()
    assert not torch.equal(module(x), module(x))


def test_modules_can_be_copied_and_saved() -> None:
    model = zoo.load("xception-block")
    module = torch_module(model)
    x = np.random.default_rng(0).normal(size=(1, 19, 19, 728)).astype("float32")
    (wanted,) = outputs(module, [x])
    assert np.array_equal(outputs(copy.deepcopy(module), [x])[0], wanted)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other = torch_module(model, seed=1)
    assert not np.allclose(outputs(other, [x])[0], wanted)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert np.array_equal(outputs(other, [x])[0], wanted)


def test_channels_first_networks_are_written_without_a_permutation() -> None:
    assert "permute" not in torch_module(zoo.load("googlenet")).code
    assert torch_module(zoo.load("seed000")).code.count("torch.permute(") == 2  # in, and to flatten


def test_names_are_no_code() -> None:
    evil = 'x"); raise SystemExit; ("'
    module = torch_module(one_layer(Dense(units=2), name=evil, feature=3))
    assert [name for name, _ in module.named_children()] == ["x_raise_SystemExit_"]
    assert outputs(module, [np.zeros((1, 3), "float32")])[0].shape == (1, 2)
    forbidden = torch_module(one_layer(Dense(units=2), name="forward", feature=3))
    assert isinstance(forbidden.get_submodule("forward_"), torch.nn.Linear)


def test_constants_are_parameters() -> None:
    builder = Builder("class token")
    x = builder.add(Input(Tensor.of(batch=BATCH, feature=3)), name="image")
    token = builder.add(
        Constant(tensor=Tensor.of(batch=1, feature=3), parameter=True), name="token"
    )
    builder.add(Merge("add"), x, token)
    module = torch_module(builder.build())
    x = np.zeros((2, 3), "float32")
    assert np.array_equal(outputs(module, [x])[0][1:], module.token.detach().numpy())


def test_several_inputs_and_outputs_keep_the_source_s_order() -> None:
    class Two(torch.nn.Module):  # type: ignore[misc]
        def forward(self, image: Any, mask: Any) -> Any:
            return image * mask, image.relu()

    inputs = (torch.randn(2, 3, 4, 4), torch.randn(2, 1, 4, 4))
    module = torch_module(convcost.read(Two(), inputs=inputs))
    for found, wanted in zip(module(*inputs), Two()(*inputs), strict=True):
        assert torch.equal(found, wanted)
    assert torch.equal(module(mask=inputs[1], image=inputs[0])[0], inputs[0] * inputs[1])


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


def test_what_has_no_counterpart_is_refused_by_name() -> None:
    x = Tensor.of(batch=BATCH, feature=3)
    with pytest.raises(NetworkError, match="layer 'layer': 'unknown' has no counterpart"):
        torch_module(one_layer(Unknown(name="Capsule", results=(x,)), feature=3))


def test_open_sizes_are_named() -> None:
    with pytest.raises(NetworkError, match="not known: Cin, Cout, K, P, S, X"):
        torch_module(zoo.load("seed004"))
    assert outputs(
        torch_module(zoo.load("seed004", X=8, K=3, P=1, S=1, Cin=2, Cout=4)),
        [np.zeros((1, 8, 8, 2), "float32")],
    )[0].shape == (1, 8, 8, 4)


def test_numbers_that_layers_share_are_shared_tensors() -> None:
    class Tied(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(7, 5)
            self.back = torch.nn.Linear(5, 7, bias=False)
            self.back.weight = self.words.weight

        def forward(self, x: Any) -> Any:
            return self.back(self.words(x))

    inputs = torch.randint(0, 7, (2, 3))
    module = torch_module(convcost.read(Tied(), inputs=inputs))
    assert module.words.weight is module.back.weight
    assert len(list(module.parameters())) == 1
    assert module(inputs).shape == (2, 3, 7)


def test_a_reference_to_an_inner_tensor_may_be_an_output() -> None:
    net = zoo.load("seed001-cnn")
    inner = net.layers[1].name
    module = torch_module(replace(net, outputs=(Ref(inner),)))
    assert outputs(module, [np.zeros((2, 28, 28, 1), "float32")])[0].shape == (2, 26, 26, 32)
