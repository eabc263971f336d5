"""What is written computes what its source computes, or is refused by its layer's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.errors import NetworkError
from convcost.write.onnx.model import onnx_model
from convcost.write.torch.module import torch_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

nn, F = torch.nn, torch.nn.functional


class Calls(nn.Module):  # type: ignore[misc, name-defined]
    """A function of what a convolution computes."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)
        self.function = function

    def forward(self, x: Any) -> Any:
        """The function's result."""
        return self.function(self.conv(x))


def resized(**options: Any) -> Callable[[], Any]:
    return lambda: Calls(lambda x: F.interpolate(x, **options))


def calls(function: Callable[[Any], Any]) -> Callable[[], Any]:
    return lambda: Calls(function)


#: Both writers write these.
WRITTEN: dict[str, Callable[[], Any]] = {
    "gelu": nn.GELU,
    "gelu by tanh": lambda: nn.GELU(approximate="tanh"),
    "leaky": lambda: nn.LeakyReLU(0.2),
    "elu": lambda: nn.ELU(0.5),
    "celu": lambda: nn.CELU(0.3),
    "rrelu": nn.RReLU,
    "hard sigmoid": nn.Hardsigmoid,
    "hard shrink": lambda: nn.Hardshrink(0.2),
    "soft shrink": lambda: nn.Softshrink(0.2),
    "softplus": nn.Softplus,
    "softmin": lambda: nn.Softmin(1),
    "softmax of channels": nn.Softmax2d,
    "threshold": lambda: nn.Threshold(0.2, 0.0),
    "average": lambda: nn.AvgPool2d(3, 2, 1),
    "average of what is inside": lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    "average, rounded up": lambda: nn.AvgPool2d(3, 2, ceil_mode=True),
    "average, padded, rounding up adds nothing": lambda: nn.AvgPool2d(2, 2, 1, ceil_mode=True),
    "average of what is inside, rounded up": lambda: nn.AvgPool2d(
        3, 2, 1, ceil_mode=True, count_include_pad=False
    ),
    "maximum, rounded up": lambda: nn.MaxPool2d(3, 2, ceil_mode=True),
    "maximum of values apart": lambda: nn.MaxPool2d(2, 1, 0, dilation=2),
    "linear": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "linear, aligned": lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "linear to sizes, aligned": resized(size=(5, 11), mode="bilinear", align_corners=True),
    "linear by a fraction, aligned": resized(scale_factor=1.7, mode="bilinear", align_corners=True),
    "linear by an exact fraction": resized(scale_factor=1.25, mode="bilinear"),
    "linear, the factor anew": resized(
        scale_factor=1.7, mode="bilinear", recompute_scale_factor=True
    ),
    "cubic": lambda: nn.Upsample(scale_factor=2, mode="bicubic"),
    "cubic, aligned": lambda: nn.Upsample(scale_factor=2, mode="bicubic", align_corners=True),
    "nearest": resized(size=(5, 5), mode="nearest"),
    "nearest from the middle by 3": resized(scale_factor=3, mode="nearest-exact"),
    "local response": lambda: nn.LocalResponseNorm(3),
    "groups": lambda: nn.GroupNorm(2, 4),
    "instances": lambda: nn.InstanceNorm2d(4, affine=True),
    "layer norm": lambda: nn.LayerNorm([8, 8]),
    "zeros around": lambda: nn.ZeroPad2d(1),
    "norm": calls(lambda x: x.norm(dim=1)),
    "mean": calls(lambda x: x.mean((2, 3))),
    "largest": calls(lambda x: x.amax(1)),
    "log sum exp": calls(lambda x: x.logsumexp(1)),
    "divided": calls(lambda x: torch.div(x, x.sigmoid())),
    "attention": calls(lambda x: F.scaled_dot_product_attention(x, x, x)),
    "attention with a scale": calls(lambda x: F.scaled_dot_product_attention(x, x, x, scale=0.7)),
    "joined": calls(lambda x: torch.cat([x, x.relu()], 1)),
    "transposed": lambda: nn.ConvTranspose2d(4, 3, 3, 2, 1, output_padding=1),
    "dropout": nn.AlphaDropout,
    "hard tanh": lambda: nn.Hardtanh(-0.3, 0.4),
    "limits": calls(lambda x: x.clamp(-0.1, 0.2)),
    "lower limit": calls(lambda x: x.clamp(min=0.1)),
    "upper limits": calls(lambda x: torch.clamp(x, max=x.sigmoid())),
    "power": calls(lambda x: x**2),
    "plus a number": calls(lambda x: x + 1.5),
    "times a number": calls(lambda x: x * 0.5),
    "from a number": calls(lambda x: 1 - x),
    "from a tensor": calls(lambda x: torch.rsub(x, x.sigmoid())),
    "scaled sum": calls(lambda x: torch.add(x, x.sigmoid(), alpha=2)),
    "inverse tangent": calls(torch.atan),
    "unit length": calls(lambda x: F.normalize(x, dim=1)),
    "selected": calls(lambda x: torch.where(x > 0, x, x * x)),
    "masked": calls(lambda x: x.masked_fill(x > 0, 0.0)),
    "slice": calls(lambda x: x[:, :, 1:3]),
    "one channel": calls(lambda x: x[:, 1]),
    "expanded": calls(lambda x: x.mean(1, keepdim=True).expand(-1, 4, -1, -1)),
    "half": calls(lambda x: x.chunk(2, 1)[1]),
}

