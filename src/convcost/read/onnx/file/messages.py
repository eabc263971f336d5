"""What an ONNX file holds, as far as a network needs it: onnx.proto's messages, in plain types.

Field names are those of the format (https://onnx.ai/onnx/repo-docs/IR.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A stored tensor: an initializer, or a `Constant`'s value.

    Attributes:
        name: of the initializer; empty for an attribute's.
        dims: its shape; empty for a scalar.
        dtype: of its elements, by NumPy's name (``float32``, ``int64``, ``bfloat16``).
        load: its numbers as a NumPy array, read from the file when they are asked for; None where
            they are not there (external data that is absent).
        external: the file that holds the numbers, where it is another one.
    """

    name: str
    dims: tuple[int, ...]
    dtype: str
    load: Callable[[], Any] | None = None
    external: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One call of an operator.

    Attributes:
        op_type: its name: ``Conv``; ``name:overload`` where a function has several.
        domain: of the operator set; empty for ONNX's own.
        name: the node's; perhaps empty, perhaps not unique.
        inputs: names of values; an empty one is an optional input left out.
        outputs: names of values, likewise.
        attributes: name -> int, float, str, bytes, tuple of these, TensorValue, Graph or
            `Reference`.
    """

    op_type: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute of a function's node that takes its value from the caller's attribute."""

    name: str


@dataclass(frozen=True, slots=True)
class ValueInfo:
    """The declared type of a graph input, output or value.

    Attributes:
        name: the value's.
        dtype: of a tensor's elements; None where it is no tensor or is not told.
        dims: int, a dimension's name, or None per axis; None where not even the rank is told.
    """

    name: str
    dtype: str | None
    dims: tuple[int | str | None, ...] | None


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph, or the body of an ``If``, ``Loop`` or ``Scan``.

    Attributes:
        name: the graph's.
        nodes: in the file's order. The format asks for one in which they can run, and for values
            that only one node makes; whether the file keeps to that is not known here.
        initializers: name -> stored tensor, the sparse ones in their dense shape.
        inputs: what it is given.
        outputs: what it returns.
        value_info: name -> declared type of values in between.
    """

    name: str
    nodes: tuple[Node, ...]
    initializers: Mapping[str, TensorValue]
    inputs: tuple[ValueInfo, ...]
    outputs: tuple[ValueInfo, ...]
    value_info: Mapping[str, ValueInfo] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the file's own: nodes that stand for one node.

    Attributes:
        name: as nodes call it, ``name:overload`` where there are several.
        domain: of the operator set that it belongs to.
        nodes: in the file's order, as in a graph.
        inputs: names of values.
        outputs: names of values.
        attributes: name -> default value; None where the caller has to give one.
        opsets: as a model's, for its own nodes.
    """

    name: str
    domain: str
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    opsets: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Model:
    """A file.

    Attributes:
        graph: the main graph.
        opsets: domain -> version of the operator set.
        functions: (domain, name) -> function.
        ir_version: of the format; below 4 every initializer has to be a graph input.
    """

    graph: Graph
    opsets: Mapping[str, int]
    functions: Mapping[tuple[str, str], Function] = field(default_factory=dict)
    ir_version: int = 0
