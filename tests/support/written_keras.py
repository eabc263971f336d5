"""What the tests of the Keras writer share. Keras runs on PyTorch here, as in all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convcost.ops.input import Input
from convcost.write.keras.model import layer_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Network

keras = pytest.importorskip("keras", reason="Keras is not installed")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def outputs(model: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a Keras model makes of arrays at inference."""
    made = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    return [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(made)]


def torch_outputs(net: Network, inputs: Sequence[np.ndarray], **options: int) -> list[np.ndarray]:
    """What the PyTorch writer's module makes of them."""
    from convcost.write.torch.module import torch_module

    with torch.no_grad():
        found = torch_module(net, **options).eval()(*map(torch.as_tensor, inputs))
    return [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]


def example(net: Network, batch: int = 2) -> list[np.ndarray]:
    state = np.random.default_rng(0)
    tensors = [layer.outputs[0] for layer in net.layers if isinstance(layer.op, Input)]
    shapes = [[s if isinstance(s, int) else batch for s in tensor.shape] for tensor in tensors]
    return [state.normal(size=shape).astype("float32") for shape in shapes]


def check_names(net: Network, model: Any) -> None:
    """All layers of a model belong to layers of the network, and those have theirs."""
    owners = layer_of(model)
    assert owners.keys() == {operation.name for operation in model.operations}
    assert set(owners.values()) <= {layer.name for layer in net.layers}
    for layer in model.layers:
        if layer.weights:
            assert net.layer(owners[layer.name]).parameters


def operations(model: Any) -> set[str]:
    """The names of a model's layers and functions."""
    return {each.name for each in getattr(model, "_functional", model).operations}
