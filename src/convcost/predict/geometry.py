"""The kind of a work, and the sizes of its loops: what decides which kernel runs, and how well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dims import Dim, product, summed
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.depthwise import SeparableConv
from convcost.ops.merge import Merge
from convcost.ops.pool import AdaptivePool, GlobalPool, Pool

if TYPE_CHECKING:
    from convcost.network.op import Call, Op
    from convcost.network.tensor import Tensor
    from convcost.ops.window import Window

#: Ops whose function is a part of their kind.
_WITH_FUNCTIONS = (Activation, Merge, Pool, GlobalPool, AdaptivePool)
#: Loops over what a kernel computes at one place.
_OUT = frozenset({"channels_out", "channel", "multiplier", "units"})
#: Axes of a tensor without places: samples and channels.
_FLAT = 2
#: Axes of a result that are no places.
_CHANNELS = frozenset({"channel", "feature"})


def kind_of(op: Op, call: Call) -> str:
    """What decides which kernel runs; of a separable convolution, that of its pointwise part.

    >>> from convcost.network.op import Call
    >>> kind_of(Activation("relu"), Call((), ()))
    'activation relu'
    """
    if isinstance(op, Conv) and isinstance(op.groups, int) and op.groups > 1:
        channels = call.inputs[0].size("channel")
        return "depthwise_conv" if op.groups == channels else "conv grouped"
    if isinstance(op, _WITH_FUNCTIONS):
        return f"{op.kind} {op.function}"
    return Conv.kind if isinstance(op, SeparableConv) else op.kind


def geometry(op: Op, call: Call) -> dict[str, Dim]:
    """Sizes that an op's loops have."""
    if not call.outputs:
        return {}
    result = call.outputs[0]
    channels = _channels(result)
    found: dict[str, Dim] = {
        "batch": result.size("batch") if result.has("batch") else 1,
        "channels_out": channels,
        "channels_last": int(_lie_last(result)),
    }
    if call.inputs:
        found["channels_in"] = _channels(call.inputs[0])
        found["channels_last"] = int(_lie_last(call.inputs[0]) or _lie_last(result))
    windows: tuple[Window, ...] = getattr(op, "windows", ())
    if windows and not isinstance(op, SeparableConv):
        found["taps"] = product([w.kernel for w in windows])
        found["tall"] = windows[0].kernel
        found["padding"] = summed(
            [zeros for w in windows for zeros in w.pads(call.inputs[0].size(w.axis))]
        )
    if windows:
        found["stride"] = product([w.stride for w in windows])
        found["width"] = result.size(windows[-1].axis)
    equations = call.equations_of(op)
    if equations:
        loops = equations[-1].loops
        found["reduction"] = product([loop.size for loop in loops if loop.reduced])
        found["positions"] = product(
            [loop.size for loop in loops if not loop.reduced and loop.axis not in _OUT]
        )
    else:
        found["positions"] = product([x.size for x in result.axes if x.name not in _CHANNELS])
    if isinstance(op, Conv):
        found["groups"] = op.groups
        found["channels_in"] = found["channels_in"] // op.groups
        found["channels_out"] = channels // op.groups
    return found


def _lie_last(tensor: Tensor) -> bool:
    """Whether it is an image, or several, with the channels behind the places."""
    names = tensor.names
    return len(names) > _FLAT and names[-1] == "channel"


def _channels(tensor: Tensor) -> Dim:
    if tensor.has("channel"):
        return tensor.size("channel")
    return tensor.axes[-1].size if tensor.axes else 1
