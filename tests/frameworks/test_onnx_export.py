"""PyTorch modules exported to ONNX: the file counts as the module does."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from support import given_cases
from support.given_cases import CASES

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxscript", reason="onnxscript is not installed")


pytestmark = pytest.mark.filterwarnings("ignore")

#: What the TorchScript exporter changes: MACs and parameters of the file less the module's.
CHANGED = {
    # BatchNorm is folded: a bias per channel instead of a scale and a shift
    "resnet18_224": (0, -8_640),
    "mobilenet_v1_224": (0, -19_872),
    "unused_layer": (0, -576),  # what the forward pass does not use is not in the file
    "ew_F.batch_norm": (0, 16),  # statistics become the learned scale and shift of an identity
}
#: What it cannot export.
REFUSED = {
    "lazyconv": "uninitialized parameter",
    "bilinear": "aten::bilinear",
    "TransformerEncLayer_eval": "is_causal",
}


def exported(module: Any, inputs: tuple[Any, ...], **options: Any) -> Any:
    """The module as a ModelProto."""
    logging.getLogger("torch.onnx").setLevel(logging.CRITICAL)
    file = io.BytesIO()
    torch.onnx.export(module.eval(), inputs, file, dynamo=False, **options)
    return onnx.load_from_string(file.getvalue())


def figures(network: Any, batch: int = 1) -> tuple[Any, Any]:
    total = convcost.count(network, batch=batch).total
    return total.forward.macs, total.parameters


@given_cases.needed
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_file_counts_as_its_module(name: str) -> None:
    _, make = CASES[name]
    module, inputs, truth = make()
    if name in REFUSED:
        with pytest.raises(Exception, match=REFUSED[name]):
            exported(module, tuple(inputs))
        return
    network = convcost.read(exported(module, tuple(inputs)), batch_axis=None)
    assert convcost.count(network).complete
    macs, parameters = CHANGED.get(name, (0, 0))
    assert figures(network) == (truth["mac"] + macs, truth["p"] + parameters)


@given_cases.needed
def test_every_change_is_of_a_case() -> None:
    assert set(CHANGED) | set(REFUSED) <= set(CASES)


@pytest.fixture
def small() -> Any:
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, groups=8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip


def test_an_open_batch_is_n(small: Any) -> None:
    model = exported(small, (torch.zeros(2, 3, 16, 16),), input_names=["image"],
                     dynamic_axes={"image": {0: "batch"}})  # fmt: skip
    network = convcost.read(model)
    module = convcost.read(small, inputs=(1, 3, 16, 16))
    assert network.symbols == {"N"}
    assert figures(network, 5)[0] == figures(module, 5)[0]
    assert network.notes == ()


def test_open_sizes_are_symbols(small: Any) -> None:
    axes = {"image": {0: "batch", 2: "height", 3: "width"}}
    model = exported(small, (torch.zeros(2, 3, 16, 16),), input_names=["image"], dynamic_axes=axes)
    network = convcost.read(model, dims={"height": 32, "width": 24})
    module = convcost.read(small, inputs=(1, 3, 32, 24))
    assert figures(network, 5)[0] == figures(module, 5)[0]


def test_a_fixed_batch_is_n_too(small: Any) -> None:
    network = convcost.read(exported(small, (torch.zeros(1, 3, 16, 16),)))
    assert figures(network, 5)[0] == figures(convcost.read(small, inputs=(1, 3, 16, 16)), 5)[0]


def test_batch_norm_without_folding_has_its_statistics(small: Any) -> None:
    model = exported(small, (torch.zeros(1, 3, 16, 16),), do_constant_folding=False,
                     training=torch.onnx.TrainingMode.TRAINING)  # fmt: skip
    total = convcost.count(convcost.read(model)).total
    expected = convcost.count(convcost.read(small, inputs=(1, 3, 16, 16))).total
    assert (total.parameters, total.statistics) == (expected.parameters, expected.statistics)


def test_weights_have_the_order_of_the_module_s(small: Any) -> None:
    model = exported(small, (torch.zeros(1, 3, 16, 16),))
    network = convcost.read(model)
    module = convcost.read(small, inputs=(1, 3, 16, 16))
    assert (network.table["4.weight"].values() == module.table["4.weight"].values()).all()
    assert (network.table["7.weight"].values() == module.table["7.weight"].values()).all()


def test_the_newer_exporter_too(small: Any) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.CRITICAL)
    options = {"dynamo": True, "verbose": False, "dynamic_shapes": ({0: torch.export.Dim.AUTO},)}
    program = torch.onnx.export(small.eval(), (torch.zeros(2, 3, 16, 16),), **options)
    network = convcost.read(program.model_proto)
    module = convcost.read(small, inputs=(1, 3, 16, 16))
    assert figures(network, 5)[0] == figures(module, 5)[0]


def test_an_lstm_has_the_module_s_weights() -> None:
    lstm = torch.nn.LSTM(4, 6, bidirectional=True)
    model = exported(lstm, (torch.zeros(5, 2, 4),))
    network = convcost.read(model, batch_axis=1)
    module = convcost.read(lstm, inputs=(5, 2, 4), batch_axis=1)
    assert figures(network, 3) == figures(module, 3)
    (own,) = [layer for layer in network.layers if layer.op.kind == "recurrent_stack"]
    (other,) = [layer for layer in module.layers if layer.op.kind == "recurrent_stack"]
    for ours, theirs in zip(own.parameters, other.parameters, strict=True):
        assert (network.table[ours].values() == module.table[theirs].values()).all()


_KERAS = """
import keras, numpy as np, convcost, sys
layers = keras.layers
model = keras.Sequential([
    layers.Input((16, 16, 3)), layers.Conv2D(8, 3, strides=2, padding="same"),
    layers.ReLU(), layers.DepthwiseConv2D(3), layers.MaxPooling2D(),
    layers.GlobalAveragePooling2D(), layers.Dense(5, activation="softmax"),
])
model(np.zeros((1, 16, 16, 3), "float32"))
model.export(sys.argv[1], format="onnx", verbose=False)
sources = sys.argv[1], model
file, own = (convcost.count(convcost.read(source), batch=3).total for source in sources)
assert file.forward.macs == own.forward.macs, (file, own)
assert file.parameters == own.parameters, (file, own)
"""


def test_a_keras_model_exported_by_its_torch_backend(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="Keras is not installed")
    done = subprocess.run(
        [sys.executable, "-c", _KERAS, str(tmp_path / "model.onnx")],
        env={**os.environ, "KERAS_BACKEND": "torch"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
