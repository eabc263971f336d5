"""A network with some of its ops changed, sizes behind them following; or without some layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from convcost.network.builder import Builder
from convcost.network.dataclass import replace
from convcost.network.module import holding
from convcost.network.surgery import rebuilt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op


def changed(op: Op, **attributes: Any) -> Op:
    """The op with other attributes; all ops are dataclasses.

    >>> from convcost.ops.activation import Activation
    >>> changed(Activation("relu"), function="tanh")
    Activation(function='tanh', alpha=None, position=None, approximate=False)
    """
    return cast("Op", replace(cast("Any", op), **attributes))


def edited(network: Network, ops: Mapping[str, Op] | Callable[[Layer], Op]) -> Network:
    """The same graph with other ops; parameters are made anew, without values.

    Names, sharing, frozen layers, modules and notes stay; measured times do not, which were of the
    network as it was. Modules hold what is left of their parameters by name.

    Args:
        network: to change.
        ops: those that change, by the names of their layers; or what gives the op of a layer, the
            layer's own where it does not change.

    Raises:
        NetworkError: an op does not fit what it is applied to now.

    >>> from convcost.zoo import load
    >>> network = load("resnet18")
    >>> smaller = edited(network, {"fc": changed(network.layer("fc").op, units=10)})
    >>> smaller.layer("fc").outputs[0].shape
    (N, 10)
    """
    builder = Builder(network.name, framework=network.framework)
    for layer in network.layers:
        own = [network.table[id_] for id_ in layer.parameters]
        builder.add(
            ops.get(layer.name, layer.op) if isinstance(ops, Mapping) else ops(layer),
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
    return replace(found, modules=holding(network.modules, found.table))


def without_layers(network: Network, names: Iterable[str]) -> Network:
    """The same graph without some layers: who read their results reads their inputs.

    All others stay as they are, with their parameters and values. Measured times do not stay, which
    were of the network as it was.

    Args:
        network: to change.
        names: of layers with one input and one result of the same shape.

    Raises:
        NetworkError: as `rebuilt`, without anything in the place of the layers.

    >>> from convcost.zoo import load
    >>> without_layers(load("seed000"), ["batch_normalization_1"]).layer("flatten_1").inputs
    (Ref(layer='conv2d_1', output=0),)
    """
    return replace(rebuilt(network, dict.fromkeys(names, ())), measured=())
