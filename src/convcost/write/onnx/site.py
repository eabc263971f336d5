"""One layer on its way into a graph: what a rule reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.write.layout import channels_first, plain_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.write.onnx.graph import Graph, Value


@dataclass(slots=True, eq=False)
class Site:
    """One call of an op.

    Attributes:
        graph: collects the nodes.
        op: what is to be written.
        name: what its result is called.
        framework: whose conventions hold where the op does not tell.
        exact: whether the results count, not the cost alone.
        tensors: the op's inputs as the network has them.
        results: its outputs likewise.
        values: its inputs in the graph.
        weights: the numbers of its parameters by the op's names, in the op's order of axes.
        made: its outputs in the graph, once they are given.
    """

    graph: Graph
    op: Op
    name: str
    framework: str | None
    exact: bool
    tensors: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    values: tuple[Value, ...]
    weights: dict[str, Any]
    made: dict[int, Value]

    def node(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one result; its name."""
        return self.graph.one(op_type, *inputs, hint=self.name, **attributes)

    def plain(self, place: int = 0) -> str:
        """An input with its axes in the network's order."""
        return self.graph.turned(self.values[place], plain_order(self.tensors[place]))

    def channels_first(self, place: int = 0) -> str:
        """An input as (batch, channel, positions ...).

        Raises:
            NetworkError: it has no such axes.
        """
        return self.graph.turned(self.values[place], channels_first(self.tensors[place]))

    def stored(self, array: Any, what: str) -> str:
        """Store numbers under the layer's name."""
        return self.graph.stored(array, f"{self.name}.{what}")

    def weight(self, name: str) -> str:
        """A parameter as it is."""
        return self.stored(self.weights[name], name)

    def give(self, name: str, order: tuple[int, ...] | None = None, output: int = 0) -> None:
        """A result, and how its axes lie; default: in the network's order."""
        from convcost.write.onnx.graph import Value

        order = plain_order(self.results[output]) if order is None else order
        self.made[output] = Value(name, order)

    def give_channels_first(self, name: str) -> None:
        """A result as (batch, channel, positions ...)."""
        self.give(name, channels_first(self.results[0]))

    def like_input(self, name: str) -> None:
        """A result whose axes lie as those of the first input."""
        self.give(name, self.values[0].order)


#: What writes an op into a graph.
Rule: TypeAlias = "Callable[[Site], None]"
