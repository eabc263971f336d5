"""Small ONNX models with what networks keep of views, plain numbers and constants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from support.files import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FLOAT = TensorProto.FLOAT
_STATE = np.random.default_rng(7)
#: The input of every model: (batch, channel, height, width), the batch open.
SHAPE: tuple[Any, ...] = ("N", 4, 6, 5)


@dataclass(frozen=True)
class Source:
    """A model before it is one.

    Attributes:
        nodes: make ``y`` of ``x``, which is (N, 4, 6, 5).
        stored: arrays by name.
        outputs: names of what is returned.
    """

    nodes: Sequence[Any]
    stored: dict[str, np.ndarray]
    outputs: tuple[str, ...] = ("y",)

    def model(self) -> Any:
        """The ONNX model."""
        inputs = [helper.make_tensor_value_info("x", _FLOAT, SHAPE)]
        outputs = [helper.make_empty_tensor_value_info(name) for name in self.outputs]
        tensors = [numpy_helper.from_array(array, name) for name, array in self.stored.items()]
        graph = helper.make_graph(list(self.nodes), "source", inputs, outputs, tensors)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
        return onnx.shape_inference.infer_shapes(made)


def example(batch: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(batch, *SHAPE[1:])).astype("float32")


def ran(model: Any, *inputs: np.ndarray) -> list[np.ndarray]:
    """What onnxruntime makes of inputs, without its optimisations, which round otherwise."""
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = runtime.InferenceSession(model.SerializeToString(), options)
    names = [each.name for each in session.get_inputs()]
    found: list[np.ndarray] = session.run(None, dict(zip(names, inputs, strict=True)))
    return found


def _node(op: str, inputs: str, outputs: str = "y", **attributes: Any) -> Any:
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def _whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def _sliced(starts: Any, ends: Any, axes: Any, steps: Any = None) -> Source:
    stored = {"starts": _whole(*starts), "ends": _whole(*ends), "axes": _whole(*axes)}
    if steps:
        stored["steps"] = _whole(*steps)
    return Source([_node("Slice", "x " + " ".join(stored))], stored)


def _with(op: str, value: Any, *, first: bool = False) -> Source:
    """An operator with a plain number."""
    inputs = "n x" if first else "x n"
    return Source([_node(op, inputs)], {"n": np.array(value, "float32")})


def _clipped(**bounds: float) -> Source:
    names = [name if name in bounds else "" for name in ("low", "high")]
    node = helper.make_node("Clip", ["x", *names], ["y"])
    return Source([node], {k: np.array(v, "float32") for k, v in bounds.items()})


def _filled(value: float) -> Source:
    filling = numpy_helper.from_array(np.array([value], "float32"))
    nodes = [_node("ConstantOfShape", "shape", "n", value=filling), _node("Mul", "x n")]
    return Source(nodes, {"shape": _whole(4, 6, 1)})


def _per_channel() -> Source:
    """A scale and a shift as Caffe's converters write them."""
    nodes = [
        _node("Unsqueeze", "gamma axes", "g"), _node("Mul", "x g", "z"),
        _node("Unsqueeze", "beta axes", "b"), _node("Add", "z b"),
    ]  # fmt: skip
    vectors = {name: _STATE.normal(size=4).astype("float32") for name in ("gamma", "beta")}
    return Source(nodes, {**vectors, "axes": _whole(1, 2)})


def _decoded() -> Source:
    """Boxes as a detector decodes them: slices, plain numbers, constants."""
    priors = numpy_helper.from_array(_STATE.uniform(0.1, 1, (1, 4, 6, 2)).astype("float32"))
    nodes = [
        _node("Slice", "x zero two last", "centre"), _node("Slice", "x two four last", "size"),
        helper.make_node("Constant", [], ["priors"], value=priors),
        _node("Mul", "centre tenth", "c1"), _node("Mul", "c1 priors", "c2"),
        _node("Mul", "size fifth", "s1"), _node("Exp", "s1", "s2"), _node("Mul", "s2 priors", "s3"),
        _node("Div", "s3 half", "s4"), _node("Sub", "c2 s4", "from"), _node("Add", "c2 s4", "to"),
        _node("Concat", "from to", axis=3),
    ]  # fmt: skip
    numbers = {"tenth": 0.1, "fifth": 0.2, "half": 2.0}
    stored = {name: np.array(value, "float32") for name, value in numbers.items()}
    bounds = {"zero": _whole(0), "two": _whole(2), "four": _whole(4), "last": _whole(3)}
    return Source(nodes, {**stored, **bounds})


