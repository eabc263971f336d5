"""Tensors of a recorded pass: where each comes from, its sizes, what its axes are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import dataclass, field
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.dims import Dim
    from convcost.network.network import Ref
    from convcost.read.shared_axes import AxisNames


@dataclass(frozen=True, slots=True)
class Stored:
    """A parameter, buffer or plain tensor that the module holds.

    Attributes:
        name: qualified; None for a tensor that is neither parameter nor buffer.
        tensor: the stored numbers.
        learned: whether it is a parameter.
        views: calls through which a value sees the whole of it (transposed, reshaped).
    """

    name: str | None
    tensor: Any
    learned: bool
    views: tuple[tuple[Any, Sequence[Any], dict[str, Any]], ...] = ()


class StoredValues:
    """Loads a parameter's numbers as a NumPy array, in the order that its op states."""

    __slots__ = ("_arranged", "_stored")

    def __init__(self, stored: Stored, arranged: Callable[[Any], Any] | None = None) -> None:
        self._stored = stored
        self._arranged = arranged

    def __call__(self) -> Any:
        """The numbers; 16-bit brain floats, which NumPy lacks, as 32-bit ones."""
        import torch

        tensor = self._stored.tensor.detach()
        for func, args, kwargs in self._stored.views:
            tensor = func(tensor, *args[1:], **kwargs)
        if self._arranged is not None:
            tensor = self._arranged(tensor)
        if tensor.dtype is torch.bfloat16:
            tensor = tensor.float()
        return tensor.cpu().contiguous().numpy()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredValues) and other._stored.tensor is self._stored.tensor

    def __hash__(self) -> int:
        return id(self._stored.tensor)


@dataclass(slots=True, eq=False)
class Operand:
    """One tensor of the pass.

    Attributes:
        shape: sizes as formulas of the batch.
        dtype: of its elements.
        axes: what its axes are called.
        ref: the layer's output that it is; None until somebody reads a stored tensor as data.
        stored: for a stored tensor, or a view of a whole one.
    """

    shape: tuple[Dim, ...]
    dtype: str
    axes: AxisNames = field(repr=False)
    ref: Ref | None = None
    stored: Stored | None = None

    @property
    def names(self) -> tuple[str | None, ...]:
        """What its axes are called."""
        return self.axes.names

    @property
    def tensor(self) -> Tensor:
        """It as a network's tensor."""
        pairs = zip(self.axes.names, self.shape, strict=True)
        return Tensor(tuple(Axis(name, size) for name, size in pairs), self.dtype)

    @property
    def is_empty(self) -> bool:
        """Whether it has no elements: nothing is computed or stored."""
        return 0 in self.shape

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)


def dtype_name(dtype: Any) -> str:
    """The framework's dtype by its plain name.

    >>> dtype_name("torch.float32")
    'float32'
    """
    return str(dtype).removeprefix("torch.")
