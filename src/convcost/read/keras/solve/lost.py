"""Layers that the text lacks: what the layers around them tell about what they gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.network.dims import symbol
from convcost.network.tensor import Axis, Tensor
from convcost.read.keras.classes import SAME_SHAPE
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.dims import Dim
    from convcost.read.keras.solve.items import Item


def lost_layers(items: Iterable[Item]) -> dict[str, Item]:
    """Names of layers that the text lacks -> a layer that has the shape of what they gave."""
    items = list(items)
    there = {item.name for item in items}
    found: dict[str, Item] = {}
    for item in items:
        if item.class_name in SAME_SHAPE and item.shape:
            for name in item.inputs:
                if name not in there:
                    found.setdefault(name, item)
    return found


class FreeSizes:
    """Symbols for sizes that a text leaves open: sizes of different layers are different ones.

    >>> sizes = FreeSizes()
    >>> str(sizes.new("height")), str(sizes.new("height")), str(sizes.of_input("height"))
    ('height', 'height_2', 'height')
    """

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def of_input(self, axis: str) -> Dim:
        """The size of an input along an axis: inputs of a network agree."""
        self._taken.setdefault(axis, 1)
        return symbol(axis)

    def new(self, axis: str) -> Dim:
        """A size that no other layer has."""
        return symbol(unique(axis, self._taken))

    def fresh(self, tensor: Tensor) -> Tensor:
        """A tensor with a size of its own in place of each size that is not a number."""
        batch, *rest = tensor.axes
        axes = [
            axis if isinstance(axis.size, int) else Axis(axis.name, self.new(axis.name or "size"))
            for axis in rest
        ]
        return Tensor((batch, *axes), tensor.dtype)
