"""Layers that only change the shape."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import product
from convcost.network.tensor import Axis
from convcost.ops import Flatten, Reshape, ZeroPadding
from convcost.ops.window import AXES
from convcost.read.axes import axis_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.solve.site import Rule, Site


def _zero_padding(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        amounts = []
        for axis in AXES[rank]:
            size, output = site.given(axis), site.printed(axis)
            total = 2 if size is None or output is None else output - size
            if total < 0:
                raise NetworkError(f"its output is smaller than its input along {axis}")
            amounts.append((axis, total // 2, total - total // 2))
        return ZeroPadding(tuple(amounts))

    return rule


def _reshape(site: Site) -> Op:
    sizes = [size if isinstance(size, int) else -1 for size in site.item.shape[1:]]
    if sizes.count(-1):
        raise NetworkError("its output shape is not printed in full")
    if site.inputs and product(site.inputs[0].shape[1:]) != prod(sizes):
        raise NetworkError(f"{site.inputs[0]} has not {prod(sizes)} elements per sample")
    names = axis_names(len(sizes) + 1, channels_first=site.channels_first)[1:]
    return Reshape(tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True)))


RULES: Mapping[str, Rule] = {
    "Flatten": lambda _: Flatten(),
    "Reshape": _reshape,
    **{f"ZeroPadding{rank}D": _zero_padding(rank) for rank in (1, 2, 3)},
}
