"""A convolution or matrix product as its loop nest."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, product
from convcost.network.tensor import SPATIAL_AXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.network.tensor import Axis


@dataclass(frozen=True, slots=True)
class Learned:
    """A parameter as an operand, by its place among the op's weights."""

    place: int


#: What an equation multiplies: one of the op's inputs by its place, a parameter, or a value that
#: the op makes on its way (a recurrent state, attention scores).
Operand: TypeAlias = int | Learned | Literal["inner"]


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of the nest.

    Attributes:
        axis: what it runs over (batch, height, kernel_height, channels_in ...).
        size: how many steps.
        reduced: whether its products are summed into one output value.
    """

    axis: str
    size: Dim
    reduced: bool = False


@dataclass(frozen=True, slots=True)
class Equation:
    """Loops whose body is one multiply-accumulate: MACs are the product of the sizes.

    The gradient of either operand is the same loop nest with the result's gradient in that
    operand's place: it has the same MACs, and reads the other operand.

    Attributes:
        loops: from the outermost in.
        operands: what is multiplied; a factor that is left out is a constant.

    >>> conv = Equation((Loop("height", 24), Loop("width", 24), Loop("kernel_height", 3, True),
    ...                  Loop("kernel_width", 3, True), Loop("channels_in", 32, True),
    ...                  Loop("channels_out", 64)))
    >>> conv.macs, conv.formula
    (10616832, '24^2*3^2*32*64')
    """

    loops: tuple[Loop, ...]
    operands: tuple[Operand, ...] = (0, Learned(0))

    @property
    def macs(self) -> Dim:
        """Multiply-accumulates, those with padding zeros included."""
        return product([loop.size for loop in self.loops])

    @property
    def outputs(self) -> Dim:
        """Values computed."""
        return product(loop.size for loop in self.loops if not loop.reduced)

    @property
    def reduction(self) -> Dim:
        """Products summed into one value."""
        return product(loop.size for loop in self.loops if loop.reduced)

    @property
    def formula(self) -> str:
        """The loops' product in order, equal neighbours as powers: ``M^2*K^2*Cin*Cout``."""
        return _formula(self.loops)

    @property
    def per_sample(self) -> str:
        """The formula without the loop over the batch."""
        return _formula(loop for loop in self.loops if loop.axis != "batch")


def loops_over(axes: Iterable[Axis]) -> tuple[Loop, ...]:
    """A loop per axis, under its name or, where it has none, its place.

    >>> from convcost.network.tensor import Axis
    >>> [loop.axis for loop in loops_over((Axis("batch", 2), Axis(None, 3)))]
    ['batch', 'axis_1']
    """
    return tuple(Loop(axis.name or f"axis_{i}", axis.size) for i, axis in enumerate(axes))


def _formula(loops: Iterable[Loop]) -> str:
    """Powers join axes of one kind only: a 3x3 kernel on 3 channels stays ``3^2*3``."""
    groups = groupby(loops, key=_kind)
    products = (power_product(loop.size for loop in group) for _, group in groups)
    return "*".join(text for text in products if text != "1") or "1"


def _kind(loop: Loop) -> str:
    if loop.axis.startswith("kernel_"):
        return "kernel"
    return "position" if loop.axis in SPATIAL_AXES else loop.axis


def power_product(sizes: Iterable[Dim]) -> str:
    """A product as people write it: ones left out, equal neighbours as powers.

    >>> power_product([24, 24, 3, 3, 1, 32])
    '24^2*3^2*32'
    """
    powers: list[tuple[str, int]] = []
    for size in sizes:
        text = str(size)
        if not (text.isalnum() or text.isidentifier()):
            text = f"({text})"
        if text == "1":
            continue
        if powers and powers[-1][0] == text:
            powers[-1] = (text, powers[-1][1] + 1)
        else:
            powers.append((text, 1))
    return "*".join(text if power == 1 else f"{text}^{power}" for text, power in powers) or "1"
