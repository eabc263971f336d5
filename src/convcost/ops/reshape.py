"""Ops that only look at the same values in another shape: views, no data moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.dims import maximum, product
from convcost.network.op import Call, Condition, Op, require
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True)
class Flatten(Op):
    """All axes after the first merged into one, named feature. A view.

    >>> Flatten().outputs(Tensor.of(batch=1, height=12, width=12, channel=64))[0].shape
    (1, 9216)
    """

    kind: ClassVar[str] = "flatten"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """(first axis, product of the others)."""
        (tensor,) = inputs
        first, *rest = tensor.axes
        merged = Axis("feature", product(axis.size for axis in rest))
        return (Tensor((first, merged), tensor.dtype),)

    def touches_data(self, call: Call) -> bool:
        """Never."""
        del call
        return False


@dataclass(frozen=True, slots=True)
class Reshape(Op):
    """Another shape, with other axis names, for the same values. A view.

    >>> Reshape((Axis("time", 8), Axis("feature", 8))).outputs(
    ...     Tensor.of(batch=1, feature=64))[0].shape
    (1, 8, 8)
    """

    kind: ClassVar[str] = "reshape"
    axes: tuple[Axis, ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The first axis and the given ones.

        Raises:
            NetworkError: the number of elements differs.
        """
        (tensor,) = inputs
        require(self.conditions(tensor))
        return (Tensor((tensor.axes[0], *self.axes), tensor.dtype),)

    def conditions(self, *inputs: Tensor) -> tuple[Condition, ...]:
        """As many elements as before."""
        old: Dim = product(axis.size for axis in inputs[0].axes[1:])
        new: Dim = product(axis.size for axis in self.axes)
        difference = maximum(old - new, new - old)
        return (Condition(1 - difference, f"{old} elements cannot be reshaped to {new}"),)

    def touches_data(self, call: Call) -> bool:
        """Never."""
        del call
        return False
