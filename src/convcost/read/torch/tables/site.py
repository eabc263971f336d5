"""A row of a printout, the tensor it may have been given, and what is found out about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass, field
from convcost.network.network import Note
from convcost.ops.reshape import Flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.network import Alternative
    from convcost.network.op import Op
    from convcost.network.tensor import Tensor
    from convcost.read.torch.tables.table import TorchRow


@dataclass(slots=True)
class TorchSite:
    """A row and one tensor that it may have been given.

    Attributes:
        row: as printed.
        name: of the layer.
        output: the printed shape with named axes.
        input: the tensor; None where the rule has to solve it.
        sizes: a shape of which the rule may take the positions while it solves the channels.
        first: the row is the first one that computes.
        model_input: tells whether so many numbers per sample are the model's input.
        cost: how unlikely the reading is: 0 for what people write.
        flatten: the input has to be flattened first, which PyTorch does not print.
        solved: the tensor that the rule solved.
        notes: what was inferred.
    """

    row: TorchRow
    name: str
    output: Tensor
    input: Tensor | None
    sizes: Tensor | None = None
    first: bool = False
    model_input: Callable[[int], bool] | None = None
    cost: float = 0
    flatten: bool = False
    solved: Tensor | None = None
    notes: list[Note] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        """The printed parameters.

        Raises:
            NetworkError: they are not printed.
        """
        if self.row.parameters is None:
            raise NetworkError("its parameters are not printed")
        return self.row.parameters

    def printed(self, axis: str) -> int:
        """A size of the output.

        Raises:
            NetworkError: the output has no such axis.
        """
        size = self.output.size(axis)
        if not isinstance(size, int):
            raise NetworkError(f"its {axis} is not a number")
        return size

    def given(self, axis: str) -> int | None:
        """A size of the input; None where it is not known."""
        tensor = self.input or self.sizes
        size = tensor.size(axis) if tensor is not None and tensor.has(axis) else None
        return size if isinstance(size, int) else None

    def same(self) -> Tensor:
        """The input, which has the output's shape.

        Raises:
            NetworkError: it has not.
        """
        if self.input is None:
            self.solved = self.output
            return self.output
        if self.input.shape != self.output.shape:
            self.flatten = self.flattens()
            if not self.flatten:
                raise NetworkError(f"it keeps the shape of its input, not {self.input}")
            return self.output
        return self.input

    def flattens(self) -> bool:
        """Whether the output has all values of a larger input in one row."""
        if self.input is None or len(self.input.axes) < 3 or len(self.output.axes) != 2:
            return False
        (flat,) = Flatten().outputs(self.input)
        return flat.shape == self.output.shape

    def note(self, kind: Any, text: str, alternatives: Sequence[Alternative] = ()) -> None:
        """State something about the layer."""
        self.notes.append(Note(kind, text, self.name, self.row.line, tuple(alternatives)))


#: What makes an op of a row. It raises NetworkError where nothing fits the printed numbers.
Rule: TypeAlias = "Callable[[TorchSite], Op]"
