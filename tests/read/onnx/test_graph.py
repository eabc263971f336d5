"""Whole networks: published figures, the batch, open sizes, names, functions, loops."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import convcost
from convcost.errors import SourceError, UsageError
from convcost.read.limits import MAX_WRITTEN_OUT
from convcost.read.onnx.file.messages import Graph, Model, Node, TensorValue, ValueInfo
from convcost.read.onnx.graph import network_of_model
from convcost.read.reader import Options
from support.files import shared

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
node = helper.make_node


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def made(
    nodes: list[Any], stored: dict[str, Any] | None = None, *, opset: int = 18,
    x: tuple[Any, ...] = ("N", 3, 8, 8), y: Any = None, functions: Any = (), ir: int = 9,
    inputs: Any = None, also: tuple[str, ...] = (),
) -> onnx.ModelProto:  # fmt: skip
    """A model of nodes from x to y."""
    tensors = [numpy_helper.from_array(np.asarray(v), n) for n, v in (stored or {}).items()]
    infos = inputs or [helper.make_tensor_value_info("x", FLOAT, x)]
    infos = [*infos, *(helper.make_tensor_value_info(t.name, t.data_type, t.dims)
                       for t in tensors if t.name in also)]  # fmt: skip
    graph = helper.make_graph(nodes, "net", infos, [helper.make_tensor_value_info("y", FLOAT, y)],
                              initializer=tensors)  # fmt: skip
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=functions, ir_version=ir)


def read(*args: Any, **kwargs: Any) -> Any:
    reading = {k: kwargs.pop(k) for k in ("batch_axis", "dims", "given") if k in kwargs}
    if "given" in reading:
        reading["inputs"] = reading.pop("given")
    return convcost.read(made(*args, **kwargs), **reading)


def shape(network: Any, name: str) -> tuple[str, ...]:
    return tuple(str(size) for size in network.layer(name).outputs[0].shape)


# ---------- published figures


@pytest.mark.parametrize(
    ("name", "macs", "parameters"),
    [
        ("bvlc_alexnet", 654.6, 60.97),
        # with its classifier, whose 1.024 M weights come out of a Reshape
        ("inception_v1", 1431.6, 7.00),
        ("inception_v2", 2018.9, None),
        ("resnet50", 4089.2, 25.56),
        ("densenet121", 2834.2, None),
        ("shufflenet", 124.7, None),
        ("squeezenet", 349.2, 1.24),
        ("vgg19", 19632.1, 143.67),
        ("zfnet512", 1481.7, None),
    ],
)
def test_topologies_of_the_onnx_package(name: str, macs: float, parameters: float | None) -> None:
    result = convcost.count(convcost.read(LIGHT / f"light_{name}.onnx"))
    assert result.complete
    assert round(result.total.forward.macs / 1e6, 1) == macs
    assert parameters is None or round(result.total.parameters / 1e6, 2) == parameters


@pytest.mark.parametrize(("name", "macs"), [("rfb", 100.4), ("slim", 81.4)])
def test_ultraface_with_its_initializers_among_the_inputs(name: str, macs: float) -> None:
    path = shared("models", f"ultraface_{name}320.onnx")
    network = convcost.read(path)
    assert round(convcost.count(network).total.forward.macs / 1e6, 1) == macs
    assert all(p.overridable for p in network.table.values() if p.values is not None)
    count = len(onnx.load(path).graph.initializer)
    (note,) = [n.text for n in network.notes if "graph inputs" in n.text]
    assert note.startswith(f"{count} of {count} initializers are also graph inputs")


# ---------- the batch

CONV = [node("Conv", ["x", "w"], ["y"], name="conv")]
KERNEL = {"w": ones(4, 3, 3, 3)}


@pytest.mark.parametrize("first", ["N", "batch_size", None, 1, 5])
def test_the_first_size_is_the_batch(first: Any) -> None:
    network = read(CONV, KERNEL, x=(first, 3, 8, 8))
    assert shape(network, "conv") == ("N", "4", "6", "6")
    assert convcost.count(network, batch=7).total.forward.macs == 7 * 36 * 4 * 27
    assert network.notes == ()


def test_without_a_batch_the_whole_is_one_sample() -> None:
    assert shape(read(CONV, KERNEL, batch_axis=None), "conv") == ("1", "4", "6", "6")
    fixed = read(CONV, KERNEL, x=(5, 3, 8, 8), batch_axis=None)
    assert shape(fixed, "conv") == ("5", "4", "6", "6")
    assert fixed.symbols == frozenset()


def test_another_axis_may_be_the_batch() -> None:
    network = read([node("Relu", ["x"], ["y"], name="relu")], x=(10, 1, 8), batch_axis=1)
    assert shape(network, "relu") == ("10", "N", "8")
    assert network.layer("relu").outputs[0].names[1] == "batch"


def test_a_literal_batch_in_a_reshape_is_read_as_n() -> None:
    nodes = [node("Reshape", ["x", "to"], ["flat"], name="flatten"),
             node("Gemm", ["flat", "w"], ["y"], name="dense")]  # fmt: skip
    stored = {"to": np.array([1, 192]), "w": ones(192, 10)}
    network = read(nodes, stored, x=(1, 3, 8, 8), y=(1, 10))
    assert shape(network, "dense") == ("N", "10")
    assert [(n.kind, "flatten" in n.text) for n in network.notes] == [("assumed", True)]
    given = read(nodes, stored, x=(1, 3, 8, 8), batch_axis=None)
    assert shape(given, "dense") == ("1", "10")
    assert given.notes == ()


def test_a_token_stored_for_one_sample_is_there_for_each() -> None:
    nodes = [node("Concat", ["token", "x"], ["y"], name="join", axis=1)]
    network = read(nodes, {"token": ones(1, 1, 8)}, x=(1, 4, 8), y=(1, 5, 8))
    assert shape(network, "join") == ("N", "5", "8")
    assert convcost.count(network).total.parameters == 8


def test_a_batch_that_cannot_be_n_stays_a_number() -> None:
    nodes = [node("Squeeze", ["x", "axes"], ["y"], name="squeeze")]
    network = read(nodes, {"axes": np.array([0])}, x=(1, 3, 8))
    assert shape(network, "squeeze") == ("3", "8")
    (note,) = network.notes
    assert note.kind == "assumed"
    assert "batch of 1 cannot be read as N, the whole is one sample: squeeze: axis 0" in note.text


def test_an_output_that_would_differ_keeps_the_batch_a_number() -> None:
    nodes = [node("Squeeze", ["x"], ["y"], name="squeeze")]
    network = read(nodes, x=(1, 3, 8), y=(3, 8))
    assert shape(network, "squeeze") == ("3", "8")
    assert "the output 'y' is (3, 8), not (1, 3, 8)" in network.notes[0].text


def test_what_is_unknown_anyway_does_not_cost_the_batch() -> None:
    nodes = [node("Conv", ["x", "w"], ["c"], name="conv"), node("Det", ["c"], ["y"], name="det")]
    network = read(nodes, KERNEL, x=(1, 3, 8, 8))
    assert shape(network, "conv") == ("N", "4", "6", "6")


# ---------- sizes


def test_open_sizes_have_their_names_and_can_be_set() -> None:
    x = ("N", 3, "image height", None)
    network = read(CONV, KERNEL, x=x)
    assert network.symbols == {"N", "image_height", "x_width"}
    assert shape(network, "conv") == ("N", "4", "image_height - 2", "x_width - 2")
    bound = read(CONV, KERNEL, x=x, dims={"image_height": 20, "x_width": 10})
    assert convcost.count(bound).total.forward.macs == 18 * 8 * 4 * 27


def test_two_axes_of_one_name_are_one_size() -> None:
    network = read(CONV, KERNEL, x=("N", 3, "side", "side"))
    assert network.symbols == {"N", "side"}


def test_given_inputs_win_over_declared_sizes() -> None:
    assert shape(read(CONV, KERNEL, given=(2, 3, 20, 10)), "conv") == ("N", "4", "18", "8")
    named = read(CONV, KERNEL, given={"x": np.zeros((2, 3, 20, 10))})
    assert shape(named, "conv") == ("N", "4", "18", "8")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((1, 3, 8), "has 4 axes"),
        ([(1, 3, 8, 8), (1, 2)], "2 inputs are given; the model has 1: x"),
        ({"z": (1, 3, 8, 8)}, "unknown input 'z'"),
        ((1, 3, 0, 8), "a size below 1"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        read(CONV, KERNEL, given=given)


def test_a_resize_by_a_fraction_of_an_open_size() -> None:
    """The chain that exporters write for interpolate(scale_factor=0.5)."""
    nodes = [
        node("Shape", ["x"], ["s"]), node("Slice", ["s", "two", "four"], ["hw"]),
        node("Cast", ["hw"], ["f"], to=FLOAT), node("Mul", ["f", "half"], ["h"]),
        node("Floor", ["h"], ["d"]), node("Cast", ["d"], ["i"], to=INT),
        node("Slice", ["s", "zero", "two"], ["nc"]), node("Concat", ["nc", "i"], ["to"], axis=0),
        node("Resize", ["x", "", "", "to"], ["y"], name="resize", mode="linear"),
    ]  # fmt: skip
    stored = {"two": np.array([2]), "four": np.array([4]), "zero": np.array([0]),
              "half": np.float32(0.5)}  # fmt: skip
    network = read(nodes, stored, x=("N", 3, "h", "w"))
    assert shape(network, "resize") == ("N", "3", "h//2", "w//2")
    assert len(network.layers) == 2  # what works out sizes is no layer


def test_halves_that_meet_with_other_formulas_need_the_input_s_shape() -> None:
    nodes = [
        node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Resize", ["p", "", "scales"], ["u"], name="up"),
        node("Concat", ["x", "u"], ["y"], name="join", axis=1),
    ]
    stored = {"scales": np.array([1, 1, 2, 2], np.float32)}
    parts = convcost.count(read(nodes, stored, x=("N", 3, "h", "w"))).unknown
    assert "axis 2 is h and 2*(h//2); --input with" in next(
        p.why for p in parts if p.layer == "join"
    )
    network = read(nodes, stored, x=("N", 3, "h", "w"), given=(1, 3, 8, 8))
    assert shape(network, "join") == ("N", "6", "8", "8")


# ---------- the graph


def test_unsorted_nodes_are_sorted() -> None:
    nodes = [node("Relu", ["c"], ["y"], name="relu"), node("Conv", ["x", "w"], ["c"], name="conv")]
    assert [x.name for x in read(nodes, KERNEL).layers] == ["x", "conv", "relu"]


def test_a_cycle_is_refused() -> None:
    nodes = [node("Add", ["x", "b"], ["a"], name="one"), node("Relu", ["a"], ["b"], name="two"),
             node("Relu", ["b"], ["y"])]  # fmt: skip
    with pytest.raises(SourceError, match="waits for its own result: the graph has a cycle"):
        read(nodes)


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(SourceError, match=r"node 'relu' \(Relu\) takes 'z', which nothing"):
        read([node("Relu", ["z"], ["y"], name="relu")])


def test_a_value_made_twice_is_refused() -> None:
    with pytest.raises(SourceError, match="two nodes make the value 'y'"):
        read([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])])


def test_layers_are_named_by_nodes_else_by_what_they_make() -> None:
    nodes = [node("Relu", ["x"], ["a"], name="same"), node("Relu", ["a"], ["b"], name="same"),
             node("Relu", ["b"], ["x_2"]), node("Relu", ["x_2"], ["c"], name="x"),
             node("Relu", ["c"], ["y"], name="own")]  # fmt: skip
    assert [x.name for x in read(nodes).layers] == ["x", "a", "b", "x_2", "x_3", "own"]


def test_shared_initializers() -> None:
    stored = {"w": ones(3, 3, 1, 1)}
    nodes = [node("Conv", ["x", "w"], ["a"], name="first"),
             node("Conv", ["a", "w"], ["y"], name="second")]  # fmt: skip
    network = read(nodes, stored)
    assert network.layer("second").shared_with == "first"
    assert convcost.count(network).total.parameters == 9


def test_initializers_that_nobody_uses_are_counted_with_a_note() -> None:
    network = read(CONV, {**KERNEL, "left": ones(5, 2), "number": np.array([1, 2])})
    assert convcost.count(network).total.parameters == 108 + 10
    shown = [(note.kind, note.text) for note in network.notes]
    assert ("inferred", "10 parameters are used by no layer, and counted: left") in shown


def test_statistics_are_no_parameters() -> None:
    nodes = [node("BatchNormalization", ["x", "g", "b", "m", "v"], ["y"])]
    total = convcost.count(read(nodes, {name: ones(3) for name in "gbmv"})).total
    assert (total.parameters, total.statistics) == (6, 6)


@pytest.mark.parametrize(("version", "overridable"), [(3, False), (8, True)])
def test_initializers_among_the_inputs_may_be_replaced_since_version_4(
    version: int, overridable: bool
) -> None:
    network = read(CONV, KERNEL, ir=version, opset=8, also=("w",))
    assert network.table["w"].overridable is overridable
    assert bool(network.notes) is overridable


def test_weights_that_are_not_there_are_counted() -> None:
    graph = Graph(
        "net", (Node("Relu", "", "", ("x",), ("y",)), Node("Conv", "", "c", ("y", "w"), ("z",))),
        {"w": TensorValue("w", (4, 3, 3, 3), "float32", None, "weights.bin")},
        (ValueInfo("x", "float32", (1, 3, 8, 8)),), (ValueInfo("z", "float32", None),),
    )  # fmt: skip
    network = network_of_model(Model(graph, {"": 18}), "net", Options())
    assert network.table["w"].values is None
    assert convcost.count(network).total.parameters == 108
    assert "files that are not there (weights.bin)" in network.notes[0].text


def test_axes_are_named_by_what_uses_them() -> None:
    nodes = [node("Relu", ["x"], ["a"]), node("Conv", ["a", "w"], ["c"], name="conv"),
             node("Tanh", ["c"], ["y"], name="tanh")]  # fmt: skip
    network = read(nodes, KERNEL)
    names = ("batch", "channel", "height", "width")
    assert all(layer.outputs[0].names == names for layer in network.layers)


def test_a_weight_seen_in_another_shape_stays_a_weight() -> None:
    nodes = [node("Transpose", ["w"], ["t"], perm=[1, 0]), node("MatMul", ["x", "t"], ["y"],
             name="dense")]  # fmt: skip
    network = read(nodes, {"w": np.arange(20, dtype=np.float32).reshape(4, 5)}, x=("N", 5))
    assert [layer.op.kind for layer in network.layers] == ["input", "dense"]
    assert network.table["w"].values().tolist() == np.arange(20).reshape(4, 5).T.tolist()


# ---------- functions, branches, loops


def body(op_type: str, count: int = 1) -> onnx.GraphProto:
    names = ["x", *(f"t{i}" for i in range(count - 1)), "t"]
    nodes = [node(op_type, [a], [b]) for a, b in itertools.pairwise(names)]
    return helper.make_graph(nodes, op_type, [], [helper.make_tensor_value_info("t", FLOAT, None)])


def test_functions_of_the_file_are_written_out() -> None:
    inner = [node("Conv", ["a", "b"], ["c"], name="conv"), node("Elu", ["c"], ["d"], name="elu")]
    inner[1].attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope",
                                                  type=onnx.AttributeProto.FLOAT))  # fmt: skip
    function = helper.make_function("own", "Block", ["a", "b"], ["d"], inner,
                                    [helper.make_opsetid("", 18)], ["slope"])  # fmt: skip
    calls = [node("Block", ["x", "w"], ["m"], name="one", domain="own", slope=1.0),
             node("Block", ["m", "w"], ["y"], name="two", domain="own", slope=1.0)]  # fmt: skip
    network = read(calls, {"w": ones(3, 3, 1, 1)}, functions=[function])
    assert [x.name for x in network.layers] == ["x", "one/conv", "one/elu", "two/conv", "two/elu"]
    assert network.layer("two/conv").shared_with == "one/conv"


def test_functions_that_call_themselves_end() -> None:
    function = helper.make_function("own", "Again", ["a"], ["b"],
                                    [node("Again", ["a"], ["b"], domain="own")],
                                    [helper.make_opsetid("own", 1)])  # fmt: skip
    network = read([node("Again", ["x"], ["y"], domain="own")], functions=[function])
    (part,) = convcost.count(network).unknown
    assert "inside each other" in part.why


def test_a_branch_whose_condition_is_known_is_taken() -> None:
    nodes = [
        node("Shape", ["x"], ["s"]), node("Gather", ["s", "one"], ["c"]),
        node("Equal", ["c", "three"], ["is"]),
        node("If", ["is"], ["y"], then_branch=body("Relu"), else_branch=body("Tanh")),
    ]  # fmt: skip
    stored = {"one": np.array(1), "three": np.array(3)}
    assert [layer.name for layer in read(nodes, stored).layers] == ["x", "y/t"]
    assert read(nodes, stored).layer("y/t").op.function == "relu"
    other = read(nodes, stored, x=("N", 4, 8, 8))
    assert other.layer("y/t").op.function == "tanh"


def test_a_branch_that_the_data_decides_is_unknown() -> None:
    nodes = [node("ReduceMax", ["x"], ["m"], keepdims=0), node("Greater", ["m", "zero"], ["is"]),
             node("If", ["is"], ["y"], name="if", then_branch=body("Relu", 3),
                  else_branch=body("Tanh"))]  # fmt: skip
    (part,) = convcost.count(read(nodes, {"zero": np.float32(0)})).unknown
    assert part.layer == "if"
    assert "one has 3 nodes, the other 1" in part.why


def loop_body() -> onnx.GraphProto:
    infos = [helper.make_tensor_value_info(n, t, s) for n, t, s in
             (("i", INT, []), ("go", TensorProto.BOOL, []), ("h", FLOAT, None))]  # fmt: skip
    outs = [helper.make_empty_tensor_value_info(n) for n in ("go2", "h2", "row")]
    nodes = [node("Identity", ["go"], ["go2"]), node("MatMul", ["h", "w"], ["h2"], name="step"),
             node("Relu", ["h2"], ["row"])]  # fmt: skip
    return helper.make_graph(nodes, "body", infos, outs)


def test_a_loop_of_a_known_number_of_rounds_is_written_out() -> None:
    nodes = [node("Loop", ["three", "", "x"], ["last", "y"], name="loop", body=loop_body())]
    network = read(nodes, {"three": np.array(3), "w": ones(5, 5)}, x=("N", 5))
    total = convcost.count(network).total
    assert (total.forward.macs, total.parameters) == (3 * 25, 25)
    assert network.layer("loop/2/step").shared_with == "loop/0/step"
    assert tuple(map(str, network.tensor(network.outputs[0]).shape)) == ("3", "N", "5")


@pytest.mark.parametrize(
    ("rounds", "why"), [(10**9, "a loop of 1,000,000,000 rounds"),
                        (MAX_WRITTEN_OUT // 3, "functions and loops of more than")],
)  # fmt: skip
def test_a_loop_of_too_many_rounds_is_unknown(rounds: int, why: str) -> None:
    nodes = [node("Loop", ["n", "", "x"], ["last", "y"], name="loop", body=loop_body())]
    (part,) = convcost.count(
        read(nodes, {"n": np.array(rounds), "w": ones(5, 5)}, x=("N", 5))
    ).unknown
    assert part.layer == "loop"
    assert why in part.why


def test_a_scan_is_written_out() -> None:
    infos = [helper.make_tensor_value_info(n, FLOAT, None) for n in ("h", "t")]
    outs = [helper.make_empty_tensor_value_info(n) for n in ("h2", "row")]
    inner = helper.make_graph([node("Add", ["h", "t"], ["h2"]), node("Relu", ["h2"], ["row"])],
                              "body", infos, outs)  # fmt: skip
    nodes = [node("Scan", ["h0", "x"], ["last", "y"], name="scan", body=inner, num_scan_inputs=1)]
    network = read(nodes, {"h0": ones(8)}, x=(4, 8), batch_axis=None)
    assert network.tensor(network.outputs[0]).shape == (4, 8)
    assert convcost.count(network).total.forward.elementwise == 4 * (8 + 8)


# ---------- size


def test_a_long_chain_needs_no_recursion() -> None:
    count = 20_000
    nodes = tuple(Node("Relu", "", "", (f"v{i}",), (f"v{i + 1}",)) for i in range(count))
    graph = Graph("net", nodes[::-1], {}, (ValueInfo("v0", "float32", ("N", 4)),),
                  (ValueInfo(f"v{count}", "float32", None),))  # fmt: skip
    network = network_of_model(Model(graph, {"": 18}), "net", Options())
    assert len(network.layers) == count + 1
    assert convcost.count(network).total.forward.elementwise == 4 * count
