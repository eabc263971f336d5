"""Pooling over windows and over whole axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.ops.pool import AdaptivePool, GlobalPool, Pool
from convcost.ops.window import AXES
from convcost.read.keras.layers.site import each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _pool(rank: int, function: str) -> Rule:
    def rule(site: Site) -> Op:
        return Pool(function=function, windows=site.windows(rank, "pool_size", stride=None))  # type: ignore[arg-type]

    return rule


def _global_pool(rank: int, function: str) -> Rule:
    def rule(site: Site) -> Op:
        return GlobalPool(
            function=function,  # type: ignore[arg-type]
            axes=AXES[rank],
            keep_axes=bool(site.get("keepdims", False)),
        )

    return rule


def _adaptive_pool(rank: int, function: str) -> Rule:
    def rule(site: Site) -> Op:
        parts = each(site.need("output_size"), rank)
        return AdaptivePool(
            function=function,  # type: ignore[arg-type]
            parts=tuple(zip(AXES[rank], parts, strict=True)),  # type: ignore[arg-type]
        )

    return rule


RULES: Mapping[str, Rule] = {
    f"{prefix}{name}Pooling{rank}D": rule(rank, function)
    for rank in (1, 2, 3)
    for name, function in (("Max", "max"), ("Average", "average"))
    for prefix, rule in (("", _pool), ("Global", _global_pool), ("Adaptive", _adaptive_pool))
}
