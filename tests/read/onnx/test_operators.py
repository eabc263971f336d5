"""Shape arithmetic worked out while reading: the numbers are those that onnx computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import convcost
from convcost.network.dims import symbol
from convcost.network.evaluation import substitute
from convcost.read.limits import MAX_KNOWN_ELEMENTS
from convcost.read.onnx.arithmetic.scalars import (
    Ratio,
    Undecided,
    compared,
    equal,
    ratio,
    total,
    whole,
)
from convcost.read.onnx.arithmetic.sizes import broadcast, quotient, reshaped, sign

INT, FLOAT = TensorProto.INT64, TensorProto.FLOAT
node = helper.make_node
N, H = symbol("N"), symbol("H")


def model(nodes: list[Any], stored: dict[str, Any], result: str) -> Any:
    """Shape arithmetic on x of (N, C, H, W), whose result is the shape of y."""
    fill = node("ConstantOfShape", [result], ["y"], name="y")
    x = helper.make_tensor_value_info("x", FLOAT, ["N", "C", "H", "W"])
    y = helper.make_tensor_value_info("y", FLOAT, None)
    tensors = [numpy_helper.from_array(np.asarray(v), n) for n, v in stored.items()]
    graph = helper.make_graph([*nodes, fill], "g", [x], [y], initializer=tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@st.composite
def arithmetic(  # noqa: PLR0915 - one branch per operator
    draw: st.DrawFn,
) -> tuple[list[Any], dict[str, Any], str]:
    """Vectors of sizes, made from each other."""
    nodes = [node("Shape", ["x"], ["v0"])]
    stored: dict[str, Any] = {}
    lengths = {"v0": 4}

    def number(value: Any) -> str:
        name = f"c{len(stored)}"
        stored[name] = value
        return name

    for step in range(1, draw(st.integers(1, 6)) + 1):
        source = draw(st.sampled_from(sorted(lengths)))
        length, out = lengths[source], f"v{step}"
        kind = draw(st.sampled_from(("slice", "gather", "concat", "scale", "add", "halve", "real",
                                     "product", "reverse", "where", "split")))  # fmt: skip
        if kind == "slice":
            start = draw(st.integers(0, length - 1))
            end = draw(st.integers(start + 1, length))
            inputs = [source, number(np.array([start])), number(np.array([end]))]
            nodes.append(node("Slice", inputs, [out]))
            lengths[out] = end - start
        elif kind == "reverse":
            inputs = [source, number(np.array([-1])), number(np.array([-(2**62)])),
                      number(np.array([0])), number(np.array([-1]))]  # fmt: skip
            nodes.append(node("Slice", inputs, [out]))
            lengths[out] = length
        elif kind == "gather":
            places = draw(st.lists(st.integers(-length, length - 1), min_size=1, max_size=4))
            nodes.append(node("Gather", [source, number(np.array(places))], [out], axis=0))
            lengths[out] = len(places)
        elif kind == "concat":
            other = draw(st.sampled_from(sorted(lengths)))
            nodes.append(node("Concat", [source, other], [out], axis=0))
            lengths[out] = length + lengths[other]
        elif kind == "product":
            nodes.append(node("ReduceProd", [source], [out], keepdims=1))
            lengths[out] = 1
        elif kind == "split":
            inputs = [source, number(np.array([1, length - 1]))]
            if length < 2:
                continue
            nodes.append(node("Split", inputs, [f"{out}_rest", out], axis=0))
            lengths[out] = length - 1
        elif kind == "where":
            nodes.append(node("Equal", [source, number(np.array(-1))], [f"{out}_is"]))
            nodes.append(node("Where", [f"{out}_is", number(np.array(1)), source], [out]))
            lengths[out] = length
        elif kind == "real":
            factor = draw(st.sampled_from((0.5, 1.5, 2.0, 0.25)))
            rounding = draw(st.sampled_from(("Floor", "Ceil")))
            nodes += [
                node("Cast", [source], [f"{out}_f"], to=FLOAT),
                node("Mul", [f"{out}_f", number(np.float32(factor))], [f"{out}_m"]),
                node(rounding, [f"{out}_m"], [f"{out}_r"]),
                node("Cast", [f"{out}_r"], [out], to=INT),
            ]
            lengths[out] = length
        else:
            op, value = {"scale": ("Mul", 3), "add": ("Add", 2), "halve": ("Div", 2)}[kind]
            nodes.append(node(op, [source, number(np.array(value))], [out]))
            lengths[out] = length
    last = draw(st.sampled_from([name for name in lengths if lengths[name] <= 8]))
    return nodes, stored, last


@given(arithmetic(), st.tuples(*[st.integers(2, 9)] * 4))
@settings(max_examples=60, deadline=None)
def test_formulas_have_the_values_that_onnx_computes(case: Any, sizes: tuple[int, ...]) -> None:
    nodes, stored, last = case
    proto = model(nodes, stored, last)
    network = convcost.read(proto)
    (layer,) = [layer for layer in network.layers if layer.name == "y"]
    bound = dict(zip("NCHW", sizes, strict=True))
    found = [substitute(size, bound) for size in layer.outputs[0].shape]
    # the evaluator makes the shape only, not a tensor of that shape
    graph = proto.graph
    del graph.node[-1]
    graph.output[0].CopyFrom(helper.make_tensor_value_info(last, INT, None))
    (expected,) = ReferenceEvaluator(proto).run(None, {"x": np.zeros(sizes, np.float32)})
    assert found == expected.tolist()


def test_what_depends_on_open_sizes_stays_undecided() -> None:
    for left, right in ((N, 1), (N, H), (2 * N, N + 1)):
        with pytest.raises(Undecided):
            equal(left, right)
    assert compared(N + 1, 0) == 1
    assert not equal(N, -1)
    assert equal(N + H, H + N)


def test_fractions_of_sizes_are_exact() -> None:
    assert ratio(6 * N, 4) == Ratio(3 * N, 2)
    assert whole(Ratio(3 * N, 2)) == 3 * N // 2
    assert total(Ratio(N, 2), Ratio(N, 2) * 0) == Ratio(N, 2)
    assert total(Ratio(N, 2), 0.5) == Ratio(N + 1, 2)


def test_large_tensors_are_not_followed() -> None:
    size = MAX_KNOWN_ELEMENTS + 1
    nodes = [node("Range", ["zero", "end", "one"], ["r"]), node("Cast", ["r"], ["y"], to=FLOAT)]
    tensors = {"zero": 0, "end": size, "one": 1}
    stored = [numpy_helper.from_array(np.array(v), n) for n, v in tensors.items()]
    graph = helper.make_graph(nodes, "g", [], [helper.make_tensor_value_info("y", FLOAT, None)],
                              initializer=stored)  # fmt: skip
    network = convcost.read(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    )
    assert [layer.op.kind for layer in network.layers] == ["fill", "copy"]
    assert network.layers[0].outputs[0].shape == (size,)


def test_numbers_that_grow_without_end_are_given_up() -> None:
    nodes = [node("Shape", ["x"], ["v0"])]
    nodes += [node("Mul", [f"v{i}", f"v{i}"], [f"v{i + 1}"]) for i in range(40)]
    network = convcost.read(model(nodes, {}, "v40"))
    (part,) = [part for part in convcost.count(network).unknown if part.layer == "y"]
    assert "computed at run time" in part.why


@pytest.mark.parametrize(
    ("old", "target", "new"),
    [
        ((N, 3, 4), (0, -1), (N, 12)),
        ((N, 8, H, H), (N, 2, 4, -1), (N, 2, 4, H * H)),
        ((N, H // 2, 4), (-1, H // 2, 2), (2 * N, H // 2, 2)),
        ((2 * N, 6), (N, -1), (N, 12)),
        ((0, 3), (3, -1), (3, 0)),
    ],
)
def test_reshapes_of_open_sizes(old: Any, target: Any, new: Any) -> None:
    assert reshaped(old, target) == new


def test_exact_divisions() -> None:
    assert quotient(6 * N * H, 3 * H) == 2 * N
    assert quotient(N * H + 2 * N, N) == H + 2
    assert sign(-N) == -1
    assert sign(N - H) is None
    assert broadcast([(N, 1, 3), (H, 1)]) == (N, H, 3)
