"""Receptive fields: which part of its input one position of a layer's output depends on.

The composition rule of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural
Networks" (Distill 2019, https://distill.pub/2019/computing-receptive-fields), followed from the
input on. A window of extent ``k`` (dilation included) and stride ``s`` behind ``p`` zeros turns a
span of size ``r``, stride ``j`` and offset ``o`` into

    size ``r + (k - 1)*j``    stride ``s*j``    offset ``o - p*j``

so that output position ``i`` reads inputs ``o + i*j`` to ``o + i*j + r - 1``; those outside the
input are padding. Batch normalisation counts as at inference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.field import WHOLE, Field, Span, joined
from convcost.network.dataclass import replace
from convcost.network.tensor import SPATIAL_AXES
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.layer_norm import GroupNorm, LayerNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.locally_connected import LocallyConnected
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.preparation import Normalization, Rescaling
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten, Reshape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Layer, Network
    from convcost.network.tensor import Tensor
    from convcost.ops.window import Window


def receptive_field(network: Network) -> dict[str, Field]:
    """The receptive field of every layer by its name.

    What leaves no position behind (global pooling, flattening, dense layers after it) reads
    the whole axis. Where branches meet, the span reaches from the first input of any to the last
    of any: the largest of them if they share their centre. Several inputs of a network are taken to
    lie on each other.

    >>> from convcost.zoo import load
    >>> receptive_field(load("vgg16"))["features.30"].axes["height"]
    Span(size=212, stride=32, offset=-90)
    """
    fields: dict[str, Field] = {}
    for layer in network.layers:
        read = [fields[ref.layer] for ref in layer.inputs]
        tensors = [network.tensor(ref) for ref in layer.inputs]
        lost = next((field for field in read if field.why is not None), None)
        fields[layer.name] = lost or _field(layer, tensors, read)
    return fields


def _field(layer: Layer, tensors: Sequence[Tensor], read: Sequence[Field]) -> Field:
    match layer.op:
        case Input(tensor):
            return Field({name: Span(1, 1, 0) for name in SPATIAL_AXES if tensor.has(name)})
        case Merge():
            return joined(layer.outputs[0], tensors, read)
        case Concatenate(axis) if axis not in SPATIAL_AXES:
            return joined(layer.outputs[0], tensors, read)
        case Conv() | DepthwiseConv() | SeparableConv() | LocallyConnected() | Pool() as op:
            return _slid(read[0], tensors[0], op.windows)
        case ZeroPadding(amounts):
            return _moved(read[0], {axis: -before for axis, before, _ in amounts})
        case Cropping(amounts):
            return _moved(read[0], {axis: before for axis, before, _ in amounts})
        case GlobalPool() as op:
            return _covering(read[0], op.axes)
        case LayerNorm(axes=axes) if axes is not None:
            return _covering(read[0], axes)
        case Flatten() | Reshape() | GroupNorm():
            return _covering(read[0], read[0].axes)
        case Dense() | LayerNorm() | Activation("softmax" | "log_softmax"):
            return _covering(read[0], (tensors[0].axes[-1].name,))
        case Activation() | PRelu() | BatchNorm() | Dropout() | Rescaling() | Normalization():
            return replace(read[0], notes=())
        case LocalResponseNorm(axis="channel"):
            return replace(read[0], notes=())
        case op:
            return Field({}, why=f"no rule for {op.kind} (layer '{layer.name}')")


def _slid(field: Field, tensor: Tensor, windows: Iterable[Window]) -> Field:
    spans = dict(field.axes)
    for window in windows:
        span = spans.get(window.axis, WHOLE)
        if span.size is None or span.stride is None or span.offset is None:
            continue
        before, _ = window.pads(tensor.size(window.axis))
        spans[window.axis] = Span(
            size=span.size + (window.extent - 1) * span.stride,
            stride=span.stride * window.stride,
            offset=span.offset - before * span.stride,
        )
    return Field(spans)


def _moved(field: Field, positions: Mapping[str, Dim]) -> Field:
    """The result begins so many positions later."""
    spans = dict(field.axes)
    for axis, by in positions.items():
        span = spans.get(axis, WHOLE)
        if span.stride is not None and span.offset is not None:
            spans[axis] = replace(span, offset=span.offset + by * span.stride)
    return Field(spans)


def _covering(field: Field, axes: Iterable[str | None]) -> Field:
    covered = {axis: WHOLE for axis in axes if axis in field.axes}
    return Field({**field.axes, **covered})  # type: ignore[dict-item]
