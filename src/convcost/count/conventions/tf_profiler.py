"""TensorFlow's own profiler on a Keras model: FLOPs of the graph's nodes that have a formula.

Source: tensorflow/python/profiler/internal/flops_registry.py, tensorflow/python/ops/nn_ops.py and
math_ops.py of 2.21, and the nodes that Keras 3.15 makes of its layers at inference, on a CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention, Site
from convcost.count.conventions.sites import combined, macs, number
from convcost.count.conventions.tf_elementwise import elementwise, per_element
from convcost.network.dims import ceil_div, product
from convcost.ops.attention import Attention
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.cell import Cell
from convcost.ops.chain import Chain
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.dot import Dot
from convcost.ops.einsum import EinsumDense
from convcost.ops.matmul import MatMul
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.recurrent import Recurrent
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.wrap import call_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Call, Op

_BIAS = "1 per result for the bias"
_LOOP = "the body of a loop over the steps is counted once"
#: Element-wise nodes per unit of a cell, biases aside.
_STATE: Mapping[str, int] = {"simple": 1, "gru": 8, "lstm": 8}


def _charge(site: Site) -> Charge:
    return _of(site.layer.op, site.call)


def _of(op: Op, call: Call) -> Charge:
    match op:
        case Conv() | DepthwiseConv() | SeparableConv() | ConvTranspose() | Dense():
            own = _product(op, call)
            bias = _elements(call) if op.bias else 0
            activation = per_element(op.activation, _elements(call))
            return combined((own, Charge(bias, _BIAS if bias else ""), activation))
        case Recurrent(cells=cells) if len(cells) > 1:
            return Charge(0, "what Keras makes of cells in a stack was not compared", known=False)
        case Recurrent() | RecurrentStack():
            return _recurrent(op, call)
        case Bidirectional(forward=forward, backward=backward):
            parts = (_of(each, call_of(each, call.inputs[:1], call.mode))
                     for each in (forward, backward))  # fmt: skip
            merging = op.merging(call)
            merged = 0 if merging is None else elementwise(*merging).operations
            return combined((*parts, Charge(merged, "1 per merged result" if merged else "")))
        case MultiHeadAttention():
            return _attention(op, call)
        case Attention():
            # the scores are the results of the first product
            scores = number(op.equations(call)[0].outputs)
            return combined((Charge(2 * macs(op, call)), per_element("softmax", scores)))
        case EinsumDense():
            shift = Charge(_elements(call), _BIAS) if op.bias_axes else Charge(0)
            activation = per_element(op.activation, _elements(call))
            return combined((Charge(2 * macs(op, call)), shift, activation))
        case MatMul() | Dot():
            return Charge(2 * macs(op, call))
        case TimeDistributed():
            return _of(op.op, op.all_steps(call))
        case Chain():
            return combined(_of(inner, its) for inner, its in op.calls(call))
        case _:
            return elementwise(op, call)


def _product(
    op: Conv | DepthwiseConv | SeparableConv | ConvTranspose | Dense, call: Call
) -> Charge:
    right = 2 * macs(op, call)
    if isinstance(op, Dense):
        return Charge(right)
    if isinstance(op, Conv) and op.groups != 1:
        because = "a grouped convolution is compiled by XLA into a node without a formula"
        return Charge(0, because, fault=True)
    if isinstance(op, ConvTranspose):
        return _transposed(op, call, right)
    if all(window.dilation == 1 for window in op.windows):
        return Charge(right)
    return _in_blocks(op, call)


def _transposed(op: ConvTranspose, call: Call, right: int) -> Charge:
    if len(op.windows) == 3:
        return Charge(0, "Conv3DBackpropInputV2, which has no formula", fault=True)
    # counted from its results: each has taps / strides of the inputs
    (tensor,), (result,) = call.inputs, call.outputs
    positions = number(tensor.elements) // number(tensor.size("channel"))
    computed = number(result.elements) // number(result.size("channel"))
    strides = number(product(window.stride for window in op.windows))
    operations = right // positions * computed // strides
    because = "results x taps / strides: windows that reach beyond the last stride count as more"
    return Charge(operations, because if operations != right else "")


def _in_blocks(op: Conv | DepthwiseConv | SeparableConv, call: Call) -> Charge:
    """A dilated convolution runs on every d-th input, padded so that d divides their number."""
    (tensor,), (result,) = call.inputs, call.outputs
    computed = exact = 1
    for window in op.windows:
        before, after = window.pads(tensor.size(window.axis))
        padded = number(tensor.size(window.axis) + before + after)
        block = number(ceil_div(padded, window.dilation)) - number(window.kernel) + 1
        computed *= number(window.dilation) * block
        exact *= number(result.size(window.axis))
    first, *others = [number(equation.macs) for equation in op.equations(call)]
    operations = 2 * (first // exact * computed + sum(others))
    padded_because = "a dilated convolution is computed in blocks, padded to whole ones"
    return Charge(operations, padded_because if computed != exact else "")


def _recurrent(op: Recurrent | RecurrentStack, call: Call) -> Charge:
    tensor = call.inputs[0]
    time = 1 if op.time is None else number(tensor.size(op.time))
    samples = number(tensor.elements) // number(tensor.axes[-1].size) // time
    extra = sum(
        units * (cell.gates * cell.biases + _STATE[cell.function])
        for cell in _cells(op)
        for units in [number(cell.units)]
    )
    operations = 2 * macs(op, call) // time + samples * extra
    because = "1 per unit for each addition, product and bias of the gates"
    loop = Charge(0, _LOOP if time > 1 else "", fault=time > 1)
    return combined((loop, Charge(operations, because)))


def _cells(op: Recurrent | RecurrentStack) -> tuple[Cell, ...]:
    if isinstance(op, Recurrent):
        return op.cells
    biases = 2 if op.bias and op.function == "gru" else int(op.bias)
    cell = Cell(function=op.function, units=op.units, biases=biases)
    return (cell,) * (op.levels * op.directions)


def _attention(op: MultiHeadAttention, call: Call) -> Charge:
    """Projections are matrix products; scores and weighted values are `Einsum` nodes."""
    *projected, scored, weighted, output = op.equations(call)
    products = 2 * sum(number(each.macs) for each in (*projected, output))
    results = sum(number(each.outputs) for each in (*projected, output)) if op.bias else 0
    left_out = number(scored.macs) + number(weighted.macs)
    scale = number(scored.outputs)
    return combined((
        Charge(products, "the products of the attention are Einsum nodes without a formula",
               fault=left_out > 0),
        Charge(results, _BIAS if results else ""),
        Charge(scale, "1 per score for the scale"),
        per_element("softmax", scale),
    ))  # fmt: skip


def _elements(call: Call) -> int:
    return number(call.outputs[0].elements)


CONVENTION = Convention(
    name="tf.profiler",
    version="tensorflow 2.21",
    unit="FLOP",
    says="FLOPs",
    counts=(
        "nodes with a formula of the graph that Keras 3 makes at inference on a CPU: 2 per "
        "multiply-accumulate, biases, normalisations, average and maximum pools of 1 or 2 axes, "
        "additions and products; no activation but what is composed of these"
    ),
    charge=_charge,
    framework="keras",
)
