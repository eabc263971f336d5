"""Layers that only change the shape."""

from __future__ import annotations

from itertools import permutations
from math import prod
from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.network.dims import product
from convcost.network.network import Alternative
from convcost.network.tensor import Axis
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute, Repeat
from convcost.ops.reshape import Flatten, Reshape
from convcost.ops.window import AXES
from convcost.read.axis_names import axis_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.dims import Dim
    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site
    from convcost.read.keras.summary.table import Dimension


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


def _permute(site: Site) -> Op:
    """An order that brings the input's sizes to the printed ones; the first one where sizes repeat.

    The identity comes last: nobody writes it.
    """
    if not site.inputs:
        raise NetworkError("the layer before it is not in the text")
    sizes, printed = site.inputs[0].shape, site.item.shape
    names = axis_names(site.item.rank, channels_first=site.channels_first)
    stated = site.config("dims")
    orders = list(permutations(range(1, len(sizes))))
    orders = [*orders[1:], orders[0]] if stated is None else [tuple(stated)]
    fitting = [order for order in orders if _leads(sizes, printed, order)]
    if not fitting:
        raise NetworkError("no order of its input's axes gives its output")
    if len(fitting) > 1:
        others = [
            Alternative(f"axes {order}: same MACs", Permute((0, *order), names))
            for order in fitting[1:4]
        ]
        site.note("inferred", f"axes in the order {fitting[0]}; others fit the sizes too", others)
    return Permute((0, *fitting[0]), names)


def _leads(sizes: Sequence[Dim], printed: Sequence[Dimension], order: Sequence[int]) -> bool:
    return len(order) == len(printed) - 1 and all(
        sizes[position] == size or not isinstance(size, int)
        for position, size in zip(order, printed[1:], strict=True)
    )


def _repeat(site: Site) -> Op:
    times = site.item.shape[1] if site.item.rank == 3 else None
    if not isinstance(times, int):
        raise NetworkError("how often it repeats is not printed")
    return Repeat(times, axis_names(3, channels_first=site.channels_first))


RULES: Mapping[str, Rule] = {
    "Flatten": lambda _: Flatten(),
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    **{f"ZeroPadding{rank}D": _zero_padding(rank) for rank in (1, 2, 3)},
}
