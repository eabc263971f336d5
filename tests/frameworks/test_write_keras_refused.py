"""What a network has and Keras lacks is refused, with the layer's name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost import zoo
from convcost.errors import MissingFramework, NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.constant import Constant
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.copy import Fill
from convcost.ops.elementwise import Elementwise
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.pool import Pool
from convcost.ops.resize import Resize
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.write.keras.model import keras_model
from support.written import one_layer, totals
from support.written_keras import outputs

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings("ignore")

keras = pytest.importorskip("keras", reason="Keras is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def image(**sizes: int) -> dict[str, int]:
    return {"height": 8, "width": 8, "channel": 4, **sizes}


REFUSED = {
    "unknown": (Unknown(name="Capsule", results=(Tensor.of(batch=BATCH, feature=3),)),
                {"feature": 3}, "'unknown' has no counterpart in Keras"),
    "clamp": (Elementwise(function="clamp"), {"feature": 3}, "'clamp' with a plain number"),
    "lerp": (Elementwise(function="lerp"), {"feature": 3}, "'lerp' cannot be written to Keras"),
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


def test_parameters_that_are_operands_and_tensors_of_the_batch_s_size_are_refused() -> None:
    tensor = Tensor.of(batch=1, feature=3)
    ops = {"constant": Constant(tensor=tensor, parameter=True),
           "of each sample": Fill(function="ones", result=Tensor.of(batch=BATCH, feature=3)),
           "ones": Fill(function="ones", result=tensor)}  # fmt: skip
    networks = {}
    for name, op in ops.items():
        builder = Builder("operand")
        x = builder.add(Input(Tensor.of(batch=BATCH, feature=3)), name="image")
        builder.add(Merge("add"), x, builder.add(op, name="odd"))
        networks[name] = builder.build()
    for name in ("constant", "of each sample"):
        with pytest.raises(NetworkError, match=r"^layer 'odd': "):
            keras_model(networks[name])
    x = np.zeros((2, 3), "float32")
    assert (outputs(keras_model(networks["ones"]), [x])[0] == 1).all()


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


def test_without_keras_the_line_to_type_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingFramework, match="needs Keras") as error:
        keras_model(zoo.load("seed000"))
    assert error.value.hint == "pip install 'convcost[keras]'"


def test_open_sizes_are_named() -> None:
    with pytest.raises(NetworkError, match="not known: Cin, Cout, K, P, S, X"):
        keras_model(zoo.load("seed004"))
