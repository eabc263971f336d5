"""What behind a convolution has numbers per channel of it: all that is to be cut with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from convcost.network.dataclass import dataclass
from convcost.network.network import Ref
from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.crop import Cropping
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.elementwise import Elementwise
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.reduce import Reduce
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.resize import Resize, Upsample
from convcost.rewrite.shared.layer import unfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Channels:
    """Which channel each place along an axis belongs to.

    Attributes:
        axis: its position, of a tensor or of a parameter.
        of: the channel of the convolution, per place; -1 where it is another layer's.
    """

    axis: int
    of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A layer whose parameters have numbers per channel.

    Attributes:
        layer: its name.
        weights: by the names that its op gives them.
    """

    layer: str
    weights: Mapping[str, Channels]


#: What a layer makes of marked channels: those of its result, None where it sums them up; and of
#: its parameters. Or why it needs them as they are.
_Step: TypeAlias = "tuple[Channels | None, Mapping[str, Channels]] | str"


def behind(network: Network, layer: Layer) -> tuple[Cut, ...] | str:
    """The layers that are to be cut with a convolution's channels; or why these have to stay.

    Channels are followed up to the layers that sum over all of them.
    """
    filters = layer.outputs[0].size("channel")
    axis = layer.outputs[0].names.index("channel")
    marks = {Ref(layer.name): Channels(axis, tuple(range(filters)))}  # type: ignore[arg-type]
    found: list[Cut] = []
    for other in network.layers:
        read = [marks.get(ref) for ref in other.inputs]
        if not any(read):
            continue
        step = _step(other, [network.tensor(ref) for ref in other.inputs], read)
        if isinstance(step, str):
            return f"'{other.name}' {step}"
        mark, weights = step
        if weights:
            why = unfit(network, other)
            if why is not None:
                return f"'{other.name}' cannot be cut: {why}"
            found.append(Cut(other.name, weights))
        if mark is not None:
            marks[Ref(other.name)] = mark
    returned = next((ref.layer for ref in network.outputs if ref in marks), None)
    return tuple(found) if returned is None else f"the network returns what '{returned}' makes"


def _step(layer: Layer, tensors: Sequence[Tensor], marks: Sequence[Channels | None]) -> _Step:
    """One layer that reads marked channels."""
    tensor, mark = tensors[0], marks[0]
    if len(tensors) > 1 or mark is None:
        return _joined(layer, tensors, marks)
    name = tensor.names[mark.axis]
    last = mark.axis == len(tensor.axes) - 1
    match layer.op:
        case Conv(groups=1) | ConvTranspose(groups=1) | DepthwiseConv() | SeparableConv():
            return _convolved(layer, mark) if name == "channel" else _NEEDED
        case Dense():
            return (None, {"kernel": Channels(0, mark.of)}) if last else (mark, {})
        case BatchNorm() as op:
            own = op.axis == name
            weights = op.weights(tensor) if own else ()
            return mark, {weight.name: Channels(0, mark.of) for weight in weights}
        case PRelu(shared) if mark.axis > 0:
            return mark, {} if name in shared else {"alpha": Channels(mark.axis - 1, mark.of)}
        case Activation(function=function, position=position) if function in ROW_FUNCTIONS:
            along = len(tensor.axes) - 1 if position is None else position % len(tensor.axes)
            return "normalises over the channels" if along == mark.axis else (mark, {})
        case Activation() | Dropout():
            return mark, {}
        case Elementwise(function=function) if function != "normalize":
            return mark, {}
        case Concatenate():
            return mark, {}
        case _:
            return _moved(layer, tensor, mark)


