"""What the onnx package says about a model, in the types of `convcost.read.onnx.file.messages`."""

from typing import Any

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, TypeProto, numpy_helper

from convcost.read.onnx.file.messages import Graph, Model, Reference, TensorValue, ValueInfo

#: How NumPy, or ml_dtypes, names what onnx calls otherwise.
NAMES = {
    "FLOAT": "float32", "DOUBLE": "float64", "FLOAT8E4M3FN": "float8_e4m3fn",
    "FLOAT8E4M3FNUZ": "float8_e4m3fnuz", "FLOAT8E5M2": "float8_e5m2",
    "FLOAT8E5M2FNUZ": "float8_e5m2fnuz", "FLOAT4E2M1": "float4_e2m1fn",
    "FLOAT8E8M0": "float8_e8m0fnu", "FLOAT6E2M3": "float6_e2m3fn", "FLOAT6E3M2": "float6_e3m2fn",
}  # fmt: skip


def dtype(number: int) -> str | None:
    if number == TensorProto.UNDEFINED:
        return None
    name = TensorProto.DataType.Name(number)
    return NAMES.get(name, name.lower())


def domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


def check_model(found: Model, expected: ModelProto) -> None:
    check_graph(found.graph, expected.graph)
    assert found.ir_version == expected.ir_version
    assert found.opsets == {domain(x.domain): x.version for x in expected.opset_import}
    functions = [found.functions[domain(f.domain), f.name] for f in expected.functions]
    assert len(found.functions) == len(functions)
    for function, proto in zip(functions, expected.functions, strict=True):
        check_nodes(function.nodes, proto.node)
        assert function.inputs == tuple(proto.input)
        assert function.outputs == tuple(proto.output)
        assert list(function.attributes) == [
            *proto.attribute, *(a.name for a in proto.attribute_proto),
        ]  # fmt: skip
        for default in proto.attribute_proto:
            check_value(function.attributes[default.name], default)


def check_graph(found: Graph, expected: GraphProto) -> None:
    assert found.name == expected.name
    check_nodes(found.nodes, expected.node)
    tensors = {tensor.name: tensor for tensor in expected.initializer}
    sparse = {tensor.values.name: tensor for tensor in expected.sparse_initializer}
    assert found.initializers.keys() == {**tensors, **sparse}.keys()
    for name, tensor in tensors.items():
        assert found.initializers[name].name == name
        check_tensor(found.initializers[name], tensor)
    for name, tensor in sparse.items():
        value = found.initializers[name]
        assert value.dims == tuple(tensor.dims)
        assert value.load is not None
        indices = numpy_helper.to_array(tensor.indices)
        at = indices if indices.ndim == 1 else tuple(indices.T)
        loaded = value.load()
        loaded = loaded.reshape(-1) if indices.ndim == 1 else loaded
        np.testing.assert_array_equal(loaded[at], numpy_helper.to_array(tensor.values))
        assert np.count_nonzero(loaded) == np.count_nonzero(numpy_helper.to_array(tensor.values))
    assert found.inputs == tuple(value_info(value) for value in expected.input)
    assert found.outputs == tuple(value_info(value) for value in expected.output)
    assert found.value_info == {value.name: value_info(value) for value in expected.value_info}


def check_nodes(found: Any, expected: Any) -> None:
    assert len(found) == len(expected)
    for node, proto in zip(found, expected, strict=True):
        assert node.op_type == proto.op_type + (f":{proto.overload}" if proto.overload else "")
        assert (node.domain, node.name) == (domain(proto.domain), proto.name)
        assert (node.inputs, node.outputs) == (tuple(proto.input), tuple(proto.output))
        assert list(node.attributes) == [attribute.name for attribute in proto.attribute]
        for attribute in proto.attribute:
            check_value(node.attributes[attribute.name], attribute)


def check_value(found: Any, proto: AttributeProto) -> None:
    kind = AttributeProto
    if proto.ref_attr_name:
        assert found == Reference(proto.ref_attr_name)
        return
    match proto.type:
        case kind.FLOAT:
            assert type(found) is float
            np.testing.assert_equal(found, proto.f)
        case kind.INT:
            assert type(found) is int
            assert found == proto.i
        case kind.STRING:
            assert string(found) == proto.s
        case kind.TENSOR:
            check_tensor(found, proto.t)
        case kind.GRAPH:
            check_graph(found, proto.g)
        case kind.FLOATS:
            np.testing.assert_equal(found, tuple(proto.floats))
        case kind.INTS:
            assert found == tuple(proto.ints)
        case kind.STRINGS:
            assert tuple(map(string, found)) == tuple(proto.strings)
        case kind.TENSORS:
            for value, tensor in zip(found, proto.tensors, strict=True):
                check_tensor(value, tensor)
        case kind.GRAPHS:
            for value, graph in zip(found, proto.graphs, strict=True):
                check_graph(value, graph)
        case kind.SPARSE_TENSOR:
            assert found.dims == tuple(proto.sparse_tensor.dims)
        case kind.TYPE_PROTO:
            assert (found.dtype, found.dims) == type_of(proto.tp)
        case _:
            raise AssertionError(proto)


def string(found: Any) -> bytes:
    """A text is given as such, bytes that are none as they are."""
    if isinstance(found, str):
        return found.encode()
    try:
        found.decode()
    except UnicodeDecodeError:
        return found
    raise AssertionError(found)


def check_tensor(found: TensorValue, proto: TensorProto) -> None:
    assert found.name == proto.name
    assert found.dims == tuple(proto.dims)
    assert found.dtype == dtype(proto.data_type)
    if proto.data_location == TensorProto.EXTERNAL:
        return
    assert found.load is not None
    loaded, expected = found.load(), numpy_helper.to_array(proto)
    if found.dtype == "bfloat16":
        expected = expected.astype(np.float32)
    assert loaded.dtype == expected.dtype
    np.testing.assert_array_equal(loaded, expected)


def value_info(proto: Any) -> ValueInfo:
    return ValueInfo(proto.name, *type_of(proto.type))


def type_of(proto: TypeProto) -> tuple[str | None, tuple[int | str | None, ...] | None]:
    kind = proto.WhichOneof("value")
    if kind not in ("tensor_type", "sparse_tensor_type"):
        return None, None
    tensor = getattr(proto, kind)
    if not tensor.HasField("shape"):
        return dtype(tensor.elem_type), None
    return dtype(tensor.elem_type), tuple(map(size, tensor.shape.dim))


def size(dim: Any) -> int | str | None:
    if dim.WhichOneof("value") == "dim_value":
        return dim.dim_value if dim.dim_value >= 0 else None
    return dim.dim_param or None
