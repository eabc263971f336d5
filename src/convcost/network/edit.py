"""A network with some of its ops changed, sizes behind them following; or without some layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.builder import Builder
from convcost.network.dataclass import replace
from convcost.network.network import Ref

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from convcost.network.module import Module
    from convcost.network.network import Layer, Network
    from convcost.network.op import Op


def edited(network: Network, op_of: Callable[[Layer], Op]) -> Network:
    """The same graph with other ops; parameters are made anew, without values.

    Names, sharing, frozen layers, modules and notes stay; measured times do not, which were of the
    network as it was. Modules hold what is left of their parameters by name.

    Args:
        network: to change.
        op_of: the op of a layer; the layer's own where it does not change.

    Raises:
        NetworkError: an op does not fit what it is applied to now.

    >>> from convcost.zoo import load
    >>> def op_of(layer):
    ...     dense = layer.name == "fc"
    ...     return replace(layer.op, units=10) if dense else layer.op
    >>> edited(load("resnet18"), op_of).layer("fc").outputs[0].shape
    (N, 10)
    """
    builder = Builder(network.name, framework=network.framework)
    for layer in network.layers:
        own = [network.table[id_] for id_ in layer.parameters]
        builder.add(
            op_of(layer),
            *layer.inputs,
            name=layer.name,
            shared_with=layer.shared_with,
            trainable=any(p.trainable for p in own) or not any(p.learned for p in own),
            line=layer.line,
            unkept=layer.unkept,
        )
    found = builder.build(network.outputs, notes=network.notes, missing=network.missing)
    dtypes = {tensor.dtype for layer in network.layers for tensor in layer.outputs}
    if len(dtypes) == 1 and dtypes != {"float32"}:
        found = found.with_dtype(dtypes.pop())
    return replace(found, modules=_holding(network.modules, found.table))


def without_layers(network: Network, names: Collection[str]) -> Network:
    """The same graph without some layers: who read their results reads their inputs.

    All others stay as they are, with their parameters and values; where a later call of a layer
    that goes stays, it becomes the first. Measured times do not stay, which were of the network as
    it was.

    Args:
        network: to change.
        names: of layers with one input and one result of the same shape.

    Raises:
        NetworkError: there is no such layer, or its result has another shape than its input.

    >>> from convcost.zoo import load
    >>> without_layers(load("seed000"), ["batch_normalization_1"]).layer("flatten_1").inputs
    (Ref(layer='conv2d_1', output=0),)
    """
    gone = {name: network.layer(name) for name in names}
    instead: dict[Ref, Ref] = {}
    for layer in network.layers:
        if layer.name in gone:
            source = _only_input(network, layer)
            instead[Ref(layer.name)] = instead.get(source, source)
    left = [layer for layer in network.layers if layer.name not in gone]
    heirs: dict[str, str] = {}  # calls that become the first of theirs, by the first that goes
    layers = []
    for layer in left:
        first = layer.shared_with
        if first in gone:
            heir = heirs.setdefault(first, layer.name)
            first = None if heir == layer.name else heir
        inputs = tuple(instead.get(ref, ref) for ref in layer.inputs)
        layers.append(replace(layer, inputs=inputs, shared_with=first))
    own = {id_ for layer in gone.values() for id_ in layer.parameters}
    own -= {id_ for layer in left for id_ in layer.parameters}
    table = {id_: parameter for id_, parameter in network.table.items() if id_ not in own}
    return replace(
        network,
        layers=tuple(layers),
        table=table,
        outputs=tuple(instead.get(ref, ref) for ref in network.outputs),
        notes=tuple(note for note in network.notes if note.layer not in gone),
        measured=(),
        modules=_holding(network.modules, table),
    )


def _holding(modules: tuple[Module, ...], table: Collection[str]) -> tuple[Module, ...]:
    """The source's modules with the parameters that are still there."""
    return tuple(
        replace(module, parameters=tuple(id_ for id_ in module.parameters if id_ in table))
        for module in modules
    )


def _only_input(network: Network, layer: Layer) -> Ref:
    """What is read instead of a layer that goes."""
    if len(layer.inputs) != 1 or len(layer.outputs) != 1:
        counts = f"{len(layer.inputs)} inputs and {len(layer.outputs)} results"
        raise NetworkError(f"'{layer.name}' cannot be left out: it has {counts}")
    (source,) = layer.inputs
    before, after = network.tensor(source), layer.outputs[0]
    if before.axes != after.axes:
        shapes = f"{after.shape} of {before.shape}"
        raise NetworkError(f"'{layer.name}' cannot be left out: it makes {shapes}")
    return source
