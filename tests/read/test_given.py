"""The user's own words about inputs: one parser for all readers."""

from typing import Any

import numpy as np
import pytest

import convcost
from convcost.errors import UsageError
from convcost.read.given import batch_axes, given
from support.keras_json import image, layer, model, on

KERAS = model(
    [image("x", 8, 3), layer("Activation", "y", on("x"), activation="relu")],
    [["x", 0, 0]],
    [["y", 0, 0]],
)


def sources() -> list[object]:
    """A model of each format that takes inputs and needs no framework: one input (N, 8, 3)."""
    import json

    from onnx import TensorProto, helper

    value = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 8, 3]) for name in ("x", "y")
    ]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", value[:1], value[1:])
    opsets = [helper.make_opsetid("", 18)]
    return [json.dumps(KERAS), helper.make_model(graph, opset_imports=opsets, ir_version=10)]


@pytest.mark.parametrize(
    ("inputs", "shapes"),
    [
        ((1, 8, 3), [(1, 8, 3)]),
        ([None, 8, 3], [(None, 8, 3)]),
        (np.zeros((2, 8)), [(2, 8)]),
        ([(1, 8), np.zeros((1, 4))], [(1, 8), (1, 4)]),
        ((np.int64(1), np.int32(8)), [(1, 8)]),
        ([(1, 8), ()], [(1, 8), ()]),
        ({"b": (1, 8)}, [(1, 8)]),
    ],
    ids=str,
)
def test_what_is_understood(inputs: Any, shapes: Any) -> None:
    found = given(inputs)
    assert found is not None
    assert list(found.shapes) == shapes
    assert all(size is None or type(size) is int for shape in found.shapes for size in shape)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (5, "'int' is no input"),
        ("no", "'str' is no input"),
        ([(1, 8), 5.0], "'float' is no input"),
        ((True, 8), "'bool' is no input"),
        ((1, 8.5), "'int' is no input"),
        ((1, 0, 8), "size below 1"),
        ((-1, 8), "size below 1"),
        ([(1, 8, 3), (1, 8, 3)], "2 inputs are given; the model has 1: x"),
        ({"z": (1, 8, 3)}, "unknown input 'z'"),
    ],
    ids=str,
)
def test_every_reader_refuses_the_same(inputs: Any, message: str) -> None:
    for source in sources():
        with pytest.raises(UsageError, match=message):
            convcost.read(source, inputs=inputs)


@pytest.mark.parametrize("axis", ["x", 0.5, True, (0, "x"), [0, 0]])
def test_every_reader_refuses_a_batch_axis_that_is_none(axis: Any) -> None:
    for source in sources():
        with pytest.raises(UsageError, match="batch_axis"):
            convcost.read(source, batch_axis=axis)


def test_batch_axes_may_be_a_list() -> None:
    assert batch_axes([0, None, 1], 3) == [0, None, 1]
