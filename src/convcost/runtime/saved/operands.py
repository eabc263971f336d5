"""The upper estimate: every operand that a gradient reads is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dims import summed
from convcost.network.tensor import dtype_bytes
from convcost.ops.activation import Activation, derivative
from convcost.ops.chain import Chain
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.elementwise import Elementwise
from convcost.ops.embedding import Embedding
from convcost.ops.layer_norm import GroupNorm, LayerNorm
from convcost.ops.loss import Loss
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.recurrent import RecurrentStep
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.regularization import Dropout
from convcost.ops.wrap import last_axes
from convcost.runtime.saved.rules import Saved, SavedRules, input_only

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.network import Layer
    from convcost.network.op import Call
    from convcost.network.tensor import Tensor
    from convcost.runtime.saved.rules import Rule

#: Statistics are single precision where the tensors are narrower.
_STATISTIC_BYTES = 4

_INNER = "what is kept of the values that it makes on its way is not known"


def everything(layer: Layer, call: Call) -> Saved:
    """Inputs and results, where the gradient reads anything at all.

    What a layer makes on its way (recurrent states, attention scores) is kept too, and not known.
    """
    gradient, equations = layer.op.gradient(call), layer.op.equations(call)
    reads: Dim = 1
    if gradient is not None and not equations:
        reads = gradient.through_reads + gradient.data_reads + gradient.weights_reads
    if isinstance(reads, int) and reads == 0:
        return Saved(exact=False)
    inner = any("inner" in equation.operands for equation in equations)
    hides = isinstance(getattr(layer.op, "op", layer.op), Chain | RecurrentStack | RecurrentStep)
    why = _INNER if inner or hides else None
    places = tuple(range(len(call.inputs)))
    return Saved(places, tuple(range(len(call.outputs))), exact=False, why=why)


def activation(layer: Layer, call: Call) -> Saved:
    """What the derivative is computed from: the input or the result."""
    del call
    op = layer.op
    assert isinstance(op, Activation)  # noqa: S101 - for types
    reads = derivative(op.function).reads
    return Saved(inputs=(0,) if reads == "input" else (), outputs=(0,) if reads == "result" else ())


def product(layer: Layer, call: Call) -> Saved:
    """The input; of an activation inside the layer its result, or what went into it."""
    op = layer.op
    assert isinstance(op, Conv | ConvTranspose | Dense | DepthwiseConv | SeparableConv)  # noqa: S101
    reads = derivative(op.activation).reads
    own: Dim = call.output_bytes if reads == "input" else 0
    if isinstance(op, SeparableConv):
        first, _ = op.equations(call)
        own = own + first.outputs * dtype_bytes(call.inputs[0].dtype)
    # without trained weights a matrix product does not need its input; a convolution keeps it
    kept = not isinstance(op, Dense) or bool(call.trained)
    return Saved(inputs=(0,) if kept else (), outputs=(0,) if reads == "result" else (), own=own)


def batch_norm(layer: Layer, call: Call) -> Saved:
    """The input, and in training the batch's mean and deviation per channel."""
    op, (tensor,) = layer.op, call.inputs
    assert isinstance(op, BatchNorm)  # noqa: S101 - for types
    if call.mode == "inference":
        return Saved(inputs=(0,))
    return Saved(inputs=(0,), own=2 * tensor.size(op.axis) * statistic_bytes(tensor))


def group_norm(layer: Layer, call: Call) -> Saved:
    """The input, and mean and deviation of each group of each sample."""
    op, (tensor,) = layer.op, call.inputs
    assert isinstance(op, GroupNorm)  # noqa: S101 - for types
    samples = tensor.axes[0].size
    return Saved(inputs=(0,), own=2 * samples * op.groups * statistic_bytes(tensor))


def layer_norm(layer: Layer, call: Call) -> Saved:
    """The input, and mean and deviation of each row."""
    op, (tensor,) = layer.op, call.inputs
    assert isinstance(op, LayerNorm)  # noqa: S101 - for types
    row: Dim = 1
    for axis in last_axes(tensor, op.axes):
        row = row * axis.size
    return Saved(inputs=(0,), own=2 * (tensor.elements // row) * statistic_bytes(tensor))


def arithmetic(layer: Layer, call: Call) -> Saved:
    """What the gradient reads; a plain number among the operands is not kept."""
    op = layer.op
    assert isinstance(op, Merge | Elementwise)  # noqa: S101 - for types
    inputs, result = op.gradient_reads(call)
    return Saved(inputs, (0,) if result else ())


def pool(layer: Layer, call: Call) -> Saved:
    """Of a maximum input and result, in which it is found again; of an average nothing."""
    op = layer.op
    assert isinstance(op, Pool | GlobalPool | AdaptivePool)  # noqa: S101 - for types
    del call
    return Saved(inputs=(0,), outputs=(0,)) if op.function == "max" else Saved()


def dropout(layer: Layer, call: Call) -> Saved:
    """A mask of one byte each."""
    del layer
    return Saved(own=call.output_elements)


def embedding(layer: Layer, call: Call) -> Saved:
    """The numbers looked up, where the table is trained."""
    del layer
    return Saved(inputs=(0,) if call.trained else ())


def loss(layer: Layer, call: Call) -> Saved:
    """Predictions and targets; of a fused cross-entropy the log-probabilities."""
    op = layer.op
    assert isinstance(op, Loss)  # noqa: S101 - for types
    targets = summed(op.target_bytes(tensor) for tensor in call.inputs)
    if op.function == "cross-entropy" and not op.probabilities:
        return Saved(own=targets + call.input_bytes)
    return Saved(inputs=tuple(range(len(call.inputs))), own=targets)


def statistic_bytes(tensor: Tensor) -> int:
    """Bytes of a mean: single precision where the tensor is narrower."""
    return max(_STATISTIC_BYTES, dtype_bytes(tensor.dtype))


TABLE: dict[type, Rule] = {
    Activation: activation,
    AdaptivePool: pool,
    BatchNorm: batch_norm,
    Conv: product,
    ConvTranspose: product,
    Dense: product,
    DepthwiseConv: product,
    Dropout: dropout,
    Elementwise: arithmetic,
    Embedding: embedding,
    GlobalPool: pool,
    GroupNorm: group_norm,
    LayerNorm: layer_norm,
    Loss: loss,
    Merge: arithmetic,
    PRelu: input_only,
    Pool: pool,
    SeparableConv: product,
}

RULES = SavedRules(
    table=TABLE,
    otherwise=everything,
    exact=False,
    source="an upper estimate: every operand that a gradient reads is kept until then",
)
