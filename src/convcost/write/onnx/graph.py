"""The ONNX graph while it is built: nodes, stored numbers, and how tensors lie in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the graph.

    Attributes:
        name: in the graph.
        order: for each of its axes, the position of that axis in the network's tensor.
    """

    name: str
    order: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Graph:
    """Nodes and stored numbers, in order.

    Attributes:
        nodes: protobuf messages.
        initializers: likewise.
    """

    nodes: list[Any] = field(default_factory=list)
    initializers: list[Any] = field(default_factory=list)
    _stored: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)
    _turned: dict[tuple[str, tuple[int, ...]], str] = field(default_factory=dict)

    def node(
        self, op_type: str, *inputs: str, hint: str = "", outputs: int = 1, **attributes: Any
    ) -> list[str]:
        """Add a node; the names of its results.

        Args:
            op_type: ONNX's name of the operator.
            inputs: names of values; an empty one is left out.
            hint: what its results are named after; default: the operator.
            outputs: how many results it has.
            attributes: those of the node.
        """
        from onnx import helper

        results = [self.fresh(hint or op_type) for _ in range(outputs)]
        name = results[0]
        self.nodes.append(helper.make_node(op_type, list(inputs), results, name, **attributes))
        return results

    def one(self, op_type: str, *inputs: str, hint: str = "", **attributes: Any) -> str:
        """Add a node with one result; its name."""
        return self.node(op_type, *inputs, hint=hint, **attributes)[0]

    def stored(self, array: Any, hint: str) -> str:
        """Store numbers under a name; small ones that are there already once only."""
        import numpy as np
        from onnx import numpy_helper

        array = np.asarray(array, order="C")
        key = (array.dtype.str, array.shape, array.tobytes() if array.size < 64 else b"")
        known = self._stored.get(key) if key[2] else None
        if known is None:
            known = self.fresh(hint)
            self.initializers.append(numpy_helper.from_array(array, known))
            if key[2]:
                self._stored[key] = known
        return known

    def whole_numbers(self, numbers: Sequence[int]) -> str:
        """A stored list of whole numbers."""
        import numpy as np

        return self.stored(np.array(numbers, np.int64), "shape")

    def number(self, value: float, dtype: str) -> str:
        """A stored number."""
        import numpy as np

        return self.stored(np.array(value, dtype), "number")

    def turned(self, value: Value, order: tuple[int, ...]) -> str:
        """The value with its axes in another order."""
        if value.order == order:
            return value.name
        key = (value.name, order)
        if key not in self._turned:
            steps = [value.order.index(position) for position in order]
            self._turned[key] = self.one("Transpose", value.name, perm=steps)
        return self._turned[key]

    def take(self, names: Iterable[str]) -> None:
        """Names that are not to be given."""
        self._taken.update((name, 1) for name in names if name not in self._taken)

    def fresh(self, wanted: str) -> str:
        """A name that is not taken."""
        return unique(wanted, self._taken)
