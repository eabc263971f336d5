"""Layers before they are layers, and where their values are found by name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.onnx.file.messages import Node
    from convcost.read.onnx.step import Weight
    from convcost.read.onnx.values import Value


@dataclass(slots=True, eq=False)
class Draft:
    """A layer before the axes of its tensors have all their names.

    Attributes:
        idle: whether it only matters to those who read it.
        kept: whether anybody does.
        unkept: see `Layer`.
    """

    name: str
    op: Op | Callable[[tuple[Tensor, ...]], Op]
    inputs: tuple[Value, ...]
    results: tuple[Value, ...]
    weights: tuple[Weight, ...] = ()
    idle: bool = False
    kept: bool = True
    unkept: str | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """Values by name, of a graph or of a function's body.

    Attributes:
        parent: the graph around it, whose values it sees.
        prefix: before the names of its layers.
        opsets: versions of the operator sets.
        attributes: of the node that calls the function.
        depth: how many are around it.
        left_out: inputs of a function that its caller leaves out.
    """

    opsets: Mapping[str, int]
    parent: Scope | None = None
    prefix: str = ""
    attributes: Mapping[str, Any] | None = None
    depth: int = 0
    values: dict[str, Value] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)
    left_out: set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        """Whether a value of that name is there, or left out by a function's caller."""
        return name in self.left_out or self.find(name) is not None

    def find(self, name: str) -> Value | None:
        """The value of that name, here or around."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.values.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None


def layer_name(node: Node, scope: Scope) -> str:
    """A node's own name where it has one that no other has, else that of what it makes."""
    name = node.name
    if not name or scope.names[name] > 1:
        name = next(filter(None, node.outputs), "") or name or node.op_type
    return scope.prefix + name
