"""Parsed messages against the onnx package, on real files and on random models."""

import os
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from convcost.errors import SourceError
from convcost.read.onnx.file.messages import TensorValue
from convcost.read.onnx.file.parse import looks_like_model, parse, parse_bytes
from convcost.read.reader import HEAD_BYTES, Source

from .oracle import check_model, check_tensor

SHIPPED = sorted((Path(onnx.__file__).parent / "backend/test/data").rglob("*.onnx"))
ROOT = Path(os.environ.get("CONVCOST_SHARED", Path(__file__).parents[4] / "shared"))
SHARED = sorted((ROOT / "data" / "models").glob("*.onnx"))


def source(path: Path) -> Source:
    with path.open("rb") as file:
        return Source(str(path), path.suffix, file.read(HEAD_BYTES), path)


def test_files_that_onnx_ships() -> None:
    assert len(SHIPPED) > 100
    for path in SHIPPED:
        check_model(parse(source(path)), onnx.load(path))
        assert looks_like_model(source(path).head)


@pytest.mark.skipif(not SHARED, reason="needs ../shared/data/models")
@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_real_files(path: Path) -> None:
    check_model(parse(source(path)), onnx.load(path))


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
DIMS = st.lists(st.integers(0, 3), max_size=3)
INTS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=32)
#: What NumPy has, each in raw_data and in its list; the others are below.
NUMBERS = [
    TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16,
    TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8,
    TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL,
    TensorProto.COMPLEX64, TensorProto.COMPLEX128,
]  # fmt: skip
REFUSED = [
    number for number in TensorProto.DataType.values()
    if number not in (*NUMBERS, TensorProto.UNDEFINED, TensorProto.STRING)
]  # fmt: skip


@st.composite
def tensors(draw: st.DrawFn, name: str | None = None) -> TensorProto:
    kind, dims = draw(st.sampled_from(NUMBERS)), draw(DIMS)
    numpy_type = helper.tensor_dtype_to_np_dtype(kind)
    if kind == TensorProto.BFLOAT16:
        array = draw(hnp.arrays(np.float32, dims)).astype(numpy_type)
    else:
        array = draw(hnp.arrays(numpy_type, dims))
    name = draw(NAMES) if name is None else name
    if draw(st.booleans()):
        return numpy_helper.from_array(array, name)
    return helper.make_tensor(name, kind, dims, array.reshape(-1))


@st.composite
def string_tensors(draw: st.DrawFn) -> TensorProto:
    texts = draw(st.lists(st.text(st.characters(codec="utf-8")), max_size=4))
    return helper.make_tensor("s", TensorProto.STRING, [len(texts)], [t.encode() for t in texts])


@st.composite
def sparse_tensors(draw: st.DrawFn, name: str) -> onnx.SparseTensorProto:
    dims = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    flat = draw(st.lists(st.integers(0, int(np.prod(dims)) - 1), unique=True, max_size=5))
    values = draw(hnp.arrays(np.float32, len(flat), elements=st.floats(1, 9, width=32)))
    indices = np.array(flat, np.int64)
    if draw(st.booleans()):
        indices = np.stack(np.unravel_index(indices, dims), axis=1).astype(np.int64)
    return helper.make_sparse_tensor(
        numpy_helper.from_array(values, name), numpy_helper.from_array(indices), dims
    )


@st.composite
def types(draw: st.DrawFn) -> onnx.TypeProto:
    size = st.one_of(st.integers(-1, 2**40), NAMES, st.none())
    shape = draw(st.one_of(st.none(), st.lists(size, max_size=3)))
    tensor = helper.make_tensor_type_proto(draw(st.sampled_from(NUMBERS)), shape)
    wrap = [lambda x: x, helper.make_sequence_type_proto, helper.make_optional_type_proto,
            lambda x: helper.make_map_type_proto(TensorProto.INT64, x)]  # fmt: skip
    if draw(st.integers(0, 9)) == 0:
        return helper.make_sparse_tensor_type_proto(TensorProto.FLOAT, shape)
    return wrap[draw(st.sampled_from([0, 0, 0, 1, 2, 3]))](tensor)


@st.composite
def values_info(draw: st.DrawFn, name: str) -> onnx.ValueInfoProto:
    return helper.make_value_info(name, draw(types()))


def attribute(name: str, kind: int, **fields: Any) -> AttributeProto:
    return AttributeProto(name=name, type=kind, **fields)


