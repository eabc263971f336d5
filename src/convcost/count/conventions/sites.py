"""The layers of a network as conventions see them, and as operators of PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Site
from convcost.network import dims
from convcost.network.dataclass import dataclass, replace
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.chain import Chain
from convcost.ops.computed import ComputedWeights
from convcost.ops.conv import Conv
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.pool import AdaptivePool, GlobalPool
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.recurrent_stack import RecurrentStack
from convcost.ops.resize import Resize, Upsample
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.window import Window, window
from convcost.ops.wrap import call_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Network
    from convcost.network.op import Call, Mode, Op


def sites(network: Network, mode: Mode) -> tuple[Site, ...]:
    """Every layer with its call and the module that called it; the network is bound to a batch."""
    modules = {module.path: module for module in network.modules}
    return tuple(
        Site(
            network,
            layer,
            network.call(layer, mode),
            None if layer.origin is None else modules.get(layer.origin.module),
        )
        for layer in network.layers
    )


@dataclass(frozen=True, slots=True)
class Operator:
    """A call of one of PyTorch's operators, as a user's code makes it.

    Attributes:
        name: without its overload: ``conv2d``; empty for what PyTorch has no operator for.
        op: what it does.
        call: what the op is applied to.
        macs: multiply-accumulates by our count.
        overload: ``padding`` of a convolution that is given its padding by name.
    """

    name: str
    op: Op
    call: Call
    macs: int
    overload: str = ""


def number(size: Dim) -> int:
    """A size of a network whose sizes are all known.

    Raises:
        NetworkError: it is a formula.
    """
    return dims.number(size, "a size")


def macs(op: Op, call: Call) -> int:
    """Multiply-accumulates of a call."""
    return number(dims.summed(equation.macs for equation in op.equations(call)))


def operators(site: Site) -> tuple[Operator, ...]:
    """The operators that a layer is made of, in order.

    A layer that was read from PyTorch is the operator that was called. Any other one is written
    with PyTorch in the plainest way: a convolution with its padding as the source names it, layers
    that PyTorch does not have with the parts that they consist of.
    """
    op, call, origin = site.layer.op, site.call, site.layer.origin
    if origin is None:
        return tuple(_plain(op, call))
    # a module that is read as a whole has no operator's name
    name, _, overload = origin.function.removeprefix("aten.").partition(".")
    if isinstance(op, ComputedWeights):
        op, call = _without_weights(op, call)
    return (Operator(name, op, call, macs(op, call), overload),)


def _plain(op: Op, call: Call) -> Iterator[Operator]:
    match op:
        case ComputedWeights():
            yield from _plain(*_without_weights(op, call))
        case SpectralNorm():
            parts = tuple(_plain(op.op, call))
            yield from parts
            # the power iterations of training
            yield Operator("mv", op, call, macs(op, call) - sum(part.macs for part in parts))
        case Chain():
            for inner, its in op.calls(call):
                yield from _plain(inner, its)
        case TimeDistributed():
            yield from _plain(op.op, op.all_steps(call))
        case Bidirectional():
            for direction in (op.forward, op.backward):
                yield from _plain(direction, call_of(direction, call.inputs[:1], call.mode))
        case SeparableConv():
            yield from _separable(op, call)
        case Conv() | DepthwiseConv():
            overload = "padding" if _named_padding(op.windows) else ""
            yield Operator(f"conv{len(op.windows)}d", op, call, macs(op, call), overload)
        case _:
            name = _name(op) or ("matmul" if op.equations(call) else "")
            yield Operator(name, op, call, macs(op, call))


def _without_weights(op: ComputedWeights, call: Call) -> tuple[Op, Call]:
    own = len(call.inputs) - len(op.given)
    return op.op, replace(call, inputs=call.inputs[:own])


def _separable(op: SeparableConv, call: Call) -> Iterator[Operator]:
    depthwise = DepthwiseConv(windows=op.windows, multiplier=op.multiplier, bias=False)
    first = call_of(depthwise, call.inputs, call.mode)
    axes = [w.axis for w in op.windows]
    pointwise = Conv(filters=op.filters, windows=window([1] * len(axes), axes=axes), bias=op.bias)
    yield from _plain(depthwise, first)
    yield from _plain(pointwise, call_of(pointwise, first.outputs, call.mode))


def _named_padding(windows: Sequence[Window]) -> bool:
    """Whether padding is written by name; PyTorch refuses ``same`` with strides."""
    return all(w.padding == "same" and w.stride == 1 for w in windows)


#: What has a name of its own; other products are written with `matmul`.
_NAMES: Mapping[str, str] = {
    "dense": "linear",
    "einsum_dense": "einsum",
    "bilinear": "bilinear",
    "scaled_attention": "scaled_dot_product_attention",
    "batch_norm": "batch_norm",
    "layer_norm": "layer_norm",
    "group_norm": "group_norm",
    "rms_norm": "rms_norm",
    "grid_sample": "grid_sampler",
}
_RECURRENT = {"simple": "rnn_tanh", "gru": "gru", "lstm": "lstm"}


def _name(op: Op) -> str:
    match op:
        case ConvLSTM():
            return f"conv{len(op.windows)}d"
        case ConvTranspose():
            return f"conv_transpose{len(op.windows)}d"
        case GlobalPool(function="average"):
            return f"adaptive_avg_pool{len(op.axes)}d"
        case AdaptivePool(function="average"):
            return f"adaptive_avg_pool{len(op.parts)}d"
        case Upsample():
            return f"upsample_{op.interpolation}{len(op.factors)}d"
        case Resize():
            return f"upsample_{op.interpolation}{len(op.sizes)}d"
        case RecurrentStack():
            return _RECURRENT[op.function] + ("_cell" if op.time is None else "")
        case Recurrent():
            return _RECURRENT[op.cells[0].function]
        case RecurrentStep():
            return f"{_RECURRENT[op.cells[0].function]}_cell"
        case _:
            return _NAMES.get(op.kind, "")


def results(operator: Operator) -> int:
    """Values that an operator computes; of one that consists of several products, those of each."""
    equations = operator.op.equations(operator.call)
    if len(equations) > 1:
        return sum(number(equation.outputs) for equation in equations)
    return number(operator.call.outputs[0].elements)


def combined(charges: Iterable[Charge]) -> Charge:
    """The charges of a layer's parts as one."""
    parts = tuple(charges)
    return Charge(
        sum(part.operations for part in parts),
        "; ".join(dict.fromkeys(part.because for part in parts if part.because)),
        fault=any(part.fault for part in parts),
        known=all(part.known for part in parts),
    )
