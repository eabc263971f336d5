"""States of optimizers against those of PyTorch and Keras after one step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import convcost
from convcost.count.optimizers import OPTIMIZERS, optimizer_of, state_bytes, update_cost
from convcost.network.parameter import Parameter
from support.optimizers import KERAS, TORCH

SCRIPT = Path(__file__).parent / "tf_optimizers.py"

each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


@each_optimizer
def test_the_bytes_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    if name not in TORCH:
        assert not hasattr(torch.optim, "Lion")  # then it has to be compared as well
        return
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * 6 * 6, 5),
    )
    module[0].bias.requires_grad_(False)
    kind, settings = TORCH[name]
    trained = [p for p in module.parameters() if p.requires_grad]
    optimizer = getattr(torch.optim, kind)(trained, lr=0.01, **settings)
    images = torch.randn(2, 3, 8, 8)
    module(images).sum().backward()
    optimizer.step()
    kept = [v for state in optimizer.state.values() for v in state.values() if torch.is_tensor(v)]
    net = convcost.read(module, inputs=(images,))
    expected = sum(tensor.numel() * tensor.element_size() for tensor in kept)
    assert state_bytes(net.table.values(), optimizer_of(name), "torch") == expected


@each_optimizer
def test_the_bytes_of_keras(name: str) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
        ]
    )
    model.layers[0].trainable = False
    kind, settings = KERAS[name]
    optimizer = getattr(keras.optimizers, kind)(0.01, **settings)
    optimizer.build(model.trainable_variables)
    # the counter of steps has 64 bits on TensorFlow, which is what is counted, 32 on PyTorch
    sizes = {"float32": 4, "int64": 8, "int32": 8}
    expected = 0
    for variable in optimizer.variables:
        elements = 1
        for size in variable.shape:
            elements *= size
        expected += elements * sizes[str(variable.dtype)]
    net = convcost.read(model)
    assert state_bytes(net.table.values(), optimizer_of(name), "keras") == expected


@each_optimizer
@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_traffic_is_parameter_gradient_and_states(name: str, framework: Any) -> None:
    optimizer, weight = optimizer_of(name), Parameter("w", (7, 3))
    cost = update_cost(weight, optimizer, framework)
    states = state_bytes([weight], optimizer, framework) // weight.bytes
    assert cost.read_bytes == (2 + states) * weight.bytes
    assert cost.write_bytes == (1 + states) * weight.bytes
    assert cost.elementwise % weight.elements == 0
    assert cost.elementwise > 0


CHARGES = {"mul": 1, "div": 1, "sqrt": 1, "add": 1, "lerp": 3, "addcmul": 2, "addcdiv": 2}


class _Operations:
    """Operations on tensors of a parameter's size, as PyTorch's dispatcher sees them."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, name: str, settings: dict[str, Any]) -> None:
        """A scalar other than one is another multiplication."""
        scaled = settings.get("alpha", 1) != 1 or settings.get("value", 1) != 1
        self.total += CHARGES[name] + scaled


@pytest.mark.parametrize("name", TORCH)
def test_the_operations_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from torch.utils._python_dispatch import TorchDispatchMode

    found = _Operations()

    class Recorder(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            if torch.is_tensor(result) and result.numel() == 21:
                found.add(function.overloadpacket.__name__.rstrip("_"), kwargs or {})
            return result

    kind, settings = TORCH[name]
    weight = torch.nn.Parameter(torch.randn(7, 3))
    optimizer = getattr(torch.optim, kind)([weight], lr=0.01, foreach=False, **settings)
    weight.grad = torch.randn(7, 3)
    optimizer.step()  # the first step only makes the states
    with Recorder():
        optimizer.step()
    assert optimizer_of(name).torch == found.total


@pytest.fixture(scope="module")
def keras_operations() -> dict[str, int]:
    """Operations of Keras's optimizers in TensorFlow's graph, counted by a process of its own."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    pytest.importorskip("keras", reason="Keras is not installed")
    asked = json.dumps({name: [*KERAS[name]] for name in OPTIMIZERS})
    told = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, SCRIPT, asked], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


@each_optimizer
def test_the_operations_of_keras(name: str, keras_operations: dict[str, int]) -> None:
    assert optimizer_of(name).keras == keras_operations[name]
