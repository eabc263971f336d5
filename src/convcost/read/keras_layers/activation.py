"""Activation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.activation import Activation
from convcost.ops.prelu import PRelu

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras_layers.site import Rule, Site


def _activation_layer(function: str | None = None) -> Rule:
    def rule(site: Site) -> Op:
        return Activation(function or site.activation())

    return rule


def _relu(site: Site) -> Op:
    if site.get("negative_slope", 0):
        return Activation("leaky_relu")
    return Activation("relu" if site.get("max_value") is None else "relu6")


def _prelu(site: Site) -> Op:
    shared = site.get("shared_axes", ())
    positions = shared if isinstance(shared, (tuple, list)) else (shared,)
    return PRelu(tuple(site.axis_name(position) for position in positions))


RULES: Mapping[str, Rule] = {
    "Identity": _activation_layer("linear"),
    "Activation": _activation_layer(),
    "ReLU": _relu,
    "LeakyReLU": _activation_layer("leaky_relu"),
    "PReLU": _prelu,
    "ThresholdedReLU": _activation_layer("threshold"),
    "ELU": _activation_layer("elu"),
    "Softmax": _activation_layer("softmax"),
}
