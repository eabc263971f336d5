"""Where a recorded call stands: what a rule reads its arguments from."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.ops.computed import ComputedWeights
from convcost.ops.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.torch.module.capture import Record
    from convcost.read.torch.module.graph import Graph
    from convcost.read.torch.module.values import Operand


@dataclass(frozen=True, slots=True)
class Step:
    """What a call becomes: a layer.

    Attributes:
        op: what it does; or what makes the op of its results, once their axes are named.
        inputs: the tensors that it takes.
        weights: the stored tensors that it uses, in the op's order.
        arranged: for each weight, what brings the stored numbers into the order that the op
            states, and their shape then; None where they are in it.
        kept: how many of the call's results the layer has; None: one, or all where the op is made
            of its results. Others are by-products (indices, saved moments).
        unkept: see `Layer`.
    """

    op: Op | Callable[[tuple[Tensor, ...]], Op]
    inputs: tuple[Operand, ...]
    weights: tuple[Operand, ...] = ()
    arranged: tuple[Arranged | None, ...] = ()
    kept: int | None = None
    unkept: str | None = None


def view(function: str = "", **how: Any) -> Callable[[tuple[Tensor, ...]], Op]:
    """What makes a `View` of a step's results; without a function it is not told how."""
    return partial(View, function=function, **how)  # type: ignore[arg-type]


def is_view(op: object) -> bool:
    """Whether `view` has made it."""
    return isinstance(op, partial) and op.func is View


#: How a weight's stored numbers are brought into the op's order, and their shape then.
Arranged: TypeAlias = "tuple[Callable[[Any], Any], tuple[Dim, ...]]"


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One call at all batch sizes.

    Attributes:
        graph: the network as far as it is built.
        records: the call in each pass.
        results: the tensors that it makes.
    """

    graph: Graph
    records: tuple[Record, ...]
    results: tuple[Operand, ...]

    @property
    def record(self) -> Record:
        """The call in the first pass."""
        return self.records[0]

    @property
    def result(self) -> Operand:
        """Its first result."""
        return self.results[0]

    @property
    def function(self) -> str:
        """The operator's own name, without the mark of working in place."""
        return self.record.name.rpartition(".")[2].rstrip("_") or self.record.name

    def raw(self, name: str) -> Any:
        """An argument as it was passed, or its default; None where the operator has none."""
        return _argument(self.record, name)

    def raw_in(self, record: Record, name: str) -> Any:
        """The same of the call in another pass."""
        return _argument(record, name)

    def number(self, name: str) -> float | None:
        """A plain number, the same in each pass; None where it is none, or no float can hold it."""
        values = [_argument(record, name) for record in self.records]
        first = values[0]
        if not isinstance(first, (int, float)) or any(value != first for value in values):
            return None
        try:
            found = float(first)
        except OverflowError:
            return None
        return found if found == first else None

    def get(self, name: str) -> Any:
        """An argument that is no tensor.

        Raises:
            NetworkError: it depends on the batch.
        """
        value = self.raw(name)
        for other in self.records[1:]:
            if _argument(other, name) != value:
                raise NetworkError(f"'{name}' depends on the batch")
        return value

    def size(self, name: str) -> Dim:
        """A whole number that may depend on the batch, as a formula of it."""
        return self.graph.sizes(tuple(int(_argument(record, name)) for record in self.records))

    def each(self, name: str, rank: int) -> tuple[int, ...]:
        """An argument given once, or once per axis, as one per axis."""
        value = self.get(name)
        values = list(value) if isinstance(value, (list, tuple)) else [value]
        return tuple(values * rank if len(values) == 1 else values)

    def operand(self, name: str) -> Operand:
        """A tensor argument.

        Raises:
            NetworkError: it is not a tensor.
        """
        found = self.maybe(name)
        if found is None:
            raise NetworkError(f"'{name}' is not a tensor")
        return found

    def maybe(self, name: str) -> Operand | None:
        """A tensor argument; None where it is a number or not given."""
        return self.graph.operand(self.raw(name))

    def tensor(self) -> Operand:
        """The tensor that the operator works on: ``self`` or ``input``."""
        return self.maybe("self") or self.operand("input")

    def operands(self, name: str) -> tuple[Operand, ...]:
        """The tensors of an argument that is a list, or one tensor."""
        value = self.raw(name)
        values = value if isinstance(value, (list, tuple)) else (value,)
        found = (self.graph.operand(value) for value in values)
        return tuple(operand for operand in found if operand is not None)

    def every_operand(self) -> tuple[Operand, ...]:
        """All tensors among the arguments."""
        return self.graph.operands_of(self.record)

    def named(self, operand: Operand, names: Sequence[str | None]) -> Operand:
        """The operand with axes of these names; under other names a view of it."""
        return self.graph.named(operand, names)

    def axis(self, operand: Operand, position: int) -> str:
        """The name of an axis, given by number; one is made up where it has none."""
        return operand.axes.at(position)

    def like(self, *operands: Operand) -> None:
        """The result's axes mean the same as those of these operands."""
        for operand in operands:
            if operand.rank == self.result.rank:
                self.result.axes.unite(operand.axes)

    def weighted(
        self,
        op: Op,
        inputs: Sequence[Operand],
        weights: Sequence[Operand | None],
        arranged: Mapping[str, Arranged] | None = None,
        kept: int | None = None,
    ) -> Step:
        """An op with weights: stored ones are its parameters, computed ones further inputs.

        Args:
            op: what is done.
            inputs: the tensors that it takes.
            weights: one per weight of the op, in its order; None is left out.
            arranged: by weight, how its numbers come into the op's order, and their shape then.
            kept: see `Step`.
        """
        used = [weight for weight in weights if weight is not None]
        names = [weight.name for weight in op.weights(*(operand.tensor for operand in inputs))]
        if len(used) != len(names):
            raise NetworkError(f"{len(used)} weights; expected {len(names)}")
        own: list[Operand] = []
        orders: list[Arranged | None] = []
        given: list[Operand] = []
        computed: list[str] = []
        for name, weight in zip(names, used, strict=True):
            if weight.stored is not None and weight.stored.name is not None:
                own.append(weight)
                orders.append((arranged or {}).get(name))
            else:
                given.append(weight)
                computed.append(name)
        if computed:
            op = ComputedWeights(op=op, given=tuple(computed))
        return Step(op, (*inputs, *given), tuple(own), tuple(orders), kept)


#: What makes a layer of a call; None where the result is the first operand itself.
Rule: TypeAlias = "Callable[[Site], Step | None]"


def _argument(record: Record, name: str) -> Any:
    if name in record.kwargs:
        return record.kwargs[name]
    positions, defaults = _signature(record.func)
    place = positions.get(name)
    if place is not None and place < len(record.args):
        return record.args[place]
    return defaults.get(name)


@cache
def _signature(func: Any) -> tuple[dict[str, int], dict[str, Any]]:
    if func is None:
        return {}, {}
    arguments = func._schema.arguments  # noqa: SLF001 - the only way to an operator's signature
    positions = {argument.name: place for place, argument in enumerate(arguments)}
    return positions, {a.name: a.default_value for a in arguments if a.has_default_value()}
