"""Convolutions of each channel by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.depthwise import DepthwiseConv, SeparableConv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _depthwise(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        return DepthwiseConv(
            windows=site.windows(rank, "kernel_size"),
            multiplier=site.get("depth_multiplier", 1),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


def _separable(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        return SeparableConv(
            filters=site.need("filters"),
            windows=site.windows(rank, "kernel_size"),
            multiplier=site.get("depth_multiplier", 1),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


RULES: Mapping[str, Rule] = {
    f"{name}Conv{rank}D": rule(rank)
    for rank in (1, 2, 3)
    for name, rule in (("Depthwise", _depthwise), ("Separable", _separable))
}
