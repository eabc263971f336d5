"""Graphs and functions: GraphProto and FunctionProto."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.read.onnx.file.declared import value_info
from convcost.read.onnx.file.messages import Function, Graph
from convcost.read.onnx.file.nodes import attribute, domain_of, node, with_overload
from convcost.read.onnx.file.sparse import sparse_tensor
from convcost.read.onnx.file.stored import tensor
from convcost.read.onnx.file.wire import LENGTH, VARINT, Damage, fields, key, signed, text

if TYPE_CHECKING:
    from convcost.read.onnx.file.messages import Node, TensorValue, ValueInfo
    from convcost.read.onnx.file.scan import Scan

_NODE, _NAME, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO, _SPARSE = (
    key(number, LENGTH) for number in (1, 2, 5, 11, 12, 13, 15)
)
_TENSORS = {_INITIALIZER: tensor, _SPARSE: sparse_tensor}
(
    _F_NAME, _F_INPUT, _F_OUTPUT, _F_ATTRIBUTE, _F_NODE, _F_OPSET, _F_DOMAIN, _F_DEFAULT,
    _F_OVERLOAD,
) = (key(number, LENGTH) for number in (1, 4, 5, 6, 7, 9, 10, 11, 13))  # fmt: skip
_DOMAIN, _VERSION = key(1, LENGTH), key(2, VARINT)


def graph(scan: Scan, begin: int, end: int) -> Graph:
    """The GraphProto in these bytes.

    Raises:
        Damage: it is damaged, above a limit, or two initializers have one name.
    """
    name = ""
    nodes: list[Node] = []
    initializers: dict[str, TensorValue] = {}
    values: dict[int, list[ValueInfo]] = {_INPUT: [], _OUTPUT: [], _VALUE_INFO: []}
    for found, at, stop in fields(scan.data, begin, end):
        if found == _NODE:
            nodes.append(scan.part(node, at, stop, "node", len(nodes)))
        elif found in _TENSORS:
            read = _TENSORS[found]
            value = scan.part(read, at, stop, "initializer", len(initializers))
            if value.name in initializers:
                raise Damage(at, f"two initializers are named '{value.name:.80}'")
            initializers[value.name] = value
        elif found in values:
            known = values[found]
            known.append(scan.part(value_info, at, stop, "value", len(known)))
        elif found == _NAME:
            name = text(scan.data, at, stop)
    return Graph(
        name=name,
        nodes=tuple(nodes),
        initializers=initializers,
        inputs=tuple(values[_INPUT]),
        outputs=tuple(values[_OUTPUT]),
        value_info={value.name: value for value in values[_VALUE_INFO]},
    )


def function(scan: Scan, begin: int, end: int) -> Function:
    """The FunctionProto in these bytes.

    Raises:
        Damage: it is damaged, or above a limit.
    """
    data = scan.data
    names: dict[int, str] = {}
    nodes: list[Node] = []
    values: dict[int, list[str]] = {_F_INPUT: [], _F_OUTPUT: []}
    attributes: dict[str, Any] = {}
    opsets: dict[str, int] = {}
    for found, at, stop in fields(data, begin, end):
        if found == _F_NODE:
            nodes.append(scan.part(node, at, stop, "node", len(nodes)))
        elif found in (_F_NAME, _F_OVERLOAD):
            names[found] = text(data, at, stop)
        elif found == _F_DOMAIN:
            names[found] = domain_of(scan, at, stop)
        elif found in values:
            values[found].append(text(data, at, stop))
        elif found == _F_ATTRIBUTE:
            attributes.setdefault(text(data, at, stop), None)
        elif found == _F_DEFAULT:
            attributes.update([attribute(scan, at, stop)])
        elif found == _F_OPSET:
            opsets.update([opset(scan, at, stop)])
    return Function(
        name=with_overload(names.get(_F_NAME, ""), names.get(_F_OVERLOAD, "")),
        domain=names.get(_F_DOMAIN, ""),
        nodes=tuple(nodes),
        inputs=tuple(values[_F_INPUT]),
        outputs=tuple(values[_F_OUTPUT]),
        attributes=attributes,
        opsets=opsets,
    )


def opset(scan: Scan, begin: int, end: int) -> tuple[str, int]:
    """The domain and version of an OperatorSetIdProto."""
    domain, version = "", 0
    for found, at, stop in fields(scan.data, begin, end):
        if found == _DOMAIN:
            domain = domain_of(scan, at, stop)
        elif found == _VERSION:
            version = signed(at)
    return domain, version
