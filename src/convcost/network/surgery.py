"""Replace layers of a network by others; what is not touched keeps its parameters and values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.builder import check_arity
from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import product
from convcost.network.following import as_before, following
from convcost.network.module import holding
from convcost.network.network import Layer, Ref, check_sizes, naming
from convcost.network.parameter import Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.network import Network
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A layer that takes part in the place of an old one.

    Attributes:
        name: unique in the new network; the last of those that replace a layer bears its name, so
            that readers and results find it.
        op: what it does.
        inputs: outputs of layers of the new network.
        values: makes the numbers of its parameters, by the names and in the shapes that the op
            declares; called when they are first asked for; None where there are none.
        trainable: False where it is frozen.
    """

    name: str
    op: Op
    inputs: tuple[Ref, ...]
    values: Callable[[], Mapping[str, Any]] | None = None
    trainable: bool = True


def rebuilt(network: Network, changes: Mapping[str, Sequence[New]]) -> Network:
    """A network with some layers replaced, added or taken out.

    Sizes behind a change follow. Layers that are not named keep their names, parameters and
    values; where a parameter's size follows, it loses its values. Parameters that only layers used
    which are gone go with them. New parameters have the dtype of those that they replace.
    Measured times do not stay, which were of the network as it was. Where a layer is taken out and
    a later call of it stays, that becomes the first.

    Args:
        network: to change.
        changes: what takes the place of layers, by their names. Nothing: who read the layer's
            result reads its input, or nobody does any more.

    Raises:
        NetworkError: a name is not the network's, replacements do not end with the layer's name, a
            layer that is taken out is read and does not return what it takes, one is replaced whose
            parameters another uses, or an op does not fit what it is applied to now.

    >>> from convcost.zoo import load
    >>> without = rebuilt(load("resnet18"), {"bn1": ()})
    >>> without.layer("relu").inputs[0].layer
    'conv1'
    """
    for name, layers in changes.items():
        _check(network.layer(name), layers)
    work = _Rebuilding(network, changes)
    for layer in network.layers:
        work.add(layer)
    return work.finished()


def _check(layer: Layer, layers: Sequence[New]) -> None:
    if layers:
        if layers[-1].name != layer.name:
            raise NetworkError(f"what replaces '{layer.name}' ends with '{layers[-1].name}'")
    elif len(layer.inputs) != 1 or len(layer.outputs) != 1:
        counts = f"{len(layer.inputs)} inputs and {len(layer.outputs)} results"
        raise NetworkError(f"'{layer.name}' cannot be taken out: it has {counts}")


