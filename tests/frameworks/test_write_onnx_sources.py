"""ONNX models with views, plain numbers and constants, written to PyTorch and Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.errors import NetworkError
from convcost.network.builder import BATCH
from convcost.write.keras.model import keras_model
from convcost.write.torch.code import module_code
from convcost.write.torch.module import torch_module
from support.onnx_sources import FILES, LEARNED, SOURCES, example, ran
from support.written import assert_equal
from support.written_keras import outputs, torch_outputs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")

keras = pytest.importorskip("keras", reason="Keras is not installed")
pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def compared(found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert_equal(one, other)


@pytest.mark.parametrize("name", [*SOURCES, *LEARNED])
def test_modules_of_pytorch_compute_the_same(name: str) -> None:
    model, x = (SOURCES | LEARNED)[name].model(), example()
    compared(torch_outputs(convcost.read(model), [x]), ran(model, x))


@pytest.mark.parametrize("name", SOURCES)
def test_models_of_keras_compute_the_same(name: str, tmp_path: Path) -> None:
    model, x = SOURCES[name].model(), example()
    made = keras_model(convcost.read(model))
    wanted = ran(model, x)
    compared(outputs(made, [x]), wanted)
    file = tmp_path / "model.keras"
    made.save(file)
    compared(outputs(keras.models.load_model(file), [x]), wanted)


@pytest.mark.parametrize("name", LEARNED)
def test_parameters_that_are_operands_have_a_layer_of_convcost_where_the_cost_counts(
    name: str,
) -> None:
    model, x = LEARNED[name].model(), example()
    net = convcost.read(model)
    with pytest.raises(NetworkError, match="which Keras has no layer for"):
        keras_model(net)
    made = keras_model(net, exact=False)
    compared(outputs(made, [x]), ran(model, x))
    learned = sum(int(np.prod(weight.shape)) for weight in made.trainable_weights)
    assert learned == convcost.count(net).total.parameters


def test_numbers_per_channel_are_turned_and_not_the_map() -> None:
    made = keras_model(convcost.read(LEARNED["per channel"].model()), exact=False)
    turns = [layer.name for layer in made.layers if isinstance(layer, keras.layers.Permute)]
    assert turns == []


@pytest.mark.parametrize("name", ["boxes", "within", "some columns", "repeated", "from above"])
def test_their_code_computes_the_same(name: str) -> None:
    model, x = SOURCES[name].model(), example()
    made = module_code(convcost.read(model), "values.npz")
    names: dict[str, Any] = {"__file__": "written.py", "__name__": "written"}
    exec(made.text, names)  # noqa: S102 - what is written is Python code
    (kind,) = [v for v in names.values() if isinstance(v, type) and v.__module__ == "written"]
    import torch

    module = kind()
    state = {key: torch.from_numpy(np.array(array)) for key, array in made.state.items()}
    module.load_state_dict(state)
    assert_equal(module.eval()(torch.from_numpy(x)).numpy(), ran(model, x)[0])


@pytest.mark.parametrize("name", FILES)
def test_files_compute_the_same(name: str) -> None:
    import onnx

    path, shape = FILES[name]
    model = onnx.load(path())
    net = convcost.read(path())
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    wanted = ran(model, x)
    compared(torch_outputs(net.bind({str(BATCH): 1}), [x]), wanted)
    learned = name == "inception_v2"
    compared(outputs(keras_model(net, exact=not learned), [x]), wanted)


def test_numbers_that_are_not_kept_are_stood_in_for_where_the_cost_counts() -> None:
    from convcost.network.builder import Builder
    from convcost.network.tensor import Tensor
    from convcost.ops.elementwise import Elementwise
    from convcost.ops.input import Input
    from convcost.ops.preparation import Normalization, Rescaling

    builder = Builder("lost")
    x = builder.add(Input(Tensor.of(batch=BATCH, height=4, width=4, channel=3)), name="x")
    for place, op in enumerate(
        [Elementwise(function="add"), Elementwise(function="clamp"), Rescaling(),
         Normalization(stored=False)]
    ):  # fmt: skip
        x = builder.add(op, x, name=f"layer{place}")
    net = builder.build()
    image = np.zeros((2, 4, 4, 3), "float32")
    for write in (torch_module, keras_model):
        with pytest.raises(NetworkError, match="'layer0': 'add' with a plain number"):
            write(net)
    assert outputs(keras_model(net, exact=False), [image])[0].shape == image.shape
    assert torch_module(net, exact=False).eval() is not None
