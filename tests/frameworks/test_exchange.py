"""What is read from live modules and models survives the exchange format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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


def test_modules_of_torch_survive() -> None:
    read = 0
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from support.torch_cases import CASES

    for make in CASES.values():
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