#: What all three writers write.
SOURCES: dict[str, Source] = {
    "rows": _sliced([1], [4], [2]),
    "every other": _sliced([0, 1], [2**62, 5], [1, 3], [2, 3]),
    "from behind": _sliced([-3], [-1], [-1]),
    "all but the last": _sliced([0], [-1], [1]),
    "halves": Source([_node("Split", "x parts", "a y", axis=1)], {"parts": _whole(1, 3)},
                     ("a", "y")),
    "equal parts": Source([_node("Split", "x", "a b y", axis=2, num_outputs=3)], {},
                          ("y", "a", "b")),
    "one row": Source([_node("Gather", "x n", axis=2)], {"n": np.array(2, np.int64)}),
    "the last channel": Source([_node("Gather", "x n", axis=1)], {"n": _whole(-1)}),
    "some columns": Source([_node("Gather", "x n", axis=3)], {"n": _whole(4, 0, 2)}),
    "new axes": Source([_node("Unsqueeze", "x n", "z"), _node("Relu", "z")], {"n": _whole(0, 3)}),
    "rows of pixels": Source([_node("Reshape", "x n", "z"), _node("Relu", "z")],
                             {"n": _whole(-1, 5)}),
    "repeated": Source([_node("ReduceMean", "x n", "z", keepdims=1), _node("Expand", "z s", "w"),
                        _node("Sub", "x w")], {"n": _whole(1), "s": _whole(1, 4, 1, 1)}),
    "x * 0.5": _with("Mul", 0.5), "0.5 * x": _with("Mul", 0.5, first=True),
    "x + 3": _with("Add", 3), "x - 3": _with("Sub", 3), "3 - x": _with("Sub", 3, first=True),
    "x / 7": _with("Div", 7), "1 / x": _with("Div", 1, first=True), "x ** 2": _with("Pow", 2),
    "2 ** x": _with("Pow", 2, first=True), "at least": _with("Max", 0.1),
    "at most": _with("Min", 0.1, first=True),
    "within": _clipped(low=-0.3, high=0.4), "from below": _clipped(low=-0.3),
    "from above": _clipped(high=0.4),
    "where": Source([_node("Greater", "x n", "c"), _node("Where", "c x m")],
                    {"n": np.array(0.2, "float32"), "m": np.array(-5, "float32")}),
    "cast": Source([_node("Greater", "x n", "c"), _node("Cast", "c", "d", to=_FLOAT),
                    _node("Mul", "x d")], {"n": np.array(0.2, "float32")}),
    "filled": _filled(-1.5),
    "constant": Source([helper.make_node("Constant", [], ["n"], value=numpy_helper.from_array(
        _STATE.normal(size=(6, 5)).astype("float32"))), _node("Add", "x n")], {}),
    "boxes": _decoded(),
}  # fmt: skip
#: These hold parameters that are operands, which Keras has no layer for.
LEARNED: dict[str, Source] = {
    "per channel": _per_channel(),
    "a table": Source([_node("Transpose", "n", "t", perm=[1, 0]), _node("Mul", "x t")],
                      {"n": _STATE.normal(size=(5, 6)).astype("float32")}),
}  # fmt: skip


def light(name: str) -> Path:
    """A model of the package onnx, whose large weights are one number each."""
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return folder / f"light_{name}.onnx"


#: Whole models, and the shape of a batch of one.
FILES: dict[str, tuple[Callable[[], Path], tuple[int, ...]]] = {
    "ultraface": (partial(shared, "models", "ultraface_slim320.onnx"), (1, 3, 240, 320)),
    "inception_v2": (partial(light, "inception_v2"), (1, 3, 224, 224)),
}
