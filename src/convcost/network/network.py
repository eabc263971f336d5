"""The immutable graph: layers over tensors, plus the parameter table."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass, field, replace
from convcost.network.dims import Dim, Expr, free_symbols
from convcost.network.evaluation import Evaluation, definitions
from convcost.network.once import once
from convcost.network.op import Call, Mode, Op, require
from convcost.network.replacement import Replacement, holds_symbols
from convcost.network.tensor import SPATIAL_AXES

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Mapping

    from convcost.network.module import Module, Origin
    from convcost.network.parameter import Parameter
    from convcost.network.tensor import Tensor


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
        origin: what the source calls it, where that is known.
        unkept: what of the source's layer the op does not keep, although its results depend on it:
            the cost is exact, but the layer cannot be written; None for nothing.
    """

    name: str
    op: Op
    inputs: tuple[Ref, ...]
    outputs: tuple[Tensor, ...]
    parameters: tuple[str, ...] = ()
    shared_with: str | None = None
    line: int | None = None
    origin: Origin | None = None
    unkept: str | None = None


#: What a note is about; see `Note`.
Kind: TypeAlias = Literal["inferred", "assumed", "ambiguous", "contradiction", "repaired", "chosen"]
#: All of them, the most urgent first.
KINDS: tuple[Kind, ...] = (
    "contradiction",
    "chosen",
    "ambiguous",
    "repaired",
    "assumed",
    "inferred",
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of what a note is about.

    Attributes:
        text: the reading, and what it changes against the one that the reader took.
        op: the layer's op under it; None where it cannot be chosen: it changes more than the layer.
        input_sizes: of all axes of what the layer is given, where the source does not show that, so
            that it follows from the reading; None for a size that stays as it is.
        first: of the reading that the reader took, where another one was chosen: the kind of its
            note.
    """

    text: str
    op: Op | None = None
    input_sizes: tuple[int | None, ...] | None = None
    first: Kind | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader inferred, assumed, could not decide, or found contradictory.

    Attributes:
        kind: ``inferred`` (follows from the source's numbers), ``assumed`` (the source does not
            tell), ``ambiguous`` (several readings fit; `alternatives` lists the others),
            ``contradiction`` (the source contradicts itself), ``repaired`` (damage mended),
            ``chosen`` (a reading that the user asked for, see `convcost.read.choices`).
        text: the statement, with its numbers.
        layer: whom it concerns.
        line: where in the source, 1-based.
        alternatives: the other readings.
    """

    kind: Kind
    text: str
    layer: str | None = None
    line: int | None = None
    alternatives: tuple[Alternative, ...] = ()

    @property
    def numbered(self) -> tuple[tuple[int | None, Alternative], ...]:
        """The alternatives, each with the number by which it is chosen; None where it cannot be.

        A reading has the same number whichever is taken: its place from 1, and 0 is the one that
        the reader took.
        """
        can = self.layer is not None
        return tuple(
            ((0 if each.first else place) if can and each.op is not None else None, each)
            for place, each in enumerate(self.alternatives, start=1)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A time that the source itself tells: a progress line below a pasted table.

    Attributes:
        seconds: of one pass over the data.
        steps: batches of the pass, where they are told.
        samples: of the pass, where they are told.
        training: whether the pass trains, so that it does more than the forward pass; None where
            the source does not tell.
        what: what was timed: ``median of 11 epochs, the first one left out``.
        line: where in the source, 1-based.
    """

    seconds: float
    steps: int | None = None
    samples: int | None = None
    training: bool | None = None
    what: str = ""
    line: int | None = None


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
        measured: times that the source tells.
        modules: the source's own structure, a whole before its parts; empty where it has none.
        memo: what others have found of it and may find again as long as it lives; no part of it.
    """

    name: str
    layers: tuple[Layer, ...]
    table: Mapping[str, Parameter]
    outputs: tuple[Ref, ...]
    notes: tuple[Note, ...] = ()
    framework: str | None = None
    missing: tuple[str, ...] = ()
    measured: tuple[Measured, ...] = ()
    modules: tuple[Module, ...] = ()
    memo: dict[Hashable, Any] = field(init=False, repr=False, compare=False)
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _calls: dict[tuple[str, Mode], Call] = field(init=False, repr=False, compare=False)
    #: a network that is bound has those of the one that it was made of
    _readers: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        of_framework = f" ({self.framework})" if self.framework else ""
        stored = f"{len(self.table):,} stored tensors"
        return f"<Network {self.name}{of_framework}: {len(self.layers):,} layers, {stored}>"

    def __post_init__(self) -> None:
        index = {layer.name: position for position, layer in enumerate(self.layers)}
        if len(index) != len(self.layers):
            seen: set[str] = set()
            twice = next(x.name for x in self.layers if x.name in seen or seen.add(x.name))  # type: ignore[func-returns-value]
            raise NetworkError(f"two layers are named '{twice}'")
        object.__setattr__(self, "_index", index)
        object.__setattr__(self, "_calls", {})
        object.__setattr__(self, "_readers", {})
        object.__setattr__(self, "memo", {})

    def __getstate__(self) -> dict[str, Any]:
        """Without what can be found again."""
        return {**vars(self), "_calls": {}, "memo": {}}

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
        """What a layer of this network applies its op to."""
        found = self._calls.get((layer.name, mode))
        if found is None:
            found = self._calls[layer.name, mode] = Call(
                inputs=tuple([self.tensor(ref) for ref in layer.inputs]),
                outputs=layer.outputs,
                parameters=tuple([self.table[id_] for id_ in layer.parameters]),
                mode=mode,
            )
        return found

    def lend_calls(self, other: Network, names: Container[str]) -> None:
        """Have another network know the calls of layers that are the same in both.

        Args:
            other: that was made of this one, and has not been asked yet.
            names: of layers with the same tensors and parameters in both.
        """
        calls = {key: call for key, call in self._calls.items() if key[0] in names}
        object.__setattr__(other, "_calls", calls)

    @property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """Layer name -> names of the layers that take one of its outputs."""
        if not self._readers:
            found: dict[str, list[str]] = {layer.name: [] for layer in self.layers}
            for layer in self.layers:
                for ref in dict.fromkeys([ref.layer for ref in layer.inputs]):
                    found[ref].append(layer.name)
            self._readers.update((name, tuple(names)) for name, names in found.items())
        return self._readers

    def bind(self, values: Mapping[str, Dim]) -> Network:
        """The network with symbols replaced, in tensors, parameters and attributes alike.

        Raises:
            NetworkError: a size would be smaller than one, or an op's condition does not hold.
        """
        replacement, (ops, parameters) = Replacement(values), self._open
        table = self.table
        if parameters:
            table = {**table, **{id_: replacement(table[id_]) for id_ in parameters}}
        network = replace(
            self,
            layers=tuple([replacement.layer(x, fixed=x.name not in ops) for x in self.layers]),
            table=table,
        )
        object.__setattr__(network, "_readers", self._readers)
        for layer in network.layers:
            inputs = [network.tensor(ref) for ref in layer.inputs]
            try:
                require(layer.op.conditions(*inputs))
            except NetworkError as error:
                raise _named(layer.name, error) from None
            check_sizes(layer)
        return network

    @cached_property
    def _open(self) -> tuple[frozenset[str], frozenset[str]]:
        """The layers whose ops hold symbols, and the parameters that do: most hold none."""
        return (
            frozenset([layer.name for layer in self.layers if holds_symbols(layer.op)]),
            frozenset([id_ for id_, each in self.table.items() if holds_symbols(each.shape)]),
        )

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

    @once
    def symbols(self) -> frozenset[str]:
        """Names of sizes that are not bound yet."""
        return free_symbols(*self._dims())

    @property
    def definitions(self) -> dict[str, Dim]:
        """Named output sizes and what they stand for, such as ``M = (X - K + 2*P)//S + 1``."""
        return definitions(*self._dims())

    def feasible(self, values: Mapping[str, Any]) -> Any:
        """For which of the given numbers (or NumPy arrays) `bind` would succeed: a mask."""
        import numpy as np

        sizes = Evaluation(values)
        sizes.where = np.ones(np.broadcast_shapes(*(np.shape(v) for v in values.values())), bool)
        for dim in self.at_least_one:
            holds = sizes(dim) >= 1
            sizes.where = sizes.where & holds
        return sizes.where

    @cached_property
    def at_least_one(self) -> tuple[Expr, ...]:
        """What has to be, when symbols get values, each once: the open sizes and conditions."""
        found: dict[Expr, None] = {}
        for layer in self.layers:
            conditions = layer.op.conditions(*self.call(layer).inputs)
            sizes = [condition.size for condition in conditions]
            sizes += [size for tensor in layer.outputs for size in tensor.shape]
            found.update((size, None) for size in sizes if isinstance(size, Expr))
        return tuple(found)

    def _dims(self) -> list[Dim]:
        tensors = [tensor for layer in self.layers for tensor in layer.outputs]
        sizes = [axis.size for tensor in tensors for axis in tensor.axes]
        return sizes + [size for parameter in self.table.values() for size in parameter.shape]


def check_sizes(layer: Layer) -> None:
    """Refuse tensors with a size below one.

    Raises:
        NetworkError: names the layer, the axis and the size.
    """
    for tensor in layer.outputs:
        for axis in tensor.axes:
            if isinstance(axis.size, int) and axis.size < 1:
                why = "a size is at least 1"
                if layer.inputs and axis.name in SPATIAL_AXES:
                    why = "its input is smaller than its window"
                size = f"{axis.name or 'an axis'} = {axis.size}"
                raise NetworkError(f"layer '{layer.name}' would have {size}: {why}")


class naming:  # noqa: N801 - used like a function; a class is quicker to enter than a generator
    """Say in an error which layer it is about."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NetworkError):
            raise _named(self.name, error) from None


def _named(name: str, error: NetworkError) -> NetworkError:
    return NetworkError(f"layer '{name}': {error.message}", hint=error.hint)
