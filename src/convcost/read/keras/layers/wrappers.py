"""Layers around other layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.tensor import Tensor
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.spectral_norm import SpectralNorm
from convcost.ops.time_distributed import TimeDistributed
from convcost.ops.wrap import renamed
from convcost.read.keras.layers.inner import inner_op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _time_distributed(site: Site) -> Op:
    """The inner layer sees one step less an axis, and names the others by their new places."""
    tensor = site.inputs[0]
    if len(tensor.axes) < 3:
        raise NetworkError(f"{tensor} has no steps with features")
    inner = site.names(len(tensor.axes) - 1)
    step = renamed(Tensor((tensor.axes[0], *tensor.axes[2:]), tensor.dtype), inner)
    op = inner_op(site.among(step, config=site.config), "layer")
    rank = len(op.outputs(step)[0].axes)
    return TimeDistributed(op=op, inner=inner, names=site.names(rank + 1))


def _bidirectional(site: Site) -> Op:
    forward = inner_op(site.among(*site.inputs[:1], config=site.config), "layer")
    other = site.config.get("backward_layer")
    backward = forward if other is None else inner_op(site, "backward_layer")
    merge = site.config.get("merge_mode", "concat")
    if merge not in ("concat", "sum", "mul", "ave", None):
        raise NetworkError(f"merge mode {merge!r} is not known")
    return Bidirectional(forward=forward, backward=backward, merge=merge)


def _spectral_normalization(site: Site) -> Op:
    op = inner_op(site, "layer")
    if not op.weights(*site.inputs):
        raise NetworkError("the layer inside it has no kernel")
    return SpectralNorm(op=op, iterations=site.get("power_iterations", 1))


RULES: Mapping[str, Rule] = {
    "TimeDistributed": _time_distributed,
    "Bidirectional": _bidirectional,
    "SpectralNormalization": _spectral_normalization,
    "Pipeline": lambda site: inner_op(site, "layers"),
}
