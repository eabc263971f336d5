"""Networks written as ONNX models compute what their source computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.errors import NetworkError, SourceError
from convcost.write.onnx.model import onnx_model
from support.files import shared
from support.keras_models import keras_models

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.filterwarnings("ignore")

runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

#: Modules that cannot be written, and the op that cannot.
REFUSED = {
    "weight norm": "normalize", "spectral norm": "view", "standardised kernel": "deviation",
    "a kernel per sample": "repeat", "W @ x (unfold)": "im2col", "baddbmm": "factor",
    "bilinear": "bilinear", "cross attention": "computed_weights", "LSTM": "size",
    "LSTM with a projection": "size", "GRU": "size", "LSTM cell in a loop": "single step",
    "written in place into parts": "size", "class token and positions": "an open batch",
    "patches folded back": "scatter_add", "added by index": "stored tensors",
    "picked between pixels": "grid_sample", "everything else": "statistics",
}  # fmt: skip


def outputs(net: convcost.network.network.Network, inputs: Sequence[np.ndarray]) -> list[Any]:
    """What onnxruntime makes of the network written."""
    session = runtime.InferenceSession(onnx_model(net).SerializeToString())
    names = [each.name for each in session.get_inputs()]
    found: list[Any] = session.run(None, dict(zip(names, inputs, strict=True)))
    return found


def assert_equal(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


def test_modules_of_torch_compute_the_same() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from support.torch_cases import CASES

    written, refused = 0, {}
    for name, make in CASES.items():
        torch.manual_seed(0)
        module, inputs, *_ = make()
        module.eval()
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.data.uniform_(0.5, 1.5)
        with torch.no_grad():
            wanted = module(*inputs)
        try:
            net = convcost.read(module, inputs=inputs)
        except SourceError:
            continue  # one without a batch axis, which is tested elsewhere
        try:
            found = outputs(net, [each.numpy() for each in inputs])
        except NetworkError as error:
            refused[name] = error.message
            continue
        first = wanted[0] if isinstance(wanted, tuple) else wanted
        assert_equal(found[0], first.numpy())
        written += 1
    assert refused.keys() == REFUSED.keys()
    assert all(REFUSED[name] in message for name, message in refused.items())
    assert written >= 30


@pytest.mark.parametrize(
    "name",
    ["LSTM", "GRU", "simple", "embedding", "images", "sequences", "larger", "prepared", "volumes"],
)
def test_models_of_keras_compute_the_same(name: str) -> None:
    models = keras_models()
    import keras

    model = keras.Sequential(models[name])
    state = np.random.default_rng(0)
    for weight in model.weights:
        positive = "variance" in weight.path
        spread = 0.2 if len(weight.shape) > 1 else 1.0
        values = state.uniform(0.5, 1.5, weight.shape) if positive else state.normal(
            0, spread, weight.shape)  # fmt: skip
        weight.assign(values)
    shape = (2, *model.input_shape[1:])
    whole = name == "embedding"
    x = state.integers(0, 10, shape) if whole else state.normal(size=shape)
    x = x.astype("float32")
    (found,) = outputs(convcost.read(model), [x])
    assert_equal(found, keras.ops.convert_to_numpy(model(x, training=False)))


@pytest.mark.parametrize(
    "name",
    ["fer2013_mini_xception_0.66.hdf5", "fer2013_big_xception_0.66.hdf5",
     "mlperftiny_ic_resnet8_cifar10.h5", "mlperftiny_ad_autoencoder_dense.h5"],
)  # fmt: skip
def test_trained_files_compute_the_same(name: str) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    path = shared("models", name)
    model = keras.models.load_model(path, compile=False)
    x = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype("float32")
    (found,) = outputs(convcost.read(path), [x])
    assert_equal(found, keras.ops.convert_to_numpy(model(x, training=False)))
