"""Where a BatchNorm can be folded at inference, and where it cannot.

At inference it is a scale and a shift per channel. Backward these go into the layer whose result it
normalises, forward into the layer that takes its own result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.prelu import PRelu
from convcost.rewrite.rewrite import Refused
from convcost.rewrite.shared.layer import unfit
from convcost.rewrite.shared.spread import Spread, seen_through

if TYPE_CHECKING:
    from convcost.network.network import Layer, Network

#: Layers whose weights can take the scale of what they compute.
_SCALED = (Conv, Dense, DepthwiseConv, SeparableConv, ConvTranspose)
#: Layers whose weights can take the scale and the shift of what they read.
_SHIFTED = (Conv, Dense, DepthwiseConv, SeparableConv)
_TITLES = {"relu": "ReLU", "prelu": "PReLU"}


@dataclass(frozen=True, slots=True)
class Fold:
    """Where the scale and the shift of a BatchNorm can go.

    Attributes:
        layer: that takes them.
        spread: where in its input the channels are; None where it is its output that is scaled.
    """

    layer: str
    spread: Spread | None = None


def is_batch_norm(layer: Layer) -> bool:
    """Whether a layer is what is folded here."""
    return isinstance(layer.op, BatchNorm)


def fold_back(network: Network, layer: Layer) -> Fold | Refused:
    """The layer before a BatchNorm that can take it, or why it cannot.

    It has to be a product without an activation whose result nobody else reads, whose parameters
    nobody else uses, with the axis that is normalised for its channels.

    >>> from convcost.zoo import load
    >>> net = load("resnet18")
    >>> fold_back(net, net.layer("bn1"))
    Fold(layer='conv1', spread=None)
    >>> net = load("seed000")
    >>> fold_back(net, net.layer("batch_normalization_1")).why
    'behind the ReLU it cannot go back into conv2d_1'
    """
    source, between = _computed_by(network, layer)
    why = _not_back(network, layer, source, between)
    return Fold(source.name) if why is None else Refused(layer=layer.name, why=why)


def fold_forward(network: Network, layer: Layer) -> Fold | Refused:
    """The layer behind a BatchNorm that can take it, or why it cannot.

    The only reader of its result, views such as Flatten skipped: a dense layer, or a convolution
    that pads nothing. The zeros of a padding would have to be shifted as well.

    >>> from convcost.zoo import load
    >>> net = load("seed000")
    >>> fold_forward(net, net.layer("batch_normalization_1")).layer
    'dense_1'
    """
    found = _forward(network, layer)
    return Refused(layer=layer.name, why=found) if isinstance(found, str) else found


def function_before(network: Network, layer: Layer) -> str | None:
    """The activation whose result a layer reads, by its title; None where it reads another's.

    >>> from convcost.zoo import load
    >>> net = load("seed000")
    >>> function_before(net, net.layer("batch_normalization_1"))
    'ReLU'
    """
    return _function(_computed_by(network, layer)[0])


def _not_back(
    network: Network, layer: Layer, source: Layer, between: tuple[Layer, ...]
) -> str | None:
    function = _function(source)
    if function is not None:
        return f"behind the {function} it cannot go back into {_product(network, source)}"
    if isinstance(source.op, Input):
        return "it normalises the network's input: no layer computes it"
    if not isinstance(source.op, _SCALED):
        return (
            f"it normalises what {source.name} gives ({source.op.kind}), which is no convolution "
            "or dense layer"
        )
    for each in between:
        if each.outputs != source.outputs or each.op.kind == "view":
            return f"between {source.name} and it {each.name} changes the shape"
    for each in (source, *between):
        why = read_elsewhere(network, each)
        if why is not None:
            return why
    if _axis(layer) != _channels(source):
        return f"it normalises along {_axis(layer)}, not along what {source.name} has weights for"
    return _unfit(network, layer, source)


def _forward(network: Network, layer: Layer) -> Fold | str:
    spread = Spread.along(layer.outputs[0], _axis(layer))
    last = layer
    while True:
        why = read_elsewhere(network, last)
        if why is not None:
            return why
        (reader,) = network.consumers[last.name]
        target = network.layer(reader)
        if isinstance(target.op, _SHIFTED):
            break
        seen = seen_through(network, target, spread)
        if seen is None:
            return f"{target.name} ({target.op.kind}), which reads it, can take no scale and shift"
        last, spread = target, seen
    tensor = network.tensor(target.inputs[0])
    if isinstance(target.op, Dense):
        along = len(tensor.axes) - 1
    else:
        along = tensor.names.index("channel")
        pads = [amount for w in target.op.windows for amount in w.pads(tensor.size(w.axis))]
        if any(pads):
            return f"{target.name} pads its input with zeros, which would have to be shifted too"
    if spread.axis != along:
        return f"{target.name} has no weights per channel of what it normalises"
    return _unfit(network, layer, target) or Fold(target.name, spread)


def read_elsewhere(network: Network, layer: Layer) -> str | None:
    """Why a layer's result is not for the one behind it alone."""
    if any(ref.layer == layer.name for ref in network.outputs):
        return f"the network returns what {layer.name} gives"
    readers = network.consumers[layer.name]
    if len(readers) != 1:
        return f"what {layer.name} gives is read by {' and '.join(readers) or 'no layer'}"
    return None


def _unfit(network: Network, layer: Layer, product: Layer) -> str | None:
    """What stands against new parameters of a product, or against taking the BatchNorm away."""
    for each in (layer, product):
        why = unfit(network, each)
        if why is not None:
            return f"{each.name}: {why}"
    weights = product.op.weights(*network.call(product).inputs)
    if len(weights) != len(product.parameters) or len(product.inputs) != 1:
        return f"{product.name}: its weights are computed by other layers"
    return None


def _computed_by(network: Network, layer: Layer) -> tuple[Layer, tuple[Layer, ...]]:
    """The layer that computes what another reads, and the views between the two."""
    between: list[Layer] = []
    while True:
        layer = network.layer(layer.inputs[0].layer)
        if not layer.inputs or layer.op.touches_data(network.call(layer)):
            return layer, tuple(between)
        between.append(layer)


def _function(layer: Layer) -> str | None:
    """The title of the activation that a layer ends with."""
    match layer.op:
        case Activation(function):
            pass
        case PRelu():
            function = "prelu"
        case op:
            function = op.activation if isinstance(op, _SCALED) else "linear"
    return None if function == "linear" else _TITLES.get(function, function)


def _product(network: Network, layer: Layer) -> str:
    """The product in front of an activation, or the layer itself where it is one."""
    source = layer if isinstance(layer.op, _SCALED) else _computed_by(network, layer)[0]
    return source.name if isinstance(source.op, _SCALED) else "what is before it"


def _axis(layer: Layer) -> str:
    """That a BatchNorm normalises along."""
    assert isinstance(layer.op, BatchNorm)  # noqa: S101 - for types
    return layer.op.axis


def _channels(layer: Layer) -> str | None:
    """The axis that a product has a bias for each place of."""
    return layer.outputs[0].names[-1] if isinstance(layer.op, Dense) else "channel"
