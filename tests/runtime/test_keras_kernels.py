"""Kernels that TensorFlow recorded: whose they are, and how much of the time. No TensorFlow."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from convcost.runtime.runners.keras_kernels import Operation, spans
from convcost.runtime.runners.keras_scopes import owner
from convcost.runtime.runners.keras_xplane import Kernel, kernels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.runtime.runners.runner import Span

LAYERS = ("image", "conv", "relu", "bn", "flat", "dense")

#: Names as TensorFlow 2.21 recorded them in training steps of Keras 3.15, and whose they are.
RECORDED = {
    "convcost_1/Relu": ("conv", "forward"),
    "convcost_1/convolution/ReadVariableOp": ("conv", "forward"),
    "convcost_3/batchnorm/mul_1": ("bn", "forward"),
    "gradient_tape/convcost_1/convolution/Conv2DBackpropFilter": ("conv", "backward"),
    "gradient_tape/convcost_3/moments/Tile_1": ("bn", "backward"),
    "convcost_loss/compile_loss/sparse_categorical_crossentropy/Sum": ("", "loss"),
    "gradient_tape/convcost_loss/compile_loss/mse/Tile": ("", "loss"),
    "convcost_update/rm_sprop/Mul_15": ("", "update"),
    "convcost_update/AssignAddVariableOp": ("", "update"),
    "StatefulPartitionedCall/convcost_5/BiasAdd": ("dense", "forward"),
    "StatefulPartitionedCall/gradient_tape/convcost_5/MatMul/MatMul": ("dense", "backward"),
    "convcost_2/while/body/_44/convcost_2/while/gru_cell_1/add": ("relu", "forward"),
    "gradient_tape/convcost_2/while/convcost_2/while_grad/body/_197/"
    "gradient_tape/convcost_2/while/gradients/convcost_2/while/MatMul_grad/MatMul": (
        "relu", "backward",
    ),
    "AddN_2": None,
    "IteratorGetNext": None,
    "functional_1/convcost_convolution/Conv2D": None,
    "Adam/convcost_12x/Mul": None,
}  # fmt: skip


@pytest.mark.parametrize("path", RECORDED)
def test_whose_an_operation_is(path: str) -> None:
    assert owner(path, LAYERS) == RECORDED[path]


def kernel(begin: float, end: float, name: str, thread: int = 0) -> Kernel:
    """Times in milliseconds, the name as TensorFlow records it."""
    path, op = name.split(":")
    return Kernel(thread, begin * 1e-3, end * 1e-3, path, op)


def milliseconds(found: Iterable[Span]) -> dict[tuple[tuple[str, ...], str], float]:
    sums: dict[tuple[tuple[str, ...], str], float] = defaultdict(float)
    for span in found:
        sums[span.layers, span.phase] += span.seconds * 1e3
    return {key: pytest.approx(value) for key, value in sums.items()}


def test_times_of_kernels_one_after_the_other() -> None:
    recorded = [
        kernel(0, 3, "convcost_1/Relu:_MklNativeFusedConv2D"),
        kernel(4, 6, "convcost_3/batchnorm/mul_1:Mul"),
        kernel(8, 9, "convcost_3/batchnorm/add_1:AddV2"),
        kernel(9, 9.01, "convcost_3/Cast/ReadVariableOp:ReadVariableOp"),
        kernel(10, 15, "gradient_tape/convcost_3/moments/Tile:Tile"),
        kernel(16, 17, "convcost_loss/mse/Sum:Sum"),
        kernel(17, 17, "convcost_loss/mse/Shape:Shape"),
        kernel(18, 20, "convcost_update/sgd/Mul:Mul"),
        kernel(20, 30, "IteratorGetNext:IteratorGetNext"),
    ]
    found = spans(recorded, {}, LAYERS)
    assert milliseconds(found) == {
        (("conv",), "forward"): 3, (("bn",), "forward"): 3.01, (("bn",), "backward"): 5,
        ((), "loss"): 1, ((), "update"): 2,
    }  # fmt: skip
    assert [s.kernel for s in found if s.layers == ("bn",)] == ["Mul", "AddV2", "", "Tile"]
    twice = spans(recorded, {}, LAYERS, scale=2.5)
    assert [s.seconds for s in twice] == [pytest.approx(2.5 * s.seconds) for s in found]


def test_kernels_at_the_same_time_share_it() -> None:
    """Two branches on two threads, and for a moment something that is nobody's."""
    recorded = [
        kernel(0, 6, "convcost_1/Conv2D:Conv2D"),
        kernel(2, 8, "convcost_3/Mul:Mul", thread=1),
        kernel(7, 9, "IteratorGetNext:IteratorGetNext", thread=2),
    ]
    # 0-2 conv, 2-6 both, 6-7 bn, 7-8 bn and nobody
    assert milliseconds(spans(recorded, {}, LAYERS)) == {
        (("conv",), "forward"): 4, (("bn",), "forward"): 3.5,
    }  # fmt: skip


def test_a_kernel_that_runs_others_has_what_is_left() -> None:
    recorded = [
        kernel(0, 10, "convcost_1/while:While"),
        kernel(0, 4, "convcost_3/Mul:Mul"),
        kernel(6, 7, "convcost_5/MatMul:MatMul"),
    ]
    assert milliseconds(spans(recorded, {}, LAYERS)) == {
        (("conv",), "forward"): 5, (("bn",), "forward"): 4, (("dense",), "forward"): 1,
    }  # fmt: skip


