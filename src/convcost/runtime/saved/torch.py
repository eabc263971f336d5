"""PyTorch's autograd on a CPU: what `torch.autograd.graph.saved_tensors_hooks` sees.

The rules follow `tools/autograd/derivatives.yaml` of PyTorch 2.13 and were compared with the hooks
to the byte; ops that were not compared fall back on the upper estimate and say so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.network.dims import maximum, product
from convcost.network.tensor import dtype_bytes
from convcost.ops.activation import Activation, derivative
from convcost.ops.conv import Conv
from convcost.ops.copy import Copy
from convcost.ops.crop import Cropping
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.layer_norm import GroupNorm
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.loss import Loss
from convcost.ops.merge import Concatenate
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute, Repeat
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.reduce import Reduce
from convcost.ops.regularization import Dropout
from convcost.ops.resize import Resize, Upsample
from convcost.runtime.saved import operands
from convcost.runtime.saved.rules import Saved, SavedRules, input_only, nothing

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.network import Layer
    from convcost.network.op import Call

_INDEX_BYTES = dtype_bytes("int64")
#: `cross_entropy` keeps the sum of the class weights as a float32.
_TOTAL_WEIGHT_BYTES = 4

#: In place these compute their derivative from the result.
_IN_PLACE_BY_RESULT = frozenset({"celu", "elu", "leaky_relu", "selu"})


def function_of(layer: Layer) -> str:
    """The ATen function that the layer was read from: ``relu_``; empty where it was not.

    >>> from convcost.network.module import Origin
    >>> from convcost.network.network import Layer
    >>> function_of(Layer("a", Activation("relu"), (), (), origin=Origin("aten.add_.Tensor")))
    'add_'
    """
    parts = layer.origin.function.split(".") if layer.origin is not None else []
    return parts[1] if len(parts) > 1 else ""


def in_place(layer: Layer) -> bool:
    """Whether the layer writes its result over its first input."""
    return function_of(layer).endswith("_")


def _activation(layer: Layer, call: Call) -> Saved:
    op = layer.op
    assert isinstance(op, Activation)  # noqa: S101 - for types
    if op.function == "log_sigmoid":
        return Saved(inputs=(0,), own=call.output_bytes)  # and a buffer of exponentials
    if in_place(layer) and derivative(op.function).reads == "input":
        if op.function in _IN_PLACE_BY_RESULT:
            return Saved(outputs=(0,))
        return Saved(own=call.output_bytes)  # a copy of the input, which is then overwritten
    return operands.activation(layer, call)


def _convolution(layer: Layer, call: Call) -> Saved:
    """The input; where more is padded behind than before, a copy with the difference padded."""
    op, (tensor, *_) = layer.op, call.inputs
    assert isinstance(op, Conv | DepthwiseConv)  # noqa: S101 - for types
    saved = operands.product(layer, call)
    padded = tensor.bytes
    for w in op.windows:
        before, after = w.pads(tensor.size(w.axis))
        more = maximum(after - before, before - after)
        padded = padded // tensor.size(w.axis) * (tensor.size(w.axis) + more)
    if padded == tensor.bytes:
        return saved
    return replace(saved, inputs=(), own=saved.own + padded)


def _copy(layer: Layer, call: Call) -> Saved:
    """Mirrored and repeated edges keep the input, whose shape alone is needed."""
    op = layer.op
    assert isinstance(op, Copy)  # noqa: S101 - for types
    mirrors = op.function.startswith(("reflect", "replicat"))
    return input_only(layer, call) if mirrors else Saved()


def _pool(layer: Layer, call: Call) -> Saved:
    """The input, though only its shape is needed, and int64 places of maxima."""
    op = layer.op
    assert isinstance(op, Pool | GlobalPool | AdaptivePool)  # noqa: S101 - for types
    if op.function == "max":
        return Saved(inputs=(0,), own=_INDEX_BYTES * call.outputs[0].elements)
    # adaptive pooling to one value is a mean
    return Saved() if isinstance(op, GlobalPool) else Saved(inputs=(0,))


def _places(layer: Layer, call: Call) -> Dim:
    """Where the maxima are; found at inference too."""
    return _pool(layer, call).own


def _dropout(layer: Layer, call: Call) -> Saved:
    """Noise of the input's type, zeros and 1 / (1 - rate); where channels drop, one for each."""
    op, (tensor,) = layer.op, call.inputs
    assert isinstance(op, Dropout)  # noqa: S101 - for types
    if op.rate == 0:
        return Saved()
    if op.rate == 1:
        return Saved(own=dtype_bytes(tensor.dtype))
    if function_of(layer).startswith("feature_"):
        channels = product(axis.size for axis in tensor.axes[:2])
        return Saved(own=channels * dtype_bytes(tensor.dtype))
    return Saved(own=tensor.bytes)


