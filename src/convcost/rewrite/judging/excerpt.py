"""A part of a network as a network of its own: what a small change changes is told by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.network.network import Layer, Ref
from convcost.ops.input import Input

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from convcost.network.network import Network


def near(network: Network, names: Iterable[str], steps: int) -> frozenset[str]:
    """The layers of those names, and those that are not farther from them than some steps.

    Args:
        network: whose layers.
        names: of layers.
        steps: along the graph, in either direction.
    """
    found = last = frozenset(names)
    for _ in range(steps):
        beside = {ref.layer for name in last for ref in network.layer(name).inputs}
        beside.update(reader for name in last for reader in network.consumers[name])
        last = frozenset(beside - found)
        found = found | last
    return found


def excerpt(network: Network, inside: Container[str]) -> Network:
    """The layers of those names as a network.

    What they read from outside are inputs, under the names of the layers that compute it; what is
    read outside, or returned, are outputs.

    Args:
        network: whose part.
        inside: names of layers.

    >>> from convcost.zoo import load
    >>> net = load("resnet18")
    >>> part = excerpt(net, near(net, ["layer1.0.conv2"], 1))
    >>> [(layer.name, layer.op.kind) for layer in part.layers]
    [('layer1.0.bn1', 'input'), ('layer1.0.relu', 'activation'), ('layer1.0.conv2', 'conv'), \
('layer1.0.bn2', 'batch_norm')]
    """
    layers: dict[str, Layer] = {}
    for layer in network.layers:
        if layer.name not in inside:
            continue
        for ref in layer.inputs:
            if ref.layer not in layers:
                given = network.layer(ref.layer).outputs
                layers[ref.layer] = Layer(ref.layer, Input(given[0]), (), given)
        lender = layer.shared_with
        alone = lender is not None and lender not in inside
        layers[layer.name] = replace(layer, shared_with=None) if alone else layer
    used = dict.fromkeys(id_ for layer in layers.values() for id_ in layer.parameters)
    part = replace(
        network,
        layers=tuple(layers.values()),
        table={id_: network.table[id_] for id_ in used},
        outputs=tuple(_outputs(network, inside)),
        notes=(),
        missing=(),
        measured=(),
        modules=(),
    )
    network.lend_calls(part, inside)
    return part


def _outputs(network: Network, inside: Container[str]) -> Iterator[Ref]:
    """What is read outside, or returned; of a layer that nobody reads, all."""
    outside = [ref for layer in network.layers if layer.name not in inside for ref in layer.inputs]
    wanted = dict.fromkeys([*outside, *network.outputs])
    yield from (ref for ref in wanted if ref.layer in inside)
