"""Activation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.activation import Activation
from convcost.ops.elementwise import Elementwise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _activation_layer(function: str | None = None) -> Rule:
    def rule(site: Site) -> Op:
        return Activation(function or site.activation())

    return rule


def _relu(site: Site) -> Op:
    limit, slope = site.get("max_value"), site.get("negative_slope", 0)
    if slope and limit is None and not site.get("threshold", 0):
        return Activation("leaky_relu", site.real("negative_slope", 0.0))
    if slope or site.get("threshold", 0):
        return Elementwise(function="select")
    known = {None: "relu", 6: "relu6"}.get(limit)
    return Activation(known) if known else Elementwise(function="clamp")


def _softmax(site: Site) -> Op:
    """Along one axis, or several, which are not told apart from the last one."""
    axis, rank = site.get("axis", -1), len(site.inputs[0].axes)
    if not isinstance(axis, int) or axis % rank == rank - 1:
        return Activation("softmax")
    return Activation("softmax", position=axis % rank)


def _leaky_relu(site: Site) -> Op:
    # Keras 2 calls it alpha
    return Activation("leaky_relu", site.real("negative_slope", site.real("alpha", 0.3)))


def _prelu(site: Site) -> Op:
    from convcost.ops.prelu import PRelu

    shared = site.get("shared_axes", ())
    positions = shared if isinstance(shared, (tuple, list)) else (shared,)
    return PRelu(tuple(site.axis_name(position) for position in positions))


RULES: Mapping[str, Rule] = {
    "Identity": _activation_layer("linear"),
    "Activation": _activation_layer(),
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "PReLU": _prelu,
    "ThresholdedReLU": lambda site: Activation("threshold", site.real("theta", 1.0)),
    "ELU": lambda site: Activation("elu", site.real("alpha", 1.0)),
    "Softmax": _softmax,
}
