"""Activations taken out, be they layers of their own or parts of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.ablation import Without
from convcost.network.edit import changed, edited, without_layers
from convcost.ops.activation import ROW_FUNCTIONS, Activation

if TYPE_CHECKING:
    from convcost.explain.evidence import Case
    from convcost.network.network import Layer, Network

LOOKS_FOR = "activations other than softmax and those of the results"


def without(case: Case) -> Without | None:
    """The network whose layers, but for those that it returns, stay linear."""
    network = case.network
    returned = {ref.layer for ref in network.outputs}
    chosen = [x for x in network.layers if _function(x) is not None and x.name not in returned]
    if not chosen:
        return None
    alone = {layer.name for layer in chosen if isinstance(layer.op, Activation)}
    left = without_layers(network, alone)
    return Without(
        network=_linear(left, {layer.name for layer in chosen} - alone),
        layers=tuple(layer.name for layer in chosen),
        subject="activations",
        meaning="dropped: what they cost, not advice; without them layers in a row are one",
    )


def _function(layer: Layer) -> str | None:
    """What a layer applies to each value; None where it applies nothing."""
    op = layer.op
    function = op.function if isinstance(op, Activation) else getattr(op, "activation", "linear")
    return None if function == "linear" or function in ROW_FUNCTIONS else str(function)


def _linear(network: Network, names: set[str]) -> Network:
    if not names:
        return network
    ops = {name: changed(network.layer(name).op, activation="linear") for name in names}
    return edited(network, ops)
