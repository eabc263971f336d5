"""Where a BatchNorm can be folded at inference, and where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network


_WEIGHTED = (Conv, Dense, DepthwiseConv, SeparableConv)


def fold_advice(network: Network, names: Sequence[str]) -> str:
    """What to do about some BatchNorms at inference.

    >>> from convcost.zoo import load
    >>> fold_advice(load("resnet18"), ["bn1", "layer1.0.bn1", "layer1.0.bn2"])
    'fold 3 of 3 into the convolutions before them (exact at inference): their whole cost vanishes'
    """
    if len(names) == 1:
        return _advice(network, names[0])
    back = [name for name in names if _backward(network, network.layer(name)) is not None]
    alike: dict[tuple[object, ...], list[str]] = {}
    for name in names:
        if name not in back:
            alike.setdefault(_situation(network, network.layer(name)), []).append(name)
    text = (
        f"fold {len(back)} of {len(names)} into the convolutions before them (exact at inference): "
        "their whole cost vanishes"
    )
    others = (
        f"for {first}: {_advice(network, first)}"
        + (f"; likewise for {len(more)} more" if more else "")
        for first, *more in alike.values()
    )
    return "; ".join([*([text] if back else []), *others])


def _situation(network: Network, layer: Layer) -> tuple[object, ...]:
    """What the advice depends on: whether it folds forward, and what it stands behind."""
    source = _through_views(network, layer)
    return _forward_target(network, layer) is not None, _activation(source)


def _advice(network: Network, name: str) -> str:
    """What to do about one BatchNorm at inference.

    Backward, into the layer before it: only without an activation in between. Forward, into the
    next dense layer or unpadded convolution: its scale and shift move into that layer's weights
    and bias (zeros of a padding would have to be shifted too, so a padded one does not do).

    >>> from convcost.zoo import load
    >>> _advice(load("seed000"), "batch_normalization_1").split("; ")[:2]
    ['fold it forward into dense_1 (exact)', 'behind the ReLU it cannot go back into conv2d_1']
    """
    layer = network.layer(name)
    source = _through_views(network, layer)
    back = _backward(network, layer)
    if back is not None:
        return f"fold it into {back} (exact at inference): its whole cost vanishes"
    activation = _activation(source)
    weighted = source is not None and isinstance(source.op, _WEIGHTED)
    before = source.name if weighted and source is not None else "the convolution before it"
    behind = f"behind the {_title(activation)} it cannot go back into {before}"
    reorder = f"or put it before the {_title(activation)} and retrain: then it folds into {before}"
    forward = _forward_target(network, layer)
    if forward is not None:
        advice = f"fold it forward into {forward} (exact)"
    else:
        advice = "run it where it is fused into the kernel before it (torch.compile)"
    return f"{advice}; {behind}; {reorder}" if activation else advice


def _backward(network: Network, layer: Layer) -> str | None:
    """The layer before, if a BatchNorm can be folded into it.

    It has to be the only reader of a weighted layer without activation, whose parameters nobody
    else uses, and to normalise over that layer's own channels.
    """
    source = network.layer(layer.inputs[0].layer)
    axis = getattr(layer.op, "axis", None)
    product_axis = "channel" if source.outputs[0].has("channel") else source.outputs[0].names[-1]
    fits = (
        isinstance(source.op, _WEIGHTED)
        and _activation(source) is None
        and axis == product_axis
        and network.consumers[source.name] == (layer.name,)
        and not _returned(network, source)
        and not _shares(network, source)
    )
    return source.name if fits else None


def _returned(network: Network, layer: Layer) -> bool:
    return any(ref.layer == layer.name for ref in network.outputs)


def _shares(network: Network, layer: Layer) -> bool:
    """Whether another layer uses some of the same parameters."""
    own = set(layer.parameters)
    return any(other is not layer and own & set(other.parameters) for other in network.layers)


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
        if len(consumers) != 1 or _returned(network, layer):
            return None
        layer = network.layer(consumers[0])
        if layer.op.touches_data(network.call(layer)):
            break
    if _shares(network, layer):
        return None
    if isinstance(layer.op, Dense):
        return layer.name
    unpadded = isinstance(layer.op, Conv) and all(
        window.padding in ("valid", (0, 0)) or window.kernel == 1 for window in layer.op.windows
    )
    return layer.name if unpadded else None


def _title(activation: str | None) -> str:
    return {"relu": "ReLU"}.get(activation or "", activation or "")