def _moved(layer: Layer, tensor: Tensor, mark: Channels) -> _Step:
    """Layers that pick or move values without a look at other channels."""
    name = tensor.names[mark.axis]
    touched: tuple[str, ...]
    match layer.op:
        case Pool() as op:
            touched = tuple(window.axis for window in op.windows)
        case AdaptivePool() as op:
            touched = tuple(axis for axis, _ in op.parts)
        case ZeroPadding(amounts) | Cropping(amounts):
            touched = tuple(axis for axis, _, _ in amounts)
        case Upsample() as op:
            touched = tuple(axis for axis, _ in op.factors)
        case Resize() as op:
            touched = tuple(axis for axis, _ in op.sizes)
        case GlobalPool() as op:
            gone = [] if op.keep_axes else [tensor.names.index(axis) for axis in op.axes]
            return _NEEDED if name in op.axes else (_without(mark, gone), {})
        case Reduce(second=None) as op:
            places = [place % len(tensor.axes) for place in op.positions]
            gone = [] if op.keep_axes else places
            return _NEEDED if mark.axis in places else (_without(mark, gone), {})
        case Permute(order):
            return Channels(order.index(mark.axis), mark.of), {}
        case Flatten() if mark.axis > 0:
            return _flattened(tensor, mark), {}
        case _:
            return f"({layer.op.kind}) {_NEEDED}"
    return _NEEDED if name in touched else (mark, {})


_NEEDED = "needs the channels as they are"


def _convolved(layer: Layer, mark: Channels) -> _Step:
    """Kernels have an axis for the channels in."""
    match layer.op:
        case Conv() as op:
            return None, {"kernel": Channels(len(op.windows), mark.of)}
        case ConvTranspose() as op:
            return None, {"kernel": Channels(len(op.windows) + 1, mark.of)}
        case DepthwiseConv() as op:
            every = _repeated(mark.of, op.multiplier)  # type: ignore[arg-type]
            bias = {"bias": Channels(0, every)} if op.bias else {}
            return Channels(mark.axis, every), {
                "kernel": Channels(len(op.windows), mark.of), **bias,
            }  # fmt: skip
        case SeparableConv() as op:
            every = _repeated(mark.of, op.multiplier)  # type: ignore[arg-type]
            return None, {
                "depthwise_kernel": Channels(len(op.windows), mark.of),
                "pointwise_kernel": Channels(len(op.windows), every),
            }
    return _NEEDED


def _repeated(of: tuple[int, ...], times: int) -> tuple[int, ...]:
    """Each as often, behind each other."""
    return tuple(channel for channel in of for _ in range(times))


def _without(mark: Channels, gone: Sequence[int]) -> Channels:
    """The same axis once others have vanished."""
    return Channels(mark.axis - sum(place < mark.axis for place in gone), mark.of)


def _flattened(tensor: Tensor, mark: Channels) -> Channels:
    """Every place of the merged axis belongs to the channel of its values."""
    import numpy as np

    shape = tensor.shape[1:]
    along = [1] * len(shape)
    along[mark.axis - 1] = -1
    of = np.broadcast_to(np.array(mark.of).reshape(along), shape)  # type: ignore[arg-type]
    return Channels(1, tuple(of.ravel().tolist()))


def _joined(layer: Layer, tensors: Sequence[Tensor], marks: Sequence[Channels | None]) -> _Step:
    """Layers with several inputs."""
    first = next(mark for mark in marks if mark is not None)
    match layer.op:
        case Concatenate(axis) if tensors[0].names[first.axis] == axis:
            of: list[int] = []
            for tensor, mark in zip(tensors, marks, strict=True):
                others = (-1,) * tensor.size(axis)  # type: ignore[operator]
                of += others if mark is None else mark.of
            return Channels(first.axis, tuple(of)), {}
        case Concatenate():
            return _of_all(first, tensors, marks, alone=False)
        case Merge() | Elementwise():
            return _of_all(first, tensors, marks, alone=True)
        case _:
            return f"({layer.op.kind}) {_NEEDED}"


def _of_all(
    first: Channels, tensors: Sequence[Tensor], marks: Sequence[Channels | None], *, alone: bool
) -> _Step:
    """Every input has the same channels at the same place.

    Args:
        first: those of the first input that has any.
        tensors: the inputs.
        marks: their channels.
        alone: whether an input may have one value for all channels.
    """
    # places are counted from the end, as tensors broadcast
    distance = len(tensors[marks.index(first)].axes) - first.axis
    for tensor, mark in zip(tensors, marks, strict=True):
        rank = len(tensor.axes)
        if mark is None:
            same = alone and (rank < distance or tensor.axes[rank - distance].size == 1)
        else:
            same = (rank - mark.axis, mark.of) == (distance, first.of)
        if not same:
            return "joins its channels with those of other layers"
    return Channels(max(len(tensor.axes) for tensor in tensors) - distance, first.of), {}
