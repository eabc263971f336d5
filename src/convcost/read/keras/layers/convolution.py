"""Convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.conv import Conv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _conv(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        return Conv(
            filters=site.need("filters"),
            windows=site.windows(rank, "kernel_size"),
            groups=site.get("groups", 1),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


RULES: Mapping[str, Rule] = {f"Conv{rank}D": _conv(rank) for rank in (1, 2, 3)}
