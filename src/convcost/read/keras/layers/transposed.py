"""Transposed convolutions, and convolutions without shared weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.locally_connected import LocallyConnected
from convcost.read.keras.layers.site import each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _transposed(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        added = site.get("output_padding")
        return ConvTranspose(
            filters=site.need("filters"),
            windows=site.windows(rank, "kernel_size"),
            output_padding=() if added is None else each(added, rank),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


def _locally_connected(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        if site.get("implementation", 1) != 1:
            raise NetworkError(
                "implementation 2 and 3 store the kernel as a matrix over all positions"
            )
        return LocallyConnected(
            filters=site.need("filters"),
            windows=site.windows(rank, "kernel_size"),
            bias=site.get("use_bias", True),
            activation=site.activation(),
        )

    return rule


RULES: Mapping[str, Rule] = {
    **{f"Conv{rank}DTranspose": _transposed(rank) for rank in (1, 2, 3)},
    **{f"LocallyConnected{rank}D": _locally_connected(rank) for rank in (1, 2)},
}
