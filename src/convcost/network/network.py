"""The immutable graph: layers over tensors, plus the parameter table."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from convcost.errors import NetworkError
from convcost.network.dims import Dim, Expr, definitions, evaluate, free_symbols, substitute
from convcost.network.op import Call, Mode, Op

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcost.network.parameter import Parameter
    from convcost.network.tensor import Tensor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ref:
    """One output tensor of one layer."""

    layer: str
    output: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """One call of an op.

    Attributes:
        name: unique within the network.
        op: what it does.
        inputs: the tensors it takes.
        outputs: the tensors it computes.
        parameters: ids in the network's parameter table.
        shared_with: the first layer that uses the same parameters, when this is a later call of it.
        line: where the source mentions it, 1-based.
    """

    name: str
    op: Op
    inputs: tuple[Ref, ...]
    outputs: tuple[Tensor, ...]
    parameters: tuple[str, ...] = ()
    shared_with: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader inferred, assumed, could not decide, or found contradictory.

    Attributes:
        kind: ``inferred`` (follows from the source's numbers), ``assumed`` (the source does not
            tell), ``ambiguous`` (several readings fit; `alternatives` lists the others),
            ``contradiction`` (the source contradicts itself), ``repaired`` (damage mended).
        text: the statement, with its numbers.
        layer: whom it concerns.
        line: where in the source, 1-based.
        alternatives: the other readings and what each would change.
    """

    kind: Literal["inferred", "assumed", "ambiguous", "contradiction", "repaired"]
    text: str
    layer: str | None = None
    line: int | None = None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """An immutable graph of layers in an order in which they can run.

    Attributes:
        name: for people.
        layers: topologically sorted.
        table: parameter id -> parameter.
        outputs: the tensors that the network returns.
        notes: what its reader inferred and assumed.
        framework: the framework it comes from (``keras``, ``torch``, ``onnx``), where known.
        missing: parts of the source that are known to be lost (a table cut off): the totals are
            lower bounds.
    """

    name: str
    layers: tuple[Layer, ...]
    table: Mapping[str, Parameter]
    outputs: tuple[Ref, ...]
    notes: tuple[Note, ...] = ()
    framework: str | None = None
    missing: tuple[str, ...] = ()
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = {layer.name: position for position, layer in enumerate(self.layers)}
        if len(index) != len(self.layers):
            seen: set[str] = set()
            twice = next(x.name for x in self.layers if x.name in seen or seen.add(x.name))  # type: ignore[func-returns-value]
            raise NetworkError(f"two layers are named '{twice}'")
        object.__setattr__(self, "_index", index)

    def layer(self, name: str) -> Layer:
        """The layer of that name.

        Raises:
            NetworkError: there is none.
        """
        try:
            return self.layers[self._index[name]]
        except KeyError:
            raise NetworkError(f"network '{self.name}' has no layer '{name}'") from None

    def tensor(self, ref: Ref) -> Tensor:
        """The tensor that a reference stands for."""
        return self.layer(ref.layer).outputs[ref.output]

    def call(self, layer: Layer, mode: Mode = "inference") -> Call:
        """What a layer's op is applied to."""
        return Call(
            inputs=tuple(self.tensor(ref) for ref in layer.inputs),
            outputs=layer.outputs,
            parameters=tuple(self.table[id_] for id_ in layer.parameters),
            mode=mode,
        )

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """Layer name -> names of the layers that take one of its outputs."""
        found: dict[str, list[str]] = {layer.name: [] for layer in self.layers}
        for layer in self.layers:
            for ref in dict.fromkeys(ref.layer for ref in layer.inputs):
                found[ref].append(layer.name)
        return {name: tuple(names) for name, names in found.items()}

    def bind(self, values: Mapping[str, Dim]) -> Network:
        """The network with symbols replaced, in tensors, parameters and attributes alike.

        Raises:
            NetworkError: a size would be smaller than one.
        """
        layers = tuple(_substituted(layer, values) for layer in self.layers)
        for layer in layers:
            check_sizes(layer.name, layer.outputs)
        return replace(self, layers=layers, table=_bind_table(self.table, values))

    def with_dtype(self, dtype: str) -> Network:
        """The network with its floating-point tensors and parameters in another dtype."""

        def cast(old: str) -> str:
            return dtype if "float" in old else old

        layers = tuple(
            replace(x, outputs=tuple(replace(t, dtype=cast(t.dtype)) for t in x.outputs))
            for x in self.layers
        )
        table = {id_: replace(p, dtype=cast(p.dtype)) for id_, p in self.table.items()}
        return replace(self, layers=layers, table=table)

    @property
    def symbols(self) -> frozenset[str]:
        """Names of sizes that are not bound yet."""
        return frozenset().union(*(free_symbols(dim) for dim in self._dims()))

    @property
    def definitions(self) -> dict[str, Dim]:
        """Named output sizes and what they stand for, such as ``M = (X - K + 2*P)//S + 1``."""
        found: dict[str, Dim] = {}
        for dim in self._dims():
            found |= definitions(dim)
        return found

    def feasible(self, values: Mapping[str, Any]) -> Any:
        """For which of the given numbers (or NumPy arrays) every size is at least one: a mask."""
        import numpy as np

        mask: Any = np.asarray(True)
        for dim in dict.fromkeys(self._dims()):
            if isinstance(dim, Expr):
                mask = mask & (evaluate(dim, values) >= 1)
        return mask

    def _dims(self) -> Iterator[Dim]:
        for layer in self.layers:
            for tensor in layer.outputs:
                yield from tensor.shape
        for parameter in self.table.values():
            yield from parameter.shape


def check_sizes(name: str, outputs: tuple[Tensor, ...]) -> None:
    """Refuse tensors with a size below one.

    Raises:
        NetworkError: names the layer, the axis and the size.
    """
    for tensor in outputs:
        for axis in tensor.axes:
            if isinstance(axis.size, int) and axis.size < 1:
                raise NetworkError(
                    f"layer '{name}' would have {axis.name or 'an axis'} = {axis.size}: "
                    "its input is smaller than its window"
                )


def _bind_table(
    table: Mapping[str, Parameter], values: Mapping[str, Dim]
) -> Mapping[str, Parameter]:
    return {id_: _substituted(parameter, values) for id_, parameter in table.items()}


def _substituted(value: T, values: Mapping[str, Dim]) -> T:
    """Any value with the sizes inside it replaced; the same object where nothing changes."""
    result: Any = value
    if isinstance(value, Expr):
        result = substitute(value, values)
    elif isinstance(value, tuple):
        parts = tuple(_substituted(part, values) for part in value)
        result = value if all(a is b for a, b in zip(parts, value, strict=True)) else parts
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {}
        for f in dataclasses.fields(value):
            old = getattr(value, f.name)
            new = _substituted(old, values)
            if new is not old:
                changes[f.name] = new
        result = replace(value, **changes) if changes else value
    return result  # type: ignore[no-any-return]
