"""Layers that change the shape only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dims import product
from convcost.network.tensor import Axis
from convcost.ops.pad import ZeroPadding
from convcost.ops.reshape import Flatten, Reshape
from convcost.read.axis_names import axis_names
from convcost.read.keras.layers.site import sides

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site


def _reshape(site: Site) -> Op:
    target = tuple(site.need("target_shape"))
    known = product(size for size in target if size != -1)
    elements = product(axis.size for axis in site.inputs[0].axes[1:])
    sizes = tuple(elements // known if size == -1 else size for size in target)
    names = axis_names(len(sizes) + 1, channels_first=site.channels_first)[1:]
    return Reshape(tuple(Axis(name, size) for name, size in zip(names, sizes, strict=True)))


def _zero_padding(rank: int) -> Rule:
    def rule(site: Site) -> Op:
        return ZeroPadding(sides(site.get("padding", 1), rank))

    return rule


def _permute(site: Site) -> Op:
    """By position: what stands second in the result is time to the next layer."""
    from convcost.ops.permute import Permute

    order = (0, *site.need("dims"))
    return Permute(order, site.names(len(order)))


def _repeat(site: Site) -> Op:
    from convcost.ops.permute import Repeat

    return Repeat(site.need("n"), site.names(3))


RULES: Mapping[str, Rule] = {
    "Flatten": lambda _: Flatten(),
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    **{f"ZeroPadding{rank}D": _zero_padding(rank) for rank in (1, 2, 3)},
}
