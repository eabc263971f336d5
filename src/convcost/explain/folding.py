"""Where a BatchNorm can be folded at inference, and where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops import Activation, Conv, Dense, DepthwiseConv, SeparableConv

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network


def fold_advice(network: Network, name: str) -> str:
    """What to do about a BatchNorm at inference.

    Backward, into the layer before it: only without an activation in between. Forward, into the
    next dense layer or unpadded convolution: its scale and shift move into that layer's weights
    and bias (zeros of a padding would have to be shifted too, so a padded one does not do).

    >>> from convcost.zoo import load
    >>> fold_advice(load("seed000"), "batch_normalization_1").split("; ")[:2]
    ['fold it forward into dense_1 (exact)', 'behind the ReLU it cannot go back into conv2d_1']
    """
    layer = network.layer(name)
    source = _through_views(network, layer)
    back = source is not None and isinstance(
        source.op, Conv | Dense | DepthwiseConv | SeparableConv
    )
    activation = _activation(source)
    if back and activation is None and source is not None:
        return f"fold it into {source.name} (exact at inference): its whole cost vanishes"
    before = source.name if back and source is not None else "the convolution before it"
    behind = f"behind the {_title(activation)} it cannot go back into {before}"
    reorder = f"or put it before the {_title(activation)} and retrain: then it folds into {before}"
    forward = _forward_target(network, layer)
    if forward is not None:
        advice = f"fold it forward into {forward} (exact)"
    else:
        advice = "run it where it is fused into the kernel before it (torch-compile)"
    return f"{advice}; {behind}; {reorder}" if activation else advice


def _through_views(network: Network, layer: Layer) -> Layer | None:
    """The layer that computed the input, views skipped."""
    while layer.inputs:
        layer = network.layer(layer.inputs[0].layer)
        if layer.op.touches_data(network.call(layer)):
            return layer
    return None


def _activation(layer: Layer | None) -> str | None:
    if layer is None:
        return None
    function = getattr(layer.op, "activation", None)
    if isinstance(layer.op, Activation):
        function = layer.op.function
    return None if function in (None, "linear") else str(function)


def _forward_target(network: Network, layer: Layer) -> str | None:
    """The one layer that takes the result and can absorb a scale and a shift."""
    while True:
        consumers = network.consumers[layer.name]
        if len(consumers) != 1:
            return None
        layer = network.layer(consumers[0])
        if layer.op.touches_data(network.call(layer)):
            break
    if isinstance(layer.op, Dense):
        return layer.name
    unpadded = isinstance(layer.op, Conv) and all(
        window.padding in ("valid", (0, 0)) or window.kernel == 1 for window in layer.op.windows
    )
    return layer.name if unpadded else None


def _title(activation: str | None) -> str:
    return {"relu": "ReLU"}.get(activation or "", activation or "")