@st.composite
def attributes(draw: st.DrawFn, name: str, depth: int) -> AttributeProto:
    kind, one = AttributeProto, AttributeProto.AttributeType
    graph = graphs(depth + 1)
    made = {
        one.FLOAT: lambda: {"f": draw(FLOATS)},
        one.INT: lambda: {"i": draw(INTS)},
        one.STRING: lambda: {"s": draw(st.binary(max_size=9))},
        one.FLOATS: lambda: {"floats": draw(st.lists(FLOATS, max_size=4))},
        one.INTS: lambda: {"ints": draw(st.lists(INTS, max_size=4))},
        one.STRINGS: lambda: {"strings": draw(st.lists(st.binary(max_size=9), max_size=3))},
        one.TENSOR: lambda: {"t": draw(st.one_of(tensors(), string_tensors()))},
        one.TENSORS: lambda: {"tensors": draw(st.lists(tensors(), max_size=2))},
        one.TYPE_PROTO: lambda: {"tp": draw(types())},
        one.SPARSE_TENSOR: lambda: {"sparse_tensor": draw(sparse_tensors("v"))},
        **({} if depth == 2 else {
            one.GRAPH: lambda: {"g": draw(graph)},
            one.GRAPHS: lambda: {"graphs": draw(st.lists(graph, max_size=2))},
        }),
    }  # fmt: skip
    chosen = draw(st.sampled_from(sorted(made)))
    if draw(st.integers(0, 9)) == 0:
        return attribute(name, chosen, ref_attr_name=draw(NAMES))
    if draw(st.integers(0, 9)) == 0 and chosen in (kind.FLOAT, kind.INT, kind.STRING, kind.INTS):
        return attribute(name, chosen)  # as writers of proto3 leave a zero out
    return attribute(name, chosen, doc_string=draw(st.text(max_size=3)), **made[chosen]())


@st.composite
def nodes(draw: st.DrawFn, depth: int = 0) -> onnx.NodeProto:
    names = st.lists(st.one_of(st.just(""), NAMES), max_size=3)
    labels = draw(st.lists(NAMES, unique=True, max_size=3))
    return onnx.NodeProto(
        op_type=draw(NAMES),
        name=draw(st.one_of(st.just(""), NAMES)),
        domain=draw(st.sampled_from(["", "ai.onnx", "com.microsoft"])),
        overload=draw(st.sampled_from(["", "", "second"])),
        input=draw(names),
        output=draw(names),
        attribute=[draw(attributes(label, depth)) for label in labels],
        doc_string=draw(st.text(max_size=3)),
    )


@st.composite
def graphs(draw: st.DrawFn, depth: int = 0) -> onnx.GraphProto:
    few = 3 if depth == 0 else 1
    names = [draw(st.lists(NAMES, unique=True, max_size=few)) for _ in range(5)]
    dense, sparse = names[0], [name for name in names[1] if name not in names[0]]
    return onnx.GraphProto(
        name=draw(NAMES),
        node=draw(st.lists(nodes(depth), max_size=few)),
        initializer=[draw(tensors(name)) for name in dense],
        sparse_initializer=[draw(sparse_tensors(name)) for name in sparse],
        input=[draw(values_info(name)) for name in names[2]],
        output=[draw(values_info(name)) for name in names[3]],
        value_info=[draw(values_info(name)) for name in names[4]],
    )


@st.composite
def models(draw: st.DrawFn) -> onnx.ModelProto:
    functions = [
        onnx.FunctionProto(
            name=name,
            domain=draw(st.sampled_from(["", "local"])),
            input=draw(st.lists(NAMES, max_size=2)),
            output=draw(st.lists(NAMES, max_size=2)),
            attribute=draw(st.lists(st.sampled_from("ab"), unique=True)),
            attribute_proto=[draw(attributes("c", 2))] if draw(st.booleans()) else [],
            node=draw(st.lists(nodes(2), max_size=2)),
            opset_import=[helper.make_opsetid("", 18)],
        )
        for name in draw(st.lists(NAMES, unique=True, max_size=2))
    ]
    return onnx.ModelProto(
        ir_version=draw(st.integers(1, 14)),
        producer_name=draw(st.text(max_size=5)),
        producer_version=draw(st.text(max_size=5)),
        opset_import=[helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)],
        graph=draw(graphs()),
        functions=functions,
        metadata_props=[onnx.StringStringEntryProto(key="a", value="b")],
    )


@given(models())
@settings(max_examples=60, deadline=None)
def test_random_models(model: onnx.ModelProto) -> None:
    check_model(parse_bytes(model.SerializeToString(), "x"), model)


