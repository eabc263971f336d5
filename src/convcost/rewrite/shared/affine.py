"""The numbers of products that take a scale and a shift per channel into their weights.

All in double precision. Kernels are shaped as the ops declare them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dims import number
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.depthwise import DepthwiseConv, SeparableConv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op

#: The numbers of a layer's parameters by the names that its op gives them.
Numbers = "Mapping[str, Any]"


def of_batch_norm(numbers: Mapping[str, Any], epsilon: float) -> tuple[Any, Any]:
    """The scale and the shift of each channel.

    ``gamma / sqrt(variance + epsilon)`` and ``beta - mean * scale``.

    >>> import numpy as np
    >>> scale, shift = of_batch_norm(
    ...     {"moving_mean": np.array([2.0]), "moving_variance": np.array([3.0])}, 1.0)
    >>> float(scale[0]), float(shift[0])
    (0.5, -1.0)
    """
    import numpy as np

    wide = {name: array.astype("float64") for name, array in numbers.items()}
    scale = wide.get("gamma", 1.0) / np.sqrt(wide["moving_variance"] + epsilon)
    return scale, wide.get("beta", 0.0) - wide["moving_mean"] * scale


def scaled(op: Op, numbers: Mapping[str, Any], scale: Any, shift: Any) -> dict[str, Any]:
    """The numbers of a product whose result is scaled and shifted.

    Args:
        op: a convolution or dense layer.
        numbers: of its parameters.
        scale: per channel of its result.
        shift: likewise.
    """
    found = _wide(numbers)
    kernel = _last_kernel(op)
    found[kernel] = found[kernel] * _per_result(op, scale, found[kernel].shape)
    found["bias"] = found.get("bias", 0.0) * scale + shift
    return found


def shifted(op: Any, numbers: Mapping[str, Any], scale: Any, shift: Any) -> dict[str, Any]:
    """The numbers of a product whose input is scaled and shifted, and not padded.

    Args:
        op: a convolution, but no transposed one, or a dense layer.
        numbers: of its parameters.
        scale: per channel, or feature, of its input.
        shift: likewise.
    """
    found = _wide(numbers)
    kernel = _first_kernel(op)
    taps = tuple(range(found[kernel].ndim - 2))
    added = (found[kernel] * _per_input(op, shift, found[kernel].shape)).sum(taps)
    found[kernel] = found[kernel] * _per_input(op, scale, found[kernel].shape)
    # depthwise: channel by channel, the multiplier's kernels of each together
    depthwise = isinstance(op, DepthwiseConv | SeparableConv)
    added = added.reshape(-1) if depthwise else added.sum(0)
    if isinstance(op, SeparableConv):
        pointwise = found["pointwise_kernel"]
        added = added @ pointwise.reshape(-1, pointwise.shape[-1])
    found["bias"] = found.get("bias", 0.0) + added
    return found


def _wide(numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: array.astype("float64") for name, array in numbers.items()}


def _last_kernel(op: Op) -> str:
    return "pointwise_kernel" if isinstance(op, SeparableConv) else "kernel"


def _first_kernel(op: Op) -> str:
    return "depthwise_kernel" if isinstance(op, SeparableConv) else "kernel"


def _per_result(op: Op, vector: Any, shape: tuple[int, ...]) -> Any:
    """A number per channel of the result, shaped to be multiplied with a kernel.

    A depthwise kernel ends in (channels, multiplier), whose results lie in that order. A transposed
    one ends in (filters / groups, channels in): each group of channels has filters of its own.
    """
    if isinstance(op, DepthwiseConv):
        return vector.reshape(shape[-2:])
    if isinstance(op, ConvTranspose):
        groups = number(op.groups, "groups")
        filters, channels = shape[-2:]
        return vector.reshape(groups, filters).T.repeat(channels // groups, axis=1)
    return vector


def _per_input(op: Any, vector: Any, shape: tuple[int, ...]) -> Any:
    """A number per channel of the input, likewise.

    Depthwise kernels end in (channels, multiplier), others in (channels / groups, filters): the
    filters of a group read its channels.
    """
    if isinstance(op, DepthwiseConv | SeparableConv):
        return vector[:, None]
    groups = number(getattr(op, "groups", 1), "groups")
    channels, filters = shape[-2:]
    return vector.reshape(groups, channels).T.repeat(filters // groups, axis=1)
