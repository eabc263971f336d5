"""Nodes with inputs and attributes that no operator has: a reason each, never a traceback."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import convcost
from convcost.errors import ConvcostError
from convcost.read.onnx.file.messages import Graph, Model, Node, Reference, TensorValue, ValueInfo
from convcost.read.onnx.graph import network_of_model
from convcost.read.onnx.rules import rules
from convcost.read.reader import Options

VALUES: tuple[Any, ...] = (
    0, -1, 1, 2, 3, 10**12, 1.5, float("nan"), "x", b"y", (), (1,), (1, 2), (0, 0), (-1,) * 4,
    (1,) * 4, (2**40,) * 2, TensorValue("", (1,), "float32"), None, ("a", "b"), Reference("q"),
)  # fmt: skip
NAMES = (
    "activations", "alpha", "allowzero", "auto_pad", "axes", "axis", "batch_dims", "beta",
    "blocksize", "body", "ceil_mode", "dilations", "direction", "dtype", "else_branch", "end",
    "ends", "equation", "group", "hidden_size", "k", "keepdims", "kernel_shape", "kv_num_heads",
    "layout", "max", "min", "mode", "num_groups", "num_scan_inputs", "output_height",
    "output_padding", "output_shape", "pads", "perm", "q_num_heads", "ratio", "reduction",
    "sampling_ratio", "scales", "shape", "size", "sizes", "split", "start", "starts", "steps",
    "strides", "then_branch", "to", "transB", "value",
)  # fmt: skip
STORED = {
    "w": np.ones((4, 3, 3, 3), np.float32),
    "v": np.array([2, 0, -1, 1]),
    "s": np.array(2, np.float32),
    "i": np.array(10**10),
}
INPUTS = (
    ValueInfo("x", "float32", (1, 3, 8, 8)),
    ValueInfo("y", "float32", ("N", None)),
    ValueInfo("z", "int64", ()),
)


def stored(name: str) -> TensorValue:
    array = STORED[name]
    return TensorValue(name, array.shape, str(array.dtype), lambda: array)


@pytest.mark.parametrize("name", sorted(set(rules()) - {"function"}))
def test_no_node_ends_in_a_traceback(name: str) -> None:
    domain, _, op_type = name.rpartition(":")
    rng = random.Random(name)  # noqa: S311 - no secret
    for _ in range(30):
        inputs = tuple(rng.choice("xyzwvsi ").strip() for _ in range(rng.randint(0, 6)))
        outputs = tuple(f"o{place}" for place in range(rng.randint(1, 4)))
        attributes = {rng.choice(NAMES): rng.choice(VALUES) for _ in range(rng.randint(0, 5))}
        node = Node(op_type, domain, "node", inputs, outputs, attributes)
        graph = Graph(
            "g", (node,), {key: stored(key) for key in STORED}, INPUTS,
            (ValueInfo("o0", "float32", None),),
        )  # fmt: skip
        opsets = {"": rng.choice((6, 9, 11, 13, 18, 23)), "com.microsoft": 1}
        try:
            network = network_of_model(Model(graph, opsets), "g", Options())
            convcost.count(network)
            for parameter in network.table.values():
                if parameter.values is not None:
                    parameter.values()
        except ConvcostError as error:
            assert str(error)  # noqa: PT017 - either is fine, a traceback is not


@pytest.mark.parametrize("value", [1.5, (1, 2), "x"])
def test_a_fill_of_something_else_than_a_tensor_is_unknown(value: Any) -> None:
    made = Node("ConstantOfShape", "", "made", ("n",), ("w",), {"value": value})
    used = Node("MatMul", "", "used", ("x", "w"), ("o0",), {})
    shape = TensorValue("n", (2,), "int64", lambda: np.array([8, 4]))
    graph = Graph("g", (made, used), {"n": shape}, INPUTS, (ValueInfo("o0", "float32", None),))
    network = network_of_model(Model(graph, {"": 18}), "g", Options())
    (unknown,) = [part for part in convcost.count(network).unknown if part.layer == "made"]
    assert "expected a tensor" in unknown.why
