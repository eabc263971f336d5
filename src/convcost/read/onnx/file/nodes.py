"""Nodes and their attributes: NodeProto and AttributeProto."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError
from convcost.read.limits import MAX_ATTRIBUTE_ITEMS
from convcost.read.onnx.file.declared import tensor_type
from convcost.read.onnx.file.messages import Node, Reference, ValueInfo
from convcost.read.onnx.file.sparse import sparse_tensor
from convcost.read.onnx.file.stored import tensor
from convcost.read.onnx.file.wire import (
    FOUR_BYTES,
    LENGTH,
    VARINT,
    Damage,
    fields,
    key,
    signed,
    text,
    varints,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.read.onnx.file.scan import Scan

_INPUT, _OUTPUT, _NODE_NAME, _OP_TYPE, _ATTRIBUTE, _DOMAIN, _OVERLOAD = (
    key(number, LENGTH) for number in (1, 2, 3, 4, 5, 7, 8)
)
_NAME, _TYPE, _REFERENCE = key(1, LENGTH), key(20, VARINT), key(21, LENGTH)
_NONE: Mapping[str, Any] = {}


def node(scan: Scan, begin: int, end: int) -> Node:
    """The NodeProto in these bytes.

    Raises:
        Damage: it is damaged, or above a limit.
    """
    data = scan.data
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, Any] | None = None
    op_type = domain = name = overload = ""
    for found, at, stop in fields(data, begin, end):
        if found == _INPUT:
            inputs.append(text(data, at, stop))
        elif found == _ATTRIBUTE:
            label, value = attribute(scan, at, stop)
            if attributes is None:
                attributes = {}
            elif label in attributes:
                raise Damage(at, f"two attributes are named '{label:.80}'")
            attributes[label] = value
        elif found == _OUTPUT:
            outputs.append(text(data, at, stop))
        elif found == _OP_TYPE:
            op_type = scan.word(at, stop)
        elif found == _NODE_NAME:
            name = text(data, at, stop)
        elif found == _DOMAIN:
            domain = domain_of(scan, at, stop)
        elif found == _OVERLOAD:
            overload = scan.word(at, stop)
    if not op_type:
        raise Damage(begin, "a node without an operator")
    scan.count("nodes", begin)
    op_type = with_overload(op_type, overload)
    return Node(op_type, domain, name, tuple(inputs), tuple(outputs), attributes or _NONE)


def domain_of(scan: Scan, begin: int, end: int) -> str:
    """A domain; ONNX's own has two names."""
    domain = scan.word(begin, end)
    return "" if domain == "ai.onnx" else domain


def with_overload(name: str, overload: str) -> str:
    """The name of an operator or a function, and which of several of that name it is."""
    return f"{name}:{overload}" if overload else name


def attribute(scan: Scan, begin: int, end: int) -> tuple[str, Any]:
    """The name and the value of the AttributeProto in these bytes.

    Raises:
        Damage: it is damaged, above a limit, or of no known type.
    """
    known: tuple[str, Any] | None = scan.known("attribute", begin, end)
    if known is not None:
        return known
    name = reference = ""
    kind = 0
    values: dict[int, list[Any]] = {}
    for found, at, stop in fields(scan.data, begin, end):
        if found in _VALUES:
            which, read = _VALUES[found]
            values.setdefault(which, []).append(read(scan, at, stop))
        elif found in _PACKED:
            which, read = _PACKED[found]
            values.setdefault(which, []).extend(read(scan, at, stop))
        elif found == _TYPE:
            kind = at
        elif found == _NAME:
            name = scan.word(at, stop)
        elif found == _REFERENCE:
            reference = text(scan.data, at, stop)
    if not name:
        raise Damage(begin, "an attribute without a name")
    if reference:
        return name, Reference(reference)
    kind = kind or _only(values)
    value = _value(kind, values.get(kind, []), name, begin)
    return (
        scan.remember("attribute", begin, end, (name, value)) if kind in _PLAIN else (name, value)
    )