class _Rebuilding:
    """The new network while it is made."""

    def __init__(self, network: Network, changes: Mapping[str, Sequence[New]]) -> None:
        self._network = network
        self._changes = changes
        self._layers: dict[str, Layer] = {}
        #: who is read in the place of layers that are gone
        self._instead: dict[str, Ref] = {}
        #: who cannot be read any more, and why
        self._gone: dict[str, str] = {}
        #: calls that become the first of theirs, by the first that is taken out
        self._heirs: dict[str, str] = {}
        used = {id_ for layer in network.layers for id_ in layer.parameters}
        kept = {i for x in network.layers if x.name not in changes for i in x.parameters}
        #: what no layer uses stays as well
        self._table = {id_: p for id_, p in network.table.items() if id_ in kept or id_ not in used}
        self._resized: set[str] = set()
        #: layers that are as they were and take what they took
        self._same: set[str] = set()

    def add(self, layer: Layer) -> None:
        """A layer of the old network, or what takes its place."""
        layers = self._changes.get(layer.name)
        if not layers:
            with naming(layer.name):
                self._keep(layer) if layers is None else self._take_out(layer)
            return
        for new in layers:
            with naming(new.name):
                self._make(new, layer)

    def finished(self) -> Network:
        """The network, as far as it is not changed as it was.

        Raises:
            NetworkError: layers that share a parameter need it in different sizes now.
        """
        for layer in self._layers.values():
            if not self._resized.isdisjoint(layer.parameters):
                self._check_sizes(layer)
                self._same.discard(layer.name)
        old, gone = self._network, {*self._instead, *self._gone}
        made = replace(
            old,
            layers=tuple(self._layers.values()),
            table=self._table,
            outputs=tuple(map(self._found, old.outputs)),
            notes=tuple(note for note in old.notes if note.layer not in gone),
            measured=() if self._changes else old.measured,
            modules=holding(old.modules, self._table),
        )
        old.lend_calls(made, self._same)
        return made

    def _keep(self, layer: Layer) -> None:
        """A layer as it is, but for sizes that follow; errors as `_first_call`."""
        first = self._first_call(layer)
        if first == layer.shared_with and all(ref.layer in self._same for ref in layer.inputs):
            self._same.add(layer.name)
            self._layers[layer.name] = layer
            return
        inputs = tuple(map(self._found, layer.inputs))
        before = [self._network.tensor(ref) for ref in layer.inputs]
        now = [self._tensor(ref) for ref in inputs]
        same = inputs == layer.inputs and first == layer.shared_with
        kept = layer if same else replace(layer, inputs=inputs, shared_with=first)
        if before != now:
            kept = replace(kept, outputs=following(layer, before, now))
            check_sizes(kept)
            self._resize(layer, before, now)
        else:
            self._same.add(layer.name)
        self._layers[layer.name] = kept

    def _first_call(self, layer: Layer) -> str | None:
        """The first call of the layer's parameters that is still there; None: this one.

        Raises:
            NetworkError: they are replaced with another layer's.
        """
        first = layer.shared_with
        if first is None or first not in self._changes:
            return first
        if self._changes[first]:
            raise NetworkError(f"it uses the parameters of '{first}', which is to be replaced")
        heir = self._heirs.setdefault(first, layer.name)
        return None if heir == layer.name else heir

    def _resize(self, layer: Layer, before: Sequence[Tensor], now: Sequence[Tensor]) -> None:
        """Give its parameters the sizes that they need now.

        Raises:
            NetworkError: it is not known which ones these are.
        """
        old, new = (layer.op.weights(*tensors) for tensors in (before, now))
        shapes = [weight.shape for weight in new]
        if [weight.shape for weight in old] == shapes:
            return
        if len(shapes) != len(layer.parameters):
            raise NetworkError("which of its parameters change their size is not known")
        for id_, shape in zip(layer.parameters, shapes, strict=True):
            known = self._table[id_]
            if known.shape != shape:
                self._resized.add(id_)
                self._table[id_] = replace(known, shape=shape, values=None)

    def _check_sizes(self, layer: Layer) -> None:
        """Whether parameters whose size has followed have the one that a layer needs."""
        weights = layer.op.weights(*map(self._tensor, layer.inputs))
        for id_, weight in zip(layer.parameters, weights, strict=True):
            if self._table[id_].elements != product(weight.shape):
                raise NetworkError(
                    f"layer '{layer.name}': it shares '{id_}' with a layer that needs it in "
                    "another size now"
                )

    def _take_out(self, layer: Layer) -> None:
        source = self._found(layer.inputs[0])
        before, after = self._tensor(source), layer.outputs[0]
        if before.axes == after.axes:
            self._instead[layer.name] = source
        else:
            self._gone[layer.name] = f"makes {after} of {before}"

    def _make(self, new: New, old: Layer) -> None:
        """A new layer in the place of an old one.

        Raises:
            NetworkError: its name is taken, or it does not fit its inputs.
        """
        gone = new.name == old.name
        if new.name in self._layers or (not gone and new.name in self._network.consumers):
            raise NetworkError(f"two layers are named '{new.name}'")
        inputs = tuple(map(self._found, new.inputs))
        tensors = [self._tensor(ref) for ref in inputs]
        check_arity(new.op, len(inputs))
        outputs = new.op.outputs(*tensors)
        if gone:
            outputs = as_before(outputs, old.outputs)
        dtype, make = self._dtype(old), new.values and cache(new.values)
        ids = []
        for weight in new.op.weights(*tensors):
            id_ = f"{new.name}/{weight.name}"
            while id_ in self._table:
                id_ += "_"
            load = None if make is None else _Numbers(make, weight.name, dtype)
            trainable = new.trainable and weight.learned
            self._table[id_] = Parameter(
                id_, weight.shape, dtype, learned=weight.learned, trainable=trainable, values=load
            )
            ids.append(id_)
        layer = Layer(new.name, new.op, inputs, outputs, tuple(ids), line=old.line)
        check_sizes(layer)
        self._layers[new.name] = layer

    def _dtype(self, old: Layer) -> str:
        """That of the parameters which a layer has, or else of what it gives."""
        stored = [self._network.table[id_].dtype for id_ in old.parameters]
        given = [tensor.dtype for tensor in old.outputs]
        return next((dtype for dtype in (*stored, *given) if "float" in dtype), "float32")

    def _found(self, ref: Ref) -> Ref:
        if ref.layer in self._gone:
            raise NetworkError(
                f"'{ref.layer}', which is to be taken out, {self._gone[ref.layer]}, and is needed"
            )
        return self._instead.get(ref.layer, ref)

    def _tensor(self, ref: Ref) -> Tensor:
        try:
            return self._layers[ref.layer].outputs[ref.output]
        except (KeyError, IndexError):
            raise NetworkError(
                f"there is no output {ref.output} of a layer '{ref.layer}' before it"
            ) from None


class _Numbers:
    """Loads one of the parameters of a new layer, in the dtype that it is stored in."""

    __slots__ = ("_dtype", "_make", "_name")

    def __init__(self, make: Callable[[], Mapping[str, Any]], name: str, dtype: str) -> None:
        self._make, self._name = make, name
        # NumPy has no brain floats
        self._dtype = "float32" if dtype == "bfloat16" else dtype

    def __call__(self) -> Any:
        return self._make()[self._name].astype(self._dtype)
