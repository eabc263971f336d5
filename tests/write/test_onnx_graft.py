"""Rewritten ONNX models: what was not rewritten is what the file has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.errors import ConvcostError, NetworkError
from convcost.network.network import Network, Ref
from convcost.network.surgery import New, rebuilt
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.pool import Pool
from convcost.ops.window import window
from convcost.write.files import Source, save_networks
from convcost.write.onnx.graft import grafted, grafted_file
from support.files import shared

if TYPE_CHECKING:
    from pathlib import Path

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - behind the check

EXACT = ["constant-initializers", "drop-identities", "fold-batch-norm", "fold-batch-norm-forward",
         "merge-pointwise"]  # fmt: skip


def model(*, opset: int = 13, ir: int = 8, inputs_too: bool = False) -> Any:
    """A convolution with BatchNorm, then what a network does not keep: a slice backwards."""
    state = np.random.default_rng(0)
    arrays = {
        "w": state.normal(size=(6, 3, 3, 3)), "scale": state.uniform(0.5, 1.5, 6),
        "shift": state.normal(size=6), "mean": state.normal(size=6),
        "var": state.uniform(0.5, 1.5, 6), "half": np.array(0.5),
    }  # fmt: skip
    stored = [numpy_helper.from_array(a.astype("float32"), n) for n, a in arrays.items()]
    for name, value in (("begin", 4), ("end", 1), ("axis", 1), ("step", -1)):
        stored.append(numpy_helper.from_array(np.array([value], "int64"), name))
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "scale", "shift", "mean", "var"], ["n"],
                         "norm", epsilon=1e-3),
        helper.make_node("Dropout", ["n"], ["d"], "drop"),
        helper.make_node("Relu", ["d"], ["r"], "relu"),
        helper.make_node("Slice", ["r", "begin", "end", "axis", "step"], ["s"], "slice"),
        helper.make_node("Mul", ["s", "half"], ["y"], "mul"),
    ]  # fmt: skip
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3, 8, 8])
    also = [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in stored]
    graph = helper.make_graph(nodes, "real", [x, *(also if inputs_too else [])], [y], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)


def ran(made: Any, **feed: np.ndarray) -> list[np.ndarray]:
    data = made if isinstance(made, str) else made.SerializeToString()
    session = runtime.InferenceSession(data)
    if not feed:
        x = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype("float32")
        feed = {"x": x}
    found: list[np.ndarray] = session.run(None, feed)
    return found


def assert_same(after: Any, before: Any) -> None:
    for one, other in zip(ran(after), ran(before), strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() <= 1e-5 * np.abs(other).max()


@pytest.mark.parametrize("inputs_too", [True, False])
@pytest.mark.parametrize("ir", [3, 8])
def test_what_was_not_rewritten_stays(inputs_too: bool, ir: int) -> None:
    file = model(ir=ir, inputs_too=inputs_too or ir < 4)
    before = file.SerializeToString()
    net = convcost.read(file)
    after = convcost.rewrite(net, EXACT, device="laptop-cpu").network
    with pytest.raises(NetworkError, match="'flip', a copy: the network does not keep"):
        convcost.write(after, "never.onnx")
    made = grafted(file, net, after)
    assert [node.op_type for node in made.graph.node] == ["Conv", "Relu", "Slice", "Mul"]
    assert [each.name for each in made.graph.input] == ["x"]
    assert [each.name for each in made.graph.output] == ["y"]
    assert len(made.graph.initializer) == 7
    assert made.graph.node[2] == file.graph.node[4]
    assert_same(made, file)
    assert file.SerializeToString() == before
    assert convcost.count(convcost.read(made)).total.parameters == 3 * 9 * 6 + 6


def test_weights_that_stay_replaceable_stay_so() -> None:
    file = model(inputs_too=True)
    net = convcost.read(file)
    made = grafted(file, net, rebuilt(net, {"drop": ()}))
    assert {each.name for each in made.graph.input} == {each.name for each in file.graph.input}
    assert_same(made, file)


def test_the_last_layer_can_go_and_its_name_stays() -> None:
    file = model()
    del file.graph.node[4:]
    file.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("r", TensorProto.FLOAT, ["N", 6, 8, 8])
    )
    net = convcost.read(file)
    made = grafted(file, net, rebuilt(net, {"relu": ()}))
    assert [each.name for each in made.graph.output] == ["r"]
    assert made.graph.node[-1].op_type == "Identity"
    x = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype("float32")
    (found,) = ran(made, x=x)
    assert (np.maximum(found, 0) == ran(file, x=x)[0]).all()
    assert (found < 0).any()


def test_several_layers_in_the_place_of_one_are_written() -> None:
    file = model()
    net = convcost.read(file)
    rng = np.random.default_rng(3)
    kernels = [rng.normal(size=s) for s in ((3, 1, 3, 5), (1, 3, 5, 6))]
    ops = [
        Conv(filters=filters, windows=window(kernel, padding=pads), bias=False)
        for filters, kernel, pads in ((5, (3, 1), [(1, 1), (0, 0)]), (6, (1, 3), [(0, 0), (1, 1)]))
    ]
    down = New(name="conv_down", op=ops[0], inputs=(Ref("x"),),
               values=lambda: {"kernel": kernels[0]})  # fmt: skip
    up = New(name="conv", op=ops[1], inputs=(Ref("conv_down"),),
             values=lambda: {"kernel": kernels[1]})  # fmt: skip
    made = grafted(file, net, rebuilt(net, {"conv": (down, up)}))
    assert [node.op_type for node in made.graph.node][:3] == ["Conv", "Conv", "BatchNormalization"]
    product = np.einsum("aicr,ajrf->fcij", kernels[0].transpose(1, 0, 2, 3).reshape(1, 3, 3, 5),
                        kernels[1].reshape(1, 3, 5, 6))  # fmt: skip
    wanted = type(file)()
    wanted.CopyFrom(file)
    wanted.graph.initializer[0].CopyFrom(numpy_helper.from_array(product.astype("float32"), "w"))
    assert_same(made, wanted)


def test_sizes_that_follow_are_stated_anew() -> None:
    file = model()
    del file.graph.node[4:]
    file.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("r", TensorProto.FLOAT, ["N", 6, 8, 8])
    )
    net = convcost.read(file)
    pool = Pool(function="max", windows=window(2, 2))
    new = (New(name="pool", op=pool, inputs=(Ref("norm"),)),
           New(name="relu", op=Activation("relu"), inputs=(Ref("pool"),)))  # fmt: skip
    made = grafted(file, net, rebuilt(net, {"drop": (), "relu": new}))
    assert [d.dim_value for d in made.graph.output[0].type.tensor_type.shape.dim][1:] == [6, 4, 4]
    assert ran(made)[0].shape == (2, 6, 4, 4)


def test_what_a_loop_reads_is_found_in_it() -> None:
    file = model()
    del file.graph.node[4:]
    inner = [helper.make_node("Add", ["r", "n"], ["out"], "inside")]
    info = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 6, 8, 8])
    bodies = {name: helper.make_graph(inner, name, [], [info])
              for name in ("then_branch", "else_branch")}  # fmt: skip
    file.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    file.graph.node.append(helper.make_node("If", ["yes"], ["z"], "if", **bodies))
    file.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 6, 8, 8])
    )
    net = convcost.read(file)
    new = New(name="conv", op=net.layer("conv").op, inputs=(Ref("x"),),
              values=lambda: {"kernel": np.ones((3, 3, 3, 6))})  # fmt: skip
    made = grafted(file, net, rebuilt(net, {"conv": (new,), "drop": ()}))
    assert [node.op_type for node in made.graph.node] == [
        "Conv", "BatchNormalization", "Relu", "If",
    ]  # fmt: skip
    wanted = type(file)()
    wanted.CopyFrom(file)
    wanted.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.ones((6, 3, 3, 3), "float32"), "w")
    )
    assert_same(made, wanted)


def test_operators_that_an_old_file_does_not_have_are_refused() -> None:
    file = model(opset=9)
    for node in list(file.graph.node)[4:]:
        file.graph.node.remove(node)
    file.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("r", TensorProto.FLOAT, ["N", 6, 8, 8])
    )
    net = convcost.read(file)
    gelu = New(name="relu", op=Activation("gelu"), inputs=(Ref("drop"),))
    with pytest.raises(NetworkError, match=r"'Gelu' of opset 9, the file's"):
        grafted(file, net, rebuilt(net, {"relu": (gelu,)}))
    tanh = New(name="relu", op=Activation("tanh"), inputs=(Ref("drop"),))
    assert grafted(file, net, rebuilt(net, {"relu": (tanh,)})).graph.node[-1].op_type == "Tanh"


def test_the_file_is_written_beside_its_source(tmp_path: Path) -> None:
    path, new = tmp_path / "old.onnx", tmp_path / "new.onnx"
    onnx.save(model(), path)
    net = convcost.read(path)
    after = convcost.rewrite(net, "fold-batch-norm", device="laptop-cpu").network
    said: list[str] = []
    save_networks([after], new, source=Source(path, net), say=said.append)
    assert_same(onnx.load(new), onnx.load(path))
    assert not said
    path.write_bytes(b"\x08")
    with pytest.raises(ConvcostError, match="cannot be loaded again"):
        grafted_file(path, net, after)


def test_a_file_that_is_written_from_the_network_alone_says_why(tmp_path: Path) -> None:
    path, new = tmp_path / "old.onnx", tmp_path / "new.onnx"
    file = model(opset=9)
    for node in list(file.graph.node)[4:]:
        file.graph.node.remove(node)
    file.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("r", TensorProto.FLOAT, ["N", 6, 8, 8])
    )
    onnx.save(file, path)
    net = convcost.read(path)
    gelu = New(name="relu", op=Activation("gelu"), inputs=(Ref("drop"),))
    said: list[str] = []
    after = rebuilt(net, {"relu": (gelu,)})
    save_networks([after], new, source=Source(path, net), say=said.append)
    assert "Gelu" in {node.op_type for node in onnx.load(new).graph.node}
    (text,) = said
    assert text.startswith("new.onnx is written from the network alone")
    assert "'Gelu' of opset 9" in text


@pytest.mark.parametrize(("name", "norms"), [("ultraface_slim320", 25), ("ultraface_rfb320", 35)])
def test_published_face_detectors_are_rewritten_whole(name: str, norms: int) -> None:
    path = shared("models", f"{name}.onnx")
    net = convcost.read(path)
    found = convcost.rewrite(net, EXACT, device="laptop-cpu")
    steps = {step.name: step for step in found.steps}
    assert steps["constant-initializers"].verdict == "worth it"
    assert "--verify measures it" in steps["constant-initializers"].reason
    assert len(steps["fold-batch-norm"].sizes) == norms
    made = grafted_file(path, net, found.network)
    assert [each.name for each in made.graph.input] == ["input"]
    x = np.random.default_rng(0).normal(size=(1, 3, 240, 320)).astype("float32")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    old = runtime.InferenceSession(str(path), options).run(None, {"input": x})
    for one, other in zip(ran(made, input=x), old, strict=True):
        assert np.abs(one - other).max() <= 1e-4 * np.abs(other).max()


def test_a_network_that_is_none_of_the_file_is_refused() -> None:
    file = model()
    net = convcost.read(file)
    other = convcost.read("zoo:seed000")
    assert isinstance(other, Network)
    with pytest.raises(NetworkError):
        grafted(file, net, other)
