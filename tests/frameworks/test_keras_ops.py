"""Every layer class of Keras against convcost's rules: shapes, weights, MACs.

The oracles are Keras itself (shapes of a symbolic call, ``layer.weights`` in its order) and, for
MACs, PyTorch's counter of what really runs: half of the FLOPs of ``FlopCounterMode``.
"""

from __future__ import annotations

import inspect
from math import prod
from typing import TYPE_CHECKING, Any

import pytest

from convcost.network.op import Call
from convcost.network.parameter import Parameter
from convcost.read.axis_names import named
from convcost.read.keras.layers import Site, build, rules
from convcost.read.keras.layers.undecidable import REASONS
from support.keras_layer_cases import CASES

if TYPE_CHECKING:
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from support.keras_layer_cases import Case

pytest.importorskip("torch", reason="PyTorch counts what Keras's layers run: pip install torch")
keras = pytest.importorskip("keras", reason="the oracle is Keras itself: pip install keras")

pytestmark = pytest.mark.filterwarnings("ignore")

BATCH = 2

#: Names in ``keras.layers`` that are no layers to call: bases, and the input, which readers make.
NO_LAYERS = {"InputLayer", "InputSpec", "Layer", "Wrapper"}

each_case = pytest.mark.parametrize(
    "case",
    [
        pytest.param(entry, id=f"{name}-{number}")
        for name, entries in CASES.items()
        for number, entry in enumerate(entries)
    ],
)


def op_of(layer: Any, case: Case) -> tuple[Op, tuple[Tensor, ...]]:
    inputs = tuple(named((BATCH, *shape)) for shape in case.shapes)
    op = build(type(layer).__name__, Site(layer.get_config(), inputs))
    assert op is not None
    return op, inputs


def called(layer: Any, case: Case) -> Any:
    """What the layer gives for random numbers, at inference."""
    numpy = pytest.importorskip("numpy")
    random = numpy.random.default_rng(0)

    def tensor(shape: tuple[int, ...]) -> Any:
        if case.whole is not None:
            return keras.ops.convert_to_tensor(random.integers(0, case.whole, (BATCH, *shape)))
        return keras.ops.convert_to_tensor(random.random((BATCH, *shape), dtype="float32"))

    tensors = [tensor(shape) for shape in case.shapes]
    keywords = {"training": False} if layer._call_has_training_arg else {}
    return layer(tensors, **keywords) if case.listed else layer(*tensors, **keywords)


def symbolic(layer: Any, case: Case) -> Any:
    """Keras's own shapes of the outputs."""
    dtype = "float32" if case.whole is None else "int32"
    inputs = [keras.KerasTensor((BATCH, *shape), dtype=dtype) for shape in case.shapes]
    outputs = layer(inputs) if case.listed else layer(*inputs)
    return [tuple(tensor.shape) for tensor in keras.tree.flatten(outputs)]


@each_case
def test_shapes_and_weights_are_those_of_keras(case: Case) -> None:
    layer = case.make(keras.layers)
    shapes = symbolic(layer, case)
    op, inputs = op_of(layer, case)
    assert [tensor.shape for tensor in op.outputs(*inputs)] == shapes
    weights = op.weights(*inputs)
    ours = [w.shape for w in weights if w.learned] + [w.shape for w in weights if not w.learned]
    theirs = [tuple(w.shape) for w in (*layer.trainable_weights, *layer.non_trainable_weights)
              if "seed_generator" not in w.path]  # fmt: skip
    assert ours == theirs
    learned = sum(prod(w.shape) for w in weights if w.learned)
    assert learned == sum(prod(w.shape) for w in layer.trainable_weights)


@each_case
def test_axes_are_named_as_in_every_keras_tensor(case: Case) -> None:
    op, inputs = op_of(case.make(keras.layers), case)
    for tensor in op.outputs(*inputs):
        assert tensor.names == named(tensor.shape).names


@each_case
def test_macs_are_what_runs(case: Case) -> None:
    if not case.runs:
        pytest.skip("Keras's PyTorch backend cannot run it")
    counter = pytest.importorskip("torch.utils.flop_counter")
    layer = case.make(keras.layers)
    if hasattr(layer, "unroll"):
        layer.unroll = True  # a loop that is not unrolled runs one step more, to see its shapes
    called(layer, case)  # some layers run once more to build themselves
    op, inputs = op_of(layer, case)
    with counter.FlopCounterMode(display=False) as flops:
        called(layer, case)
    parameters = tuple(Parameter(w.name, w.shape, learned=w.learned) for w in op.weights(*inputs))
    cost = op.cost("forward", Call(inputs, op.outputs(*inputs), parameters))
    assert cost is not None
    steps = inputs[0].shape[1]
    macs = cost.macs * (steps + 1) // steps if case.extra_step else cost.macs
    assert 2 * macs == flops.get_total_flops()


def test_every_layer_of_keras_has_a_rule_or_a_reason() -> None:
    names = {
        name
        for name, value in vars(keras.layers).items()
        if inspect.isclass(value) and name == value.__name__
    }
    assert names - set(rules()) - NO_LAYERS == set()
    assert names - set(CASES) - set(REASONS) - NO_LAYERS == set()
