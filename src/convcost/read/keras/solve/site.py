"""A row of a summary, and what is known around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass, field
from convcost.network.network import Note
from convcost.read.axis_names import named
from convcost.read.keras.config import NotLiteral

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.network import Alternative
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.keras.solve.items import Item


@dataclass(slots=True)
class Site:
    """A row and what is known around it.

    Attributes:
        item: the row.
        inputs: the tensors it takes; empty where the table does not show the layer before it.
        activation: of the layer itself, from code or assumed.
        channels_first: axis order of the table.
        notes: what was inferred; rules add to it.
        input: the tensor that the layer must have been given, where no layer gives it.
    """

    item: Item
    inputs: tuple[Tensor, ...]
    activation: str
    channels_first: bool
    notes: list[Note] = field(default_factory=list)
    input: Tensor | None = None

    @property
    def parameters(self) -> int:
        """The "Param #" cell.

        Raises:
            NetworkError: it is cut off.
        """
        if self.item.row.parameters is None:
            raise NetworkError("its parameter count is cut off")
        return self.item.row.parameters

    @property
    def output(self) -> Tensor:
        """The printed shape with named axes; sizes that are not numbers are 1."""
        sizes = [size if isinstance(size, int) else 1 for size in self.item.shape]
        return named(sizes, channels_first=self.channels_first)

    def printed(self, axis: str) -> int | None:
        """A printed size; None where it is not a number.

        Raises:
            NetworkError: the shape is lost or has no such axis.
        """
        names = self.output.names
        if axis not in names:
            raise NetworkError(f"a shape of {self.item.rank} axes has no {axis}")
        size = self.item.shape[names.index(axis)]
        return size if isinstance(size, int) else None

    def need(self, axis: str) -> int:
        """A printed size.

        Raises:
            NetworkError: it is not a number.
        """
        size = self.printed(axis)
        if size is None:
            raise NetworkError(f"its {axis} size is not printed")
        return size

    def given(self, axis: str) -> int | None:
        """A size of the input; None where it is not known."""
        if not self.inputs or not self.inputs[0].has(axis):
            return None
        size = self.inputs[0].size(axis)
        return size if isinstance(size, int) else None

    def config(self, name: str) -> Any:
        """What pasted code says about an argument; None where it says nothing literal."""
        value = self.item.config.get(name)
        return None if isinstance(value, NotLiteral) else value

    def note(self, kind: Any, text: str, alternatives: Sequence[Alternative] = ()) -> None:
        """State something about the layer."""
        name, line = self.item.name, self.item.row.line
        self.notes.append(Note(kind, text, name, line, tuple(alternatives)))


#: What makes an op of a row. It raises NetworkError where nothing fits the printed numbers.
Rule: TypeAlias = "Callable[[Site], Op]"
