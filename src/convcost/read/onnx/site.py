"""Where a node stands: what a rule reads its inputs and attributes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.ops.computed import ComputedWeights
from convcost.read.limits import MAX_OUTPUTS, MAX_SIZE
from convcost.read.onnx.arithmetic.scalars import Undecided
from convcost.read.onnx.arithmetic.sizes import broadcast
from convcost.read.onnx.file.messages import TensorValue
from convcost.read.onnx.step import Step, view
from convcost.read.onnx.values import Value
from convcost.read.shared_axes import AxisNames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.dims import Dim
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.onnx.arithmetic.known import Known
    from convcost.read.onnx.building import Building
    from convcost.read.onnx.file.messages import Node
    from convcost.read.onnx.scope import Scope
    from convcost.read.onnx.step import Weight


#: What makes a layer of a node. A value instead means: the result is that value itself; several
#: values: those are the node's outputs, and the layers that make them are added already.
Rule: TypeAlias = "Callable[[Site], Step | Value | tuple[Value, ...]]"


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One node with its inputs.

    Attributes:
        building: the network as far as it is built.
        scope: of the graph that holds the node.
        node: it.
        given: its inputs; None for those left out.
        opset: of its domain.
    """

    building: Building
    scope: Scope
    node: Node
    given: tuple[Value | None, ...]
    opset: int

    # ----- inputs

    def has(self, place: int) -> bool:
        """Whether an input is there."""
        return place < len(self.given) and self.given[place] is not None

    def maybe(self, place: int) -> Value | None:
        """An input with its shape; None where it is left out."""
        return self.value(place) if self.has(place) else None

    def value(self, place: int = 0) -> Value:
        """An input with its shape.

        Raises:
            NetworkError: it is missing, or its shape is not known.
        """
        found = self.given[place] if place < len(self.given) else None
        if found is None:
            raise NetworkError(f"{self.node.op_type} lacks its input {place + 1}")
        if found.shape is None:
            raise NetworkError(f"the shape of its input '{found.name}' is not known")
        return found

    def values(self) -> tuple[Value, ...]:
        """All inputs that are there."""
        found = tuple([value for value in self.given if value is not None])
        for value in found:
            if value.shape is None:
                raise NetworkError(f"the shape of its input '{value.name}' is not known")
        return found

    def known(self, place: int) -> Known | None:
        """The elements of an input that tells how, not what; None where it is left out.

        Raises:
            NetworkError: they are computed at run time, or not in the file.
        """
        if not self.has(place):
            return None
        found = self.building.known(self.value(place), setting=True)
        if found is None:
            raise NetworkError(f"its input '{self.value(place).name}' is computed at run time")
        return found

    def sizes(self, place: int) -> tuple[Dim, ...] | None:
        """The elements of an input as sizes; None where it is left out."""
        found = self.known(place)
        try:
            return None if found is None else found.sizes
        except Undecided:
            raise NetworkError(f"its input '{self.value(place).name}' is no shape") from None

    # ----- attributes

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute as it is."""
        return self.node.attributes.get(name, default)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number.

        Raises:
            NetworkError: the attribute is something else.
        """
        found = self.node.attributes.get(name, default)
        if not isinstance(found, int) or abs(found) > MAX_SIZE:
            raise NetworkError(f"its attribute '{name}' is {found!r:.40}; expected a whole number")
        return found

    def real(self, name: str, default: float = 0.0) -> float:
        """A number.

        Raises:
            NetworkError: the attribute is something else.
        """
        found = self.node.attributes.get(name, default)
        if not isinstance(found, (int, float)):
            raise NetworkError(f"its attribute '{name}' is {found!r:.40}; expected a number")
        return float(found)

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        found = self.node.attributes.get(name, default)
        if isinstance(found, bytes):
            found = found.decode(errors="replace")
        if not isinstance(found, str):
            raise NetworkError(f"its attribute '{name}' is {found!r:.40}; expected a text")
        return found

    def integers(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...] | None:
        """Whole numbers; the default where the attribute is missing.

        Raises:
            NetworkError: the attribute is something else.
        """
        found = self.node.attributes.get(name, default)
        if found is None:
            return None
        numbers = tuple(found) if isinstance(found, (tuple, list)) else (found,)
        if not all(isinstance(n, int) for n in numbers):
            raise NetworkError(f"its attribute '{name}' is {found!r:.40}; expected whole numbers")
        return numbers

    def numbers(self, name: str, place: int) -> tuple[int, ...] | None:
        """Whole numbers that are an input since some opset, and were an attribute before.

        Raises:
            NetworkError: they are not known, or are no numbers.
        """
        if not self.has(place):
            return self.integers(name)
        found: tuple[Any, ...] = self.sizes(place) or ()
        if not all(isinstance(n, int) for n in found):
            raise NetworkError(f"its input '{self.value(place).name}' depends on open sizes")
        return found

    def position(self, name: str, rank: int, default: int = 0) -> int:
        """An axis, counted from the front."""
        return place_of(self.integer(name, default), rank)

    # ----- results

    def new(self, shape: Sequence[Dim], dtype: str | None = None, place: int = 0) -> Value:
        """An output whose axes have no names yet."""
        return self._made(tuple(shape), dtype, AxisNames([None] * len(shape)), place)

    def _made(
        self, shape: tuple[Dim, ...], dtype: str | None, axes: AxisNames, place: int = 0
    ) -> Value:
        empty = False
        for size in shape:
            if isinstance(size, int):
                if size <= 0:
                    empty = True
                if not 0 <= size <= MAX_SIZE:
                    raise NetworkError(f"a tensor of shape {shape} is impossible")
        if dtype is None:
            dtype = self.value(0).dtype
        return Value(self._name(place), shape, dtype, axes, is_empty=empty)

    def like(self, value: Value, dtype: str | None = None, place: int = 0) -> Value:
        """An output of a value's shape, whose axes mean the same."""
        return Value(
            self._name(place),
            value.shape,
            dtype or value.dtype,
            value.axes,
            is_empty=value.is_empty,
        )

    def resized(self, value: Value, shape: Sequence[Dim], dtype: str | None = None) -> Value:
        """An output of another shape, whose axes mean the same.

        Raises:
            NetworkError: it has another number of axes.
        """
        if len(shape) != value.rank:
            raise NetworkError(f"{tuple(shape)} has other axes than {value.sizes}")
        return self._made(tuple(shape), dtype or value.dtype, value.axes)

    def of(self, results: Sequence[Tensor], place: int = 0) -> tuple[Value, ...]:
        """Outputs that are these tensors, names included."""
        found = []
        for number, tensor in enumerate(results, place):
            value = self.new(tensor.shape, tensor.dtype, number)
            value.axes.take(tensor.names)
            found.append(value)
        return tuple(found)

    def merged(self, operands: Sequence[Value], dtype: str | None = None) -> Value:
        """An output of the operands' broadcast shape; axes of those of its rank mean the same."""
        shape = broadcast([operand.sizes for operand in operands])
        rank = len(shape)
        alike = [operand for operand in operands if operand.rank == rank]
        first = alike[0]
        for operand in alike:
            if operand.axes is not first.axes:
                first.axes.unite(operand.axes)
        if shape is first.shape:
            return self.like(first, dtype)
        return self._made(shape, dtype or first.dtype, first.axes)

    def _name(self, place: int) -> str:
        outputs = self.node.outputs
        return outputs[place] if place < len(outputs) else ""

    def wants(self, place: int) -> bool:
        """Whether an output is used by name."""
        return place < len(self.node.outputs) and bool(self.node.outputs[place])

    @property
    def wanted(self) -> int:
        """How many outputs the node has.

        Raises:
            NetworkError: they are absurdly many.
        """
        count = len(self.node.outputs)
        if count > MAX_OUTPUTS:
            raise NetworkError(f"{count} outputs; the limit is {MAX_OUTPUTS}")
        return count

    # ----- layers

    def named(self, value: Value, names: Sequence[str | None]) -> Value:
        """The value with axes of these names; under other names a view of it."""
        if value.axes.take(names):
            return value
        return self.seen(value, value.sizes, names, function="reshape")

    def seen(
        self, value: Value, shape: Sequence[Dim], names: Sequence[str | None] | None = None,
        **how: Any,
    ) -> Value:  # fmt: skip
        """A view of a value, as a layer of its own; `how`: see `view`."""
        result = Value(
            value.name, tuple(shape), value.dtype, AxisNames(names or [None] * len(shape))
        )
        self.building.layer("view", view(value, result, **how), self.scope, self.node)
        return result

    def weighted(
        self,
        op: Op,
        inputs: Sequence[Value],
        weights: Sequence[Weight],
        results: Sequence[Value],
        byproducts: Sequence[Value] = (),
    ) -> Step:
        """An op with weights: stored ones are its parameters, computed ones further inputs."""
        own = tuple([weight for weight in weights if weight.value.stored is not None])
        if len(own) == len(weights):
            return Step(op, tuple(inputs), tuple(results), own, tuple(byproducts))
        given = [weight for weight in weights if weight.value.stored is None]
        op = ComputedWeights(op=op, given=tuple(weight.name for weight in given))
        operands = [*inputs, *(self._part(weight) for weight in given)]
        return Step(op, tuple(operands), tuple(results), own, tuple(byproducts))

    def _part(self, weight: Weight) -> Value:
        """A computed weight; one of several in a value as a view of that."""
        if not weight.part or weight.shape is None:
            return weight.value
        return self.seen(weight.value, weight.shape)


def place_of(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        NetworkError: there is none.
    """
    if not -rank <= axis < rank:
        raise NetworkError(f"there is no axis {axis} in a tensor of {rank} axes")
    return axis % rank


def stated_dtype(value: Any, default: str = "float32") -> str:
    """The dtype of a tensor attribute."""
    return value.dtype if isinstance(value, TensorValue) else default