#: The network does not keep what these compute, or one of the writers does not.
OTHERS: dict[str, Callable[[], Any]] = {
    "softplus, steeper": lambda: nn.Softplus(beta=2),
    "softplus, straight early": lambda: nn.Softplus(threshold=1),
    "threshold, another value": lambda: nn.Threshold(0.1, 20),
    "average by a divisor": calls(lambda x: F.avg_pool2d(x, 2, divisor_override=3)),
    "average, padded, rounded up": lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    "smoothed": resized(size=(4, 4), mode="bilinear", antialias=True),
    "nearest from the middle": resized(size=(5, 5), mode="nearest-exact"),
    "linear by a fraction": resized(scale_factor=1.7, mode="bilinear"),
    "nearest by a fraction": resized(scale_factor=1.7, mode="nearest"),
    "from a tensor, twice": calls(lambda x: torch.rsub(x, x.sigmoid(), alpha=2)),
    "divided, rounded down": calls(lambda x: torch.div(x, x.sigmoid(), rounding_mode="floor")),
    "truncated remainder": calls(lambda x: torch.fmod(x, x.sigmoid())),
    "remainder": calls(lambda x: torch.remainder(x, x.sigmoid())),
    "rounded to tenths": calls(lambda x: torch.round(x, decimals=1)),
    "pixel shuffle": lambda: nn.PixelShuffle(2),
    "slopes": nn.PReLU,
    "reflected": lambda: nn.ReflectionPad2d(1),
    "threes around": lambda: nn.ConstantPad2d(1, 3.0),
    "cut off": lambda: nn.ZeroPad2d(-1),
    "deviation": calls(lambda x: x.std(1)),
    "variance": calls(lambda x: x.var(1, unbiased=False)),
    "sum of absolute values": calls(lambda x: x.norm(p=1, dim=1)),
    "largest absolute value": calls(lambda x: torch.linalg.vector_norm(x, float("inf"), 1)),
    "values that are not zero": calls(lambda x: x.relu().count_nonzero(1)),
    "place of the largest": calls(lambda x: x.argmax(1)),
    "running sum": calls(lambda x: x.cumsum(1)),
    "flipped": calls(lambda x: x.flip(2)),
    "rolled": calls(lambda x: x.roll(1, 2)),
    "causal attention": calls(lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True)),
    "shared keys": calls(
        lambda x: F.scaled_dot_product_attention(x, x[:, :2], x[:, :2], enable_gqa=True)
    ),
    "statistics of the batch": lambda: nn.BatchNorm2d(4, track_running_stats=False),
    "gated": lambda: nn.GLU(1),
    "repeated": calls(lambda x: x.repeat(1, 2, 1, 1)),
    "patches": lambda: nn.Unfold(2),
    "triangle": calls(lambda x: x.tril()),
    "circular": lambda: nn.Conv2d(4, 3, 3, padding=1, padding_mode="circular"),
}


def by_onnx(net: Network, x: np.ndarray) -> Any:
    session = runtime.InferenceSession(onnx_model(net).SerializeToString())
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def by_torch(net: Network, x: np.ndarray) -> Any:
    with torch.no_grad():
        return torch_module(net).eval()(torch.from_numpy(x)).numpy()


WRITERS = {"onnx": by_onnx, "torch": by_torch}


