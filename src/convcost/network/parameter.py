"""Stored numbers of a network: learned weights and statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass
from convcost.network.dims import Dim, product
from convcost.network.tensor import dtype_bytes

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Weight:
    """A parameter as an op declares it, before it belongs to a layer.

    Attributes:
        name: ``kernel``, ``bias``, ``gamma`` ...
        shape: sizes in the framework-neutral order that the op's docstring states.
        learned: False for statistics (BatchNorm's moving mean and variance).
    """

    name: str
    shape: tuple[Dim, ...]
    learned: bool = True


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of a network's parameter table.

    Attributes:
        id: unique within the network; layers refer to it.
        shape: sizes.
        dtype: of the stored numbers.
        learned: a weight; False for a statistic.
        trainable: learned and not frozen.
        values: a handle that loads the numbers, where the source has them.
        overridable: whether a caller may give other numbers at run time.
    """

    id: str
    shape: tuple[Dim, ...]
    dtype: str = "float32"
    learned: bool = True
    trainable: bool = True
    values: Callable[[], Any] | None = None
    overridable: bool = False

    @property
    def elements(self) -> Dim:
        """How many numbers."""
        return product(self.shape)

    @property
    def bytes(self) -> Dim:
        """Size in memory."""
        return self.elements * dtype_bytes(self.dtype)
