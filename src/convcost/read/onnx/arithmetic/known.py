"""Tensors whose elements are known while reading, and nodes that compute with them."""

from __future__ import annotations

import math
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.network.builder import SENSELESS
from convcost.network.dataclass import dataclass
from convcost.network.dims import Expr, ceil_div
from convcost.read.limits import MAX_KNOWN_ELEMENTS
from convcost.read.onnx.arithmetic.scalars import Ratio, Scalar, Undecided, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from convcost.read.onnx.file.messages import Node


#: What a rule runs into where a file has other inputs or attributes than the operator: too few, of
#: another kind, of other numbers of axes.
MISFITS = (*SENSELESS, AssertionError)


@dataclass(frozen=True, slots=True)
class Known:
    """A tensor whose elements are known, in row-major order."""

    shape: tuple[int, ...]
    items: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if len(self.items) > MAX_KNOWN_ELEMENTS:
            raise Undecided

    @property
    def sizes(self) -> tuple[Any, ...]:
        """The elements as sizes.

        Raises:
            Undecided: one is no whole number.
        """
        return tuple([whole(item) if isinstance(item, (float, Ratio)) else item
                      for item in self.items])  # fmt: skip

    @property
    def array(self) -> Callable[[], Any] | None:
        """What makes a NumPy array of the elements; None where one depends on open sizes."""
        if not all(isinstance(item, (int, float)) for item in self.items):
            return None
        return partial(_array, self.items, self.shape)

    @property
    def number(self) -> float | None:
        """The only element; None where there are others, or a float cannot hold it."""
        if len(self.items) != 1 or not isinstance(self.items[0], (int, float)):
            return None
        found = float(self.items[0])
        return found if found == self.items[0] else None


@dataclass(frozen=True, slots=True)
class Task:
    """A node whose inputs are known.

    Attributes:
        node: it.
        opset: of its domain.
        inputs: what is known of each; None for one that is left out.
        real: whether it computes with fractions.
        integer: whether the result is one of whole numbers.
    """

    node: Node
    opset: int
    inputs: tuple[Known | None, ...]
    real: bool
    integer: bool

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value."""
        return self.node.attributes.get(name, default)

    def given(self, place: int) -> Known | None:
        """An input; None where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def __getitem__(self, place: int) -> Known:
        found = self.given(place)
        if found is None:
            raise Undecided
        return found

    def numbers(self, place: int, name: str) -> tuple[int, ...] | None:
        """What is an input since some opset, and was an attribute before."""
        found = self.given(place)
        stated = self.attribute(name) if found is None else found.items
        if stated is None:
            return None
        values: tuple[Any, ...] = stated if isinstance(stated, tuple) else (stated,)
        if not all(isinstance(value, int) for value in values):
            raise Undecided
        return values


def _array(items: tuple[Scalar, ...], shape: tuple[int, ...]) -> Any:
    import numpy as np

    return np.array(items).reshape(shape)


#: What works out a node's outputs.
Rule: TypeAlias = "Callable[[Task], tuple[Known, ...]]"


def vector(items: Iterable[Scalar]) -> Known:
    """A tensor of one axis."""
    items = tuple(items)
    return Known((len(items),), items)


def picked(
    items: Sequence[Scalar], shape: Sequence[int], places: Sequence[Sequence[int]]
) -> tuple[Scalar, ...]:
    """The elements at all combinations of places per axis."""
    offsets = [0]
    for size, wanted in zip(shape, places, strict=True):
        offsets = [offset * size + place for offset in offsets for place in wanted]
        if len(offsets) > MAX_KNOWN_ELEMENTS:
            raise Undecided
    return tuple([items[offset] for offset in offsets])


def bounded(shape: Sequence[Any]) -> tuple[int, ...]:
    """The shape, where it is one of few elements.

    Raises:
        Undecided: it is not, or holds open sizes.
    """
    if not all(isinstance(size, int) and 0 <= size <= MAX_KNOWN_ELEMENTS for size in shape):
        raise Undecided
    if prod(shape) > MAX_KNOWN_ELEMENTS:
        raise Undecided
    return tuple(shape)


def spread(known: Known, shape: Sequence[Any]) -> Sequence[Scalar]:
    """The elements, repeated along broadcast axes."""
    if known.shape == tuple(shape):
        return known.items
    if len(known.items) == 1:
        return known.items * int(prod(shape))
    padded = (1,) * (len(shape) - len(known.shape)) + known.shape
    pairs = zip(padded, shape, strict=True)
    return picked(known.items, padded, [range(n) if own != 1 else (0,) * n for own, n in pairs])


def clipped(start: int, end: int, step: int, size: int) -> slice:
    """``Slice``'s numbers as a Python slice.

    >>> clipped(-3, 2**62, 1, 10), clipped(9, -(2**62), -1, 10)
    (slice(-3, 4611686018427387904, 1), slice(9, None, -1))
    """
    return slice(start, None if step < 0 and end < -size else end, step)


def ceil_div_of(span: Any, delta: Any) -> Any:
    """How many steps fit into a span, the last one perhaps cut off."""
    if isinstance(span, (int, Expr)) and isinstance(delta, int):
        return ceil_div(span, delta) if delta > 0 else ceil_div(-span, -delta)
    return math.ceil(span / delta)
