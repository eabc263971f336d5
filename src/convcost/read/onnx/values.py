"""Values of a graph while it is read: what each is, its sizes, what its axes are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from convcost.network.dataclass import dataclass
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.dims import Dim
    from convcost.network.network import Ref
    from convcost.read.onnx.arithmetic.known import Known
    from convcost.read.onnx.file.messages import TensorValue
    from convcost.read.shared_axes import AxisNames


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A tensor that the file holds, or states by one number and a shape.

    Attributes:
        id: unique in the file; the initializer's name.
        tensor: its shape and numbers.
        origin: an initializer is learned where it is a weight or made of fractions; a constant and
            a filled tensor only where they are a layer's weight.
        overridable: whether it is a graph input as well.
        views: what brings its numbers into the shape in which a layer takes them.
        number: of a filled tensor, what it holds everywhere, where that is a plain number.
    """

    id: str
    tensor: TensorValue
    origin: Literal["initializer", "constant", "filled"]
    overridable: bool = False
    views: tuple[Arrange, ...] = ()
    number: float | None = None

    @property
    def is_parameter(self) -> bool:
        """Whether it is learned when a layer takes it as data: fractions, more than one number."""
        return self.origin == "initializer" and bool(self.tensor.dims) and self.is_real

    @property
    def is_real(self) -> bool:
        """Whether its elements are fractions."""
        return "float" in self.tensor.dtype

    @property
    def elements(self) -> int:
        """How many numbers."""
        count = 1
        for size in self.tensor.dims:
            count *= size
        return count


@dataclass(slots=True, eq=False)
class Value:
    """One value of the graph.

    Attributes:
        name: in the file, for messages.
        shape: sizes as formulas of the open ones; None where not even the rank is known.
        dtype: of its elements.
        axes: what its axes are called.
        ref: the layer's output that it is; None until somebody reads a stored tensor as data.
        stored: for a tensor of the file, or a view of a whole one.
        known: its elements, where shape arithmetic tells them.
        is_empty: whether it has no elements: nothing is computed or stored.
    """

    name: str
    shape: tuple[Dim, ...] | None
    dtype: str
    axes: AxisNames
    ref: Ref | None = None
    stored: Stored | None = None
    known: Known | None = None
    is_empty: bool = False

    @property
    def sizes(self) -> tuple[Dim, ...]:
        """The shape, of a value that has one."""
        assert self.shape is not None  # noqa: S101 - `Site.value` gives no other
        return self.shape

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.sizes)

    @property
    def names(self) -> tuple[str | None, ...]:
        """What its axes are called."""
        return self.axes.names

    @property
    def tensor(self) -> Tensor:
        """It as a network's tensor."""
        pairs = zip(self.axes.root.given, self.sizes, strict=True)
        return Tensor(tuple([Axis(name, size) for name, size in pairs]), self.dtype)

    @property
    def is_number(self) -> bool:
        """Whether it is a plain number, no tensor: one element that is not learned."""
        stored = self.stored
        if self.ref is not None:
            return False
        if stored is not None and (stored.is_parameter or stored.elements != 1):
            return False
        return (stored is not None or self.known is not None) and all(s == 1 for s in self.sizes)

    @property
    def is_weight(self) -> bool:
        """Whether a layer may take it as its own: stored in the file."""
        return self.stored is not None


#: What brings stored numbers (a NumPy array) into another order.
Arrange: TypeAlias = "Callable[[Any], Any]"


class StoredValues:
    """Loads a parameter's numbers as a NumPy array, in the order that its op states."""

    __slots__ = ("_arrange", "_stored")

    def __init__(self, stored: Stored, arrange: Arrange | None) -> None:
        self._stored = stored
        self._arrange = arrange

    def __call__(self) -> Any:
        """The numbers."""
        load = self._stored.tensor.load
        assert load is not None  # noqa: S101 - else there is no handle
        array = load()
        for view in self._stored.views:
            array = view(array)
        return array if self._arrange is None else self._arrange(array)