def test_a_moment_between_kernels_of_one_layer_is_the_layers() -> None:
    """0.05 ms within a layer; as much between layers, and longer ones, are the loop's."""
    recorded = [
        kernel(0, 1, "convcost_1/a:MatMul"),
        kernel(1.05, 2, "convcost_1/b:Mul"),
        kernel(2.05, 3, "convcost_3/a:Mul"),
        kernel(3.5, 4, "convcost_3/b:Mul"),
        kernel(4.05, 5, "gradient_tape/convcost_3/b:Mul"),
    ]
    assert milliseconds(spans(recorded, {}, LAYERS)) == {
        (("conv",), "forward"): 2, (("bn",), "forward"): 1.45, (("bn",), "backward"): 0.95,
    }  # fmt: skip


GRAPH = {
    "x": Operation("Placeholder", ()),
    "convcost_1/read": Operation("ReadVariableOp", ()),
    "convcost_1/convolution": Operation("Conv2D", ("x", "convcost_1/read")),
    "convcost_1/BiasAdd": Operation("BiasAdd", ("convcost_1/convolution", "convcost_1/read")),
    "convcost_2/Relu": Operation("Relu", ("convcost_1/BiasAdd",)),
    "convcost_3/mul": Operation("Mul", ("convcost_2/Relu",)),
    "convcost_4/Reshape": Operation("Reshape", ("convcost_3/mul",)),
    "convcost_5/MatMul": Operation("MatMul", ("convcost_4/Reshape",)),
    "convcost_5/Tanh": Operation("Tanh", ("convcost_5/MatMul",)),
    "gradient_tape/convcost_5/MatMul": Operation("MatMul", ("convcost_5/Tanh",)),
    "gradient_tape/convcost_3/a": Operation("Mul", ("gradient_tape/convcost_5/MatMul",)),
    "gradient_tape/convcost_3/b": Operation("Mul", ("gradient_tape/convcost_5/MatMul",)),
    "AddN": Operation("AddN", ("gradient_tape/convcost_3/a", "gradient_tape/convcost_3/b")),
    "AddN_1": Operation("AddN", ("AddN", "gradient_tape/convcost_5/MatMul")),
    "gradient_tape/convcost_2/ReluGrad": Operation("ReluGrad", ("AddN_1", "convcost_2/Relu")),
    "Mean": Operation("Mean", ("x",)),
}


def test_a_fused_kernel_computes_what_has_no_kernel_before_it() -> None:
    recorded = [
        kernel(0, 0.01, "convcost_1/read:ReadVariableOp"),
        kernel(1, 4, "PartitionedCall/convcost_2/Relu:_MklNativeFusedConv2D"),
        kernel(5, 6, "PartitionedCall/convcost_3/mul:Mul"),
        kernel(7, 8, "PartitionedCall/convcost_5/Tanh:_MklNativeFusedMatMul"),
    ]
    assert milliseconds(spans(recorded, GRAPH, LAYERS)) == {
        (("conv",), "forward"): 0.01, (("conv", "relu"), "forward"): 3, (("bn",), "forward"): 1,
        (("dense",), "forward"): 1,
    }  # fmt: skip


def test_layers_with_kernels_of_their_own_are_not_fused() -> None:
    recorded = [
        kernel(0, 1, "convcost_1/BiasAdd:_MklNativeFusedConv2D"),
        kernel(2, 3, "convcost_2/Relu:Relu"),
        kernel(4, 5, "convcost_5/MatMul:MatMul"),
        kernel(6, 7, "convcost_5/Tanh:Tanh"),
    ]
    assert milliseconds(spans(recorded, GRAPH, LAYERS)) == {
        (("conv",), "forward"): 1, (("relu",), "forward"): 1, (("dense",), "forward"): 2,
    }  # fmt: skip


def test_sums_of_gradients_belong_to_a_layer() -> None:
    recorded = [
        kernel(0, 1, "AddN:AddN"),  # of both gradients of what bn reads twice
        kernel(2, 4, "StatefulPartitionedCall/AddN_1:AddN"),  # of bn's and dense's, for relu
        kernel(5, 8, "Mean:Mean"),  # read by nobody
        kernel(9, 10, "AddN_7:AddN"),  # not in the graph
    ]
    assert milliseconds(spans(recorded, GRAPH, LAYERS)) == {
        (("bn",), "backward"): 1, (("relu",), "backward"): 2,
    }  # fmt: skip


def plane(name: str, *lines: tuple[int, tuple[tuple[int, int, int], ...]]) -> SimpleNamespace:
    """An ``XPlane``: lines of a start in ns and events of (name, offset, duration in ps)."""
    names = ["a/Relu:Relu", "ThreadpoolListener::Record", "EagerLocalExecute: f", "fwd", "b:Mul"]
    return SimpleNamespace(
        name=name,
        event_metadata={id_: SimpleNamespace(name=each) for id_, each in enumerate(names)},
        lines=[
            SimpleNamespace(
                timestamp_ns=start,
                events=[
                    SimpleNamespace(metadata_id=id_, offset_ps=offset, duration_ps=duration)
                    for id_, offset, duration in events
                ],
            )
            for start, events in lines
        ],
    )


def test_kernels_among_what_the_profiler_records() -> None:
    day = 1_795_323_128_559_115_123  # nanoseconds since 1970: more than a float can tell apart
    found = kernels(
        [
            plane("/host:CPU", (day, ((3, 0, 9_000_000), (0, 1_000, 2_000_000), (1, 0, 0)))),
            plane("/host:CPU", (day + 3, ((2, 0, 5), (4, 500, 1_000)))),
            plane("/device:GPU:0", (day, ((0, 0, 5),))),
        ]
    )
    assert found == [
        Kernel(0, 0.0, pytest.approx(2e-6), "a/Relu", "Relu"),
        Kernel(1, pytest.approx(2.5e-9), pytest.approx(3.5e-9), "b", "Mul"),
    ]
    assert kernels([]) == []
