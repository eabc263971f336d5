"""What is read from live modules and models survives the exchange format."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost.errors import SourceError
from convcost.write.exchange import to_text

if TYPE_CHECKING:
    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")


def survives(net: Network) -> None:
    """Check a round trip."""
    text = to_text(net)
    again = convcost.read(text)
    table = {id_: replace(p, values=None) for id_, p in net.table.items()}
    assert again == replace(net, table=table)
    assert to_text(again) == text
    assert convcost.count(again).to_dict() == convcost.count(net).to_dict()


def torch_cases() -> dict[str, Any]:
    """The modules that other tests count by formula."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    path = Path(__file__).parent / "torch_cases.py"
    spec = importlib.util.spec_from_file_location("torch_cases_of_exchange", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases: dict[str, Any] = module.CASES
    return cases


def test_modules_of_torch_survive() -> None:
    read = 0
    for make in torch_cases().values():
        module, inputs, *_ = make()
        try:
            net = convcost.read(module, inputs=inputs)
        except SourceError:
            continue  # some need to be read in their own way, which is tested elsewhere
        survives(net)
        read += 1
    assert read >= 40


@pytest.mark.parametrize("name", ["MobileNetV2", "InceptionV3", "EfficientNetB0", "ConvNeXtTiny"])
def test_models_of_keras_survive(name: str) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    survives(convcost.read(getattr(keras.applications, name)(weights=None)))


def test_a_mixed_precision_model_survives() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    x = inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, dtype="mixed_float16")(x)
    x = keras.layers.BatchNormalization(dtype="mixed_float16", trainable=False)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(4)(x)
    survives(convcost.read(keras.Model(inputs, x)))