def _only(values: Mapping[int, Any]) -> int:
    """The type of an attribute that does not tell it, as the first version of the format wrote."""
    return next(iter(values), _INTS)


def _value(kind: int, found: list[Any], name: str, begin: int) -> Any:
    if kind in _LISTS:
        if len(found) > MAX_ATTRIBUTE_ITEMS:
            what = f"the attribute '{name:.80}' has {len(found):,} items"
            raise Damage(begin, f"{what}; at most {MAX_ATTRIBUTE_ITEMS:,} are read", LimitError)
        return tuple(found)
    if found:
        return found[-1]
    if kind in _DEFAULTS:
        return _DEFAULTS[kind]
    if kind in _ONES:
        raise Damage(begin, f"the attribute '{name:.80}' has no value")
    raise Damage(begin, f"the attribute '{name:.80}' is of type {kind}, which is not known")


def _float(scan: Scan, at: int, stop: int) -> float:
    del stop
    (value,) = struct.unpack_from("<f", scan.data, at)
    return float(value)


def _floats(scan: Scan, at: int, stop: int) -> list[float]:
    count, rest = divmod(stop - at, 4)
    if rest:
        raise Damage(at, "packed floats that end within one")
    return list(struct.unpack_from(f"<{count}f", scan.data, at))


def _int(scan: Scan, at: int, stop: int) -> int:
    del scan, stop
    return signed(at)


def _ints(scan: Scan, at: int, stop: int) -> list[int]:
    return [signed(value) for value in varints(scan.data, at, stop)]


def _string(scan: Scan, at: int, stop: int) -> str | bytes:
    """A text, or bytes that are none."""
    stored = scan.data[at:stop]
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def _graph(scan: Scan, at: int, stop: int) -> Any:
    from convcost.read.onnx.file.graphs import graph

    scan.enter(at)
    found = graph(scan, at, stop)
    scan.leave()
    return found


def _type(scan: Scan, at: int, stop: int) -> ValueInfo:
    return ValueInfo("", *tensor_type(scan, at, stop))


_FLOAT, _INT, _STRING, _TENSOR, _GRAPH = 1, 2, 3, 4, 5
_FLOATS, _INTS, _STRINGS, _TENSORS, _GRAPHS = 6, 7, 8, 9, 10
_SPARSE, _SPARSES, _A_TYPE, _TYPES = 11, 12, 13, 14
_DEFAULTS = {_FLOAT: 0.0, _INT: 0, _STRING: ""}
_ONES = {_TENSOR, _GRAPH, _SPARSE, _A_TYPE}
_LISTS = {_FLOATS, _INTS, _STRINGS, _TENSORS, _GRAPHS, _SPARSES, _TYPES}
#: Types whose values say nothing about where in the file they stand.
_PLAIN = {_FLOAT, _INT, _STRING, _FLOATS, _INTS, _STRINGS}
#: Field -> the attribute type that uses it, and how it is read.
_VALUES: dict[int, tuple[int, Callable[[Scan, int, int], Any]]] = {
    key(2, FOUR_BYTES): (_FLOAT, _float),
    key(3, VARINT): (_INT, _int),
    key(4, LENGTH): (_STRING, _string),
    key(5, LENGTH): (_TENSOR, tensor),
    key(6, LENGTH): (_GRAPH, _graph),
    key(7, FOUR_BYTES): (_FLOATS, _float),
    key(8, VARINT): (_INTS, _int),
    key(9, LENGTH): (_STRINGS, _string),
    key(10, LENGTH): (_TENSORS, tensor),
    key(11, LENGTH): (_GRAPHS, _graph),
    key(14, LENGTH): (_A_TYPE, _type),
    key(15, LENGTH): (_TYPES, _type),
    key(22, LENGTH): (_SPARSE, sparse_tensor),
    key(23, LENGTH): (_SPARSES, sparse_tensor),
}
_PACKED: dict[int, tuple[int, Callable[[Scan, int, int], list[Any]]]] = {
    key(7, LENGTH): (_FLOATS, _floats),
    key(8, LENGTH): (_INTS, _ints),
}
