"""What the tests of the writers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import convcost
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.input import Input
from convcost.write.onnx.model import onnx_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network
    from convcost.network.op import Op

#: Networks of the zoo, made smaller where they can be.
ZOO = (
    "alexnet", "alexnet-caffe", "googlenet", "googlenet-torchvision", "inception-v1-block",
    "inception-v3?image=107", "inception-v3-block", "mobilenet?image=96", "resnet18?image=96",
    "resnet50?image=64", "resnet50-keras?image=64", "seed000", "seed001-cnn", "seed001-cnn4",
    "seed001-mlp", "seed003", "vgg16", "xception?image=107", "xception-block",
)  # fmt: skip


def onnx_outputs(net: Network, inputs: Sequence[np.ndarray], **options: int) -> list[np.ndarray]:
    import onnxruntime as runtime

    session = runtime.InferenceSession(onnx_model(net, **options).SerializeToString())
    names = [each.name for each in session.get_inputs()]
    found: list[np.ndarray] = session.run(None, dict(zip(names, inputs, strict=True)))
    return found


def assert_equal(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert np.isfinite(wanted).all()
    assert np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


def totals(net: Network) -> tuple[int, int, int, int]:
    found = convcost.count(net).total
    return found.forward.macs, found.parameters, found.trainable_parameters, found.statistics


def one_layer(op: Op, *, name: str = "layer", **sizes: Any) -> Network:
    builder = Builder("one layer")
    x = builder.add(Input(Tensor.of(batch=BATCH, **sizes)), name="image")
    builder.add(op, x, name=name)
    return builder.build()