@given(tensors("w"))
def test_random_tensors(proto: TensorProto) -> None:
    check_tensor(only_tensor(proto), proto)


def only_tensor(proto: TensorProto) -> TensorValue:
    graph = onnx.GraphProto(name="g", initializer=[proto])
    data = onnx.ModelProto(ir_version=8, graph=graph).SerializeToString()
    (value,) = parse_bytes(data, "x").graph.initializers.values()
    return value


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("raw", [False, True])
def test_large_tensors_load_from_the_file(tmp_path: Path, number: int, raw: bool) -> None:
    values = np.arange(-600, 600).reshape(3, 400) % 251
    values = values.astype(helper.tensor_dtype_to_np_dtype(number))
    proto = (
        numpy_helper.from_array(values, "w")
        if raw
        else helper.make_tensor("w", number, values.shape, values.reshape(-1))
    )
    path = tmp_path / "m.onnx"
    model = onnx.ModelProto(ir_version=8, graph=onnx.GraphProto(name="g", initializer=[proto]))
    path.write_bytes(model.SerializeToString())
    value = parse(source(path)).graph.initializers["w"]
    check_tensor(value, proto)
    path.write_bytes(b"something else")
    with pytest.raises(SourceError, match=r"m\.onnx: the tensor 'w' of shape \(3, 400\)"):
        value.load()


@pytest.mark.parametrize("number", REFUSED)
def test_dtypes_that_numpy_does_not_have(number: int) -> None:
    value = only_tensor(TensorProto(name="w", data_type=number, dims=[2], raw_data=b"ab"))
    from .oracle import dtype

    assert value.dtype == dtype(number)
    with pytest.raises(SourceError, match=f"tensor 'w'.*no {value.dtype}"):
        value.load()


def test_lists_that_are_not_packed() -> None:
    """Parsers have to take both forms; writers of onnx pack the numbers of tensors."""
    floats = b"".join(b"\x25" + np.float32(x).tobytes() for x in (1.5, -2))
    ints = b"\x38\x05\x38" + b"\xff" * 9 + b"\x01"
    made = {
        (b"\x08\x02\x10\x01\x42\x01w" + floats): np.array([1.5, -2], np.float32),
        (b"\x08\x02\x10\x07\x42\x01w" + ints): np.array([5, -1]),
        (b"\x0a\x02\x01\x02\x10\x07\x42\x01w" + ints): np.array([[5, -1]]),
    }
    for tensor, expected in made.items():
        graph = b"\x2a" + bytes([len(tensor)]) + tensor
        data = b"\x08\x08\x3a" + bytes([len(graph)]) + graph
        value = parse_bytes(data, "x").graph.initializers["w"]
        np.testing.assert_array_equal(value.load(), expected)
        np.testing.assert_array_equal(
            numpy_helper.to_array(onnx.load_from_string(data).graph.initializer[0]), expected
        )


def test_packed_attributes_and_attributes_without_a_type() -> None:
    node = b"\x22\x01F" + b"".join(
        b"\x2a" + bytes([len(x)]) + x
        for x in (b"\x0a\x01a\x42\x02\x05\x06", b"\x0a\x01b\x3a\x04\0\0\x80?", b"\x0a\x01c\x18\x07",
                  b"\x0a\x01d\x22\x01s", b"\x0a\x01e")
    )  # fmt: skip
    graph = b"\x0a" + bytes([len(node)]) + node
    (found,) = parse_bytes(b"\x3a" + bytes([len(graph)]) + graph, "x").graph.nodes
    assert found.attributes == {"a": (5, 6), "b": (1.0,), "c": 7, "d": "s", "e": ()}


def test_a_tensor_without_numbers() -> None:
    """Weights are taken out of files to make them small; what is left still counts."""
    stripped = only_tensor(TensorProto(name="w", data_type=1, dims=[64, 3, 7, 7]))
    assert stripped.load is None
    assert stripped.dims == (64, 3, 7, 7)
    empty = only_tensor(TensorProto(name="w", data_type=1, dims=[0]))
    assert empty.load().shape == (0,)


def test_repeated_attributes_are_read_once() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], strides=[2, 2])
    graph = onnx.GraphProto(name="g", node=[node] * 2)
    first, second = parse_bytes(onnx.ModelProto(graph=graph).SerializeToString(), "x").graph.nodes
    assert first.attributes["kernel_shape"] is second.attributes["kernel_shape"]
    assert first.op_type is second.op_type