def _group_norm(layer: Layer, call: Call) -> Saved:
    """Instance normalisation and BatchNorm without stored statistics are read as groups.

    The former repeats its scale for every sample.
    """
    op, (tensor,) = layer.op, call.inputs
    assert isinstance(op, GroupNorm)  # noqa: S101 - for types
    if function_of(layer) != "batch_norm":
        saved = operands.group_norm(layer, call)
        repeated = function_of(layer) == "instance_norm" and op.scale
        return replace(saved, own=saved.own // 2 * 3) if repeated else saved
    return Saved(inputs=(0,), own=2 * op.groups * operands.statistic_bytes(tensor))


def _local_response_norm(layer: Layer, call: Call) -> Saved:
    """Composed: the input, its padded squares, the sums and their power."""
    op, (tensor,) = layer.op, call.inputs
    assert isinstance(op, LocalResponseNorm)  # noqa: S101 - for types
    channels = tensor.size(op.axis)
    padded = tensor.bytes // channels * (channels + op.size - 1)
    return Saved(inputs=(0,), own=padded + 2 * tensor.bytes)


def _local_response_scratch(layer: Layer, call: Call) -> Dim:
    """While the sums become a power, the sums and a product of them are there too."""
    del layer
    return 2 * call.input_bytes


def _reduce(layer: Layer, call: Call) -> Saved:
    op = layer.op
    assert isinstance(op, Reduce)  # noqa: S101 - for types
    if op.function in {"sum", "mean"}:
        return Saved()
    return operands.everything(layer, call)


def _loss(layer: Layer, call: Call) -> Saved:
    op, saved = layer.op, operands.loss(layer, call)
    assert isinstance(op, Loss)  # noqa: S101 - for types
    if op.function != "cross-entropy":
        return saved
    own = saved.own + _TOTAL_WEIGHT_BYTES * len(call.inputs)
    # the logarithm of probabilities keeps these, and its result is kept as well
    return replace(saved, own=own + (call.input_bytes if op.probabilities else 0))


RULES = SavedRules(
    table=operands.TABLE
    | {
        Activation: _activation,
        AdaptivePool: _pool,
        Concatenate: nothing,
        Conv: _convolution,
        Copy: _copy,
        Cropping: nothing,
        DepthwiseConv: _convolution,
        Dropout: _dropout,
        GlobalPool: _pool,
        GroupNorm: _group_norm,
        Loss: _loss,
        LocalResponseNorm: _local_response_norm,
        Permute: nothing,
        Pool: _pool,
        Reduce: _reduce,
        Repeat: nothing,
        Resize: nothing,
        Upsample: nothing,
        ZeroPadding: nothing,
    },
    otherwise=operands.everything,
    scratch={
        AdaptivePool: _places,
        GlobalPool: _places,
        LocalResponseNorm: _local_response_scratch,
        Pool: _places,
    },
    exact=True,
    source="torch.autograd.graph.saved_tensors_hooks on a CPU, PyTorch 2.13, to the byte",
)
