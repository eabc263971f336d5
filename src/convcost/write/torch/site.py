"""One layer on its way into a module: what a rule reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.write.layout import channels_first, plain_order
from convcost.write.torch.graph import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.op import Op
    from convcost.network.parameter import Parameter
    from convcost.network.tensor import Tensor
    from convcost.write.torch.graph import Graph


@dataclass(slots=True, eq=False)
class Site:
    """One call of an op.

    Attributes:
        graph: collects parts and calls.
        op: what is to be written.
        name: of its parts: the layer's, or that of the first call of a shared layer.
        framework: whose conventions hold where the op does not tell.
        exact: whether the results count, not the cost alone.
        shared: whether several layers use the same parts.
        tensors: the op's inputs as the network has them.
        results: its outputs likewise.
        values: its inputs in the graph.
        weights: the numbers of its parameters by the op's names, in the op's order of axes.
        parameters: these parameters by the same names.
        made: its outputs in the graph, once they are given.
    """

    graph: Graph
    op: Op
    name: str
    framework: str | None
    exact: bool
    shared: bool
    tensors: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    values: tuple[Value, ...]
    weights: dict[str, Any]
    parameters: dict[str, Parameter]
    made: dict[int, Value]

    def module(self, make: Callable[[], Any], *inputs: Any, part: str = "") -> Any:
        """Call a layer of `torch.nn`, which is made at its first call.

        Args:
            make: makes it.
            inputs: nodes.
            part: what its name has behind the layer's.
        """
        return self.graph.module(f"{self.name}{part}", make, *inputs)

    def function(self, function: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
        """Call a function."""
        return self.graph.function(function, *inputs, **options)

    def numbers(self, weight: str, array: Any = None, part: str = "") -> Any:
        """A parameter's numbers as a tensor.

        Args:
            weight: its name.
            array: them in another order of axes, or some of them.
            part: which ones, where these are not all.
        """
        array = self.weights[weight] if array is None else array
        return self.graph.numbers(self.parameters[weight], array, part)

    def tensor(self, weight: str, array: Any = None) -> Any:
        """A node for a parameter that no layer of `torch.nn` holds; shaped as `array`."""
        return self.graph.tensor(f"{self.name}.{weight}", lambda: self.numbers(weight, array))

    def buffer(self, name: str, array: Any) -> Any:
        """A node for plain numbers, which are no parameter; the dtype is the result's."""
        import numpy as np
        import torch

        dtype = getattr(torch, self.results[0].dtype)

        def make() -> Any:
            return torch.tensor(np.ascontiguousarray(array)).to(dtype)

        return self.graph.tensor(f"{self.name}.{name}" if name else self.name, make)

    def filled(self, module: Any, tensors: Mapping[str, Any]) -> Any:
        """The module with tensors of those names; None takes one away."""
        for name, tensor in tensors.items():
            setattr(module, name, tensor)
        return module

    def plain(self, place: int = 0) -> Any:
        """An input with its axes in the network's order."""
        return self.graph.turned(self.values[place], plain_order(self.tensors[place]))

    def channels_first(self, place: int = 0) -> Any:
        """An input as (batch, channel, positions ...).

        Raises:
            NetworkError: it has no such axes.
        """
        return self.graph.turned(self.values[place], channels_first(self.tensors[place]))

    def padded(self, node: Any, pads: Sequence[tuple[int, int]], number: float = 0.0) -> Any:
        """The node with a number around its last axes, one pair of amounts for each of these."""
        import torch

        if not any(map(any, pads)):
            return node
        sides = tuple(side for pair in reversed(pads) for side in pair)
        return self.function(torch.nn.functional.pad, node, sides, value=number)

    def give(
        self, node: Any, order: tuple[int, ...] | None = None, output: int = 0, *,
        zeros: bool = False,
    ) -> None:  # fmt: skip
        """A result, and how its axes lie; default: in the network's order."""
        order = plain_order(self.results[output]) if order is None else order
        self.made[output] = Value(node, order, zeros)

    def give_channels_first(self, node: Any) -> None:
        """A result as (batch, channel, positions ...)."""
        self.give(node, channels_first(self.results[0]))

    def like_input(self, node: Any) -> None:
        """A result whose axes lie as those of the first input."""
        self.give(node, self.values[0].order)


#: What writes an op into a graph.
Rule: TypeAlias = "Callable[[Site], None]"
