"""Layers whose results depend on what a network does not keep are refused, and stay so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper

import convcost
from convcost.errors import NetworkError
from convcost.write.onnx.model import onnx_model

if TYPE_CHECKING:
    from pathlib import Path

runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def one_node(op_type: str, opset: int, shape: tuple[int, ...], **attributes: Any) -> Any:
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in ("x", "y")]
    node = helper.make_node(op_type, ["x"], ["y"], "node", **attributes)
    graph = helper.make_graph([node], "one", value[:1], value[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def run(model: Any, x: np.ndarray) -> np.ndarray:
    session = runtime.InferenceSession(model.SerializeToString())
    found: list[np.ndarray] = session.run(None, {session.get_inputs()[0].name: x})
    return found[0]


@pytest.mark.parametrize(
    ("op_type", "opset", "shape", "attributes"),
    [
        ("Softmax", 11, (2, 3, 4), {"axis": 2}),
        ("Softmax", 11, (2, 3, 1), {"axis": 1}),
        ("Softmax", 13, (2, 3, 4), {"axis": 1}),
        ("LogSoftmax", 11, (2, 3), {}),
        ("HardSigmoid", 13, (2, 3), {}),
        ("HardSigmoid", 13, (2, 3), {"alpha": 0.3}),
        ("Shrink", 13, (2, 3), {}),
        ("Shrink", 13, (2, 3), {"lambd": 0.2}),
        ("Shrink", 13, (2, 3), {"lambd": 0.2, "bias": 0.2}),
        ("Gelu", 20, (2, 3), {"approximate": "tanh"}),
        ("Gelu", 20, (2, 3), {}),
    ],
)
def test_numbers_of_nodes_are_kept(
    op_type: str, opset: int, shape: tuple[int, ...], attributes: dict[str, Any]
) -> None:
    model = one_node(op_type, opset, shape, **attributes)
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    found = run(onnx_model(convcost.read(model)), x)
    assert np.allclose(found, run(model, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("op_type", "opset", "attributes", "why"),
    [
        ("Softmax", 11, {"axis": 1}, "it runs over all axes from 1 on"),
        ("LogSoftmax", 11, {"axis": 0}, "it runs over all axes from 0 on"),
        ("HardSigmoid", 13, {"beta": 0.4}, "its beta is 0.4"),
        ("Shrink", 13, {"lambd": 0.2, "bias": 0.1}, "its bias is 0.1"),
        ("Selu", 13, {"gamma": 2.0}, "its gamma 2.0"),
    ],
)
def test_what_is_not_kept_is_refused_also_from_a_file(
    op_type: str, opset: int, attributes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    net = convcost.read(one_node(op_type, opset, (2, 3, 4), **attributes))
    convcost.write(net, tmp_path / "net.json")
    again = convcost.read(tmp_path / "net.json")
    assert again == net
    for each in (net, again):
        with pytest.raises(NetworkError, match=f"layer 'node': .*{why}"):
            onnx_model(each)
    assert onnx_model(net, exact=False).graph.node[0].op_type == op_type


@pytest.mark.parametrize("op_type", ["Max", "Mean", "Sum"])
def test_a_number_beside_several_tensors_is_refused(op_type: str) -> None:
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, (2, 3)) for n in ("x", "z", "y")]
    node = helper.make_node(op_type, ["x", "z", "two"], ["y"], "node")
    two = helper.make_tensor("two", TensorProto.FLOAT, (), [2.0])
    graph = helper.make_graph([node], "one", values[:2], values[2:], [two])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with pytest.raises(NetworkError, match="layer 'node': a plain number beside its tensors"):
        onnx_model(convcost.read(model))


def test_a_hard_sigmoid_in_a_file_is_that_of_either_keras(tmp_path: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 5, 4], "name": "x"}},
        {"class_name": "LSTM",
         "config": {"name": "lstm", "units": 3, "recurrent_activation": "hard_sigmoid"}},
    ]  # fmt: skip
    model = {"class_name": "Sequential", "config": {"name": "old", "layers": layers}}
    path = tmp_path / "old.json"
    path.write_text(json.dumps({**model, "keras_version": "2.2.4", "backend": "tensorflow"}))
    with pytest.raises(NetworkError, match="layer 'lstm': the slope of its hard_sigmoid"):
        onnx_model(convcost.read(path))