def assert_equal(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-4 * max(1.0, float(np.abs(wanted).max()))


def source(make: Callable[[], Any]) -> tuple[Network, np.ndarray, np.ndarray]:
    """A module's network, an input and what the module makes of it."""
    torch.manual_seed(0)
    module = nn.Sequential(make()).eval()
    x = 2 * torch.randn(2, 4, 8, 8)
    with torch.no_grad():
        wanted = module(x).numpy()
    return convcost.read(module, inputs=(x,)), x.numpy(), wanted


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_kept_is_written(name: str, writer: str) -> None:
    net, x, wanted = source(WRITTEN[name])
    assert_equal(WRITERS[writer](net, x), wanted)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_kept_is_refused_by_name(name: str, writer: str) -> None:
    net, x, wanted = source(OTHERS[name])
    try:
        found = WRITERS[writer](net, x)
    except NetworkError as error:
        assert error.message.startswith("layer '0")  # noqa: PT017 - or else the results count
    else:
        assert_equal(found, wanted)


def keras_layers() -> dict[str, tuple[Any, tuple[int, ...]]]:
    """Layers that are refused, and the shape of a sample."""
    k = pytest.importorskip("keras", reason="Keras is not installed").layers
    return {
        "backwards": (k.LSTM(3, go_backwards=True, return_sequences=True), (5, 4)),
        "cropped to a ratio": (k.Resizing(4, 8, crop_to_aspect_ratio=True), (6, 6, 3)),
        "padded to a ratio": (k.Resizing(4, 8, pad_to_aspect_ratio=True), (6, 6, 3)),
        "smaller than its crop": (k.CenterCrop(8, 9), (6, 6, 3)),
        "over two axes": (k.Softmax(axis=(1, 2)), (6, 6, 3)),
        "an activation that is a layer": (k.Dense(4, activation=k.LeakyReLU(0.1)), (6,)),
        "masked": (k.Masking(), (5, 4)),
        "undone": (k.Normalization(mean=1.0, variance=2.0, invert=True), (6, 6, 3)),
    }


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    "name",
    ["backwards", "cropped to a ratio", "padded to a ratio", "smaller than its crop",
     "over two axes", "an activation that is a layer", "masked", "undone"],
)  # fmt: skip
def test_layers_of_keras_are_refused_by_name(name: str, writer: str) -> None:
    layer, shape = keras_layers()[name]
    import keras

    model = keras.Sequential([keras.Input(shape), layer])
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    with pytest.raises(NetworkError, match=f"layer '{layer.name}'"):
        WRITERS[writer](convcost.read(model), x)


def operations() -> dict[str, Callable[[Any], Any]]:
    ops = pytest.importorskip("keras", reason="Keras is not installed").ops
    return {
        "x + 1": lambda x: x + 1.0, "x * 3": lambda x: x * 3.0, "x - 1": lambda x: x - 1.0,
        "1 - x": lambda x: 1.0 - x, "x / 4": lambda x: x / 4.0, "4 / x": lambda x: 4.0 / x,
        "gelu": ops.gelu, "exact gelu": lambda x: ops.gelu(x, approximate=False),
        "leaky relu": lambda x: ops.leaky_relu(x, 0.4), "elu": lambda x: ops.elu(x, 0.5),
        "relu": ops.relu, "softmax": ops.softmax, "hard sigmoid": ops.hard_sigmoid,
        "x - sigmoid(x)": lambda x: x - ops.sigmoid(x),
        "sigmoid(x) - x": lambda x: ops.sigmoid(x) - x,
        "celu": lambda x: ops.celu(x, 0.3), "threshold": lambda x: ops.threshold(x, 0.2, 0.1),
    }  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    "name",
    ["x + 1", "x * 3", "x - 1", "1 - x", "x / 4", "4 / x", "gelu", "exact gelu", "leaky relu",
     "elu", "relu", "softmax", "hard sigmoid", "x - sigmoid(x)", "sigmoid(x) - x", "celu",
     "threshold"],
)  # fmt: skip
def test_functions_of_keras_are_written_or_refused(name: str, writer: str) -> None:
    function = operations()[name]
    import keras

    given = keras.Input((6, 4))
    model = keras.Model(given, function(given))
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    wanted = np.asarray(model(x))
    net = convcost.read(model)
    try:
        found = WRITERS[writer](net, x)
    except NetworkError as error:
        assert error.message.startswith("layer '")  # noqa: PT017 - or else the results count
    else:
        assert_equal(found, wanted)
