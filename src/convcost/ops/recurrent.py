"""Recurrent layers: simple, LSTM, GRU, stacked; and single steps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.dims import product, summed
from convcost.network.equation import Equation, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim
    from convcost.network.equation import Operand
    from convcost.network.parameter import Weight
    from convcost.ops.cell import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrent(Op):
    """Cells run over the steps of a sequence; the last axis holds the features.

    MACs = batch x steps x gates x units x (features + units), summed over stacked cells.
    Element-wise and gradient: as `Cell`, per step; the state's gradient is computed at every step,
    the first one included. Weights count as read once: whether a runtime reads them again at each
    step is its affair. Dropout inside, which acts in training only, is not charged.

    Attributes:
        cells: one, or several stacked ones, each fed by the one before it.
        time: the name of the axis that it steps along.
        return_sequences: the output of every step, not only of the last one.
        return_state: the states after the last step as further outputs.

    >>> from convcost.ops.cell import Cell
    >>> x = Tensor.of(batch=1, time=21, channel=1)
    >>> lstm = Recurrent(cells=(Cell(function="lstm", units=256),))
    >>> lstm.outputs(x)[0].shape, lstm.cost("forward", Call((x,), lstm.outputs(x))).macs
    ((1, 256), 5526528)
    >>> sum(size for weight in lstm.weights(x) for size in [product(weight.shape)])
    264192
    """

    kind: ClassVar[str] = "recurrent"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    cells: tuple[Cell, ...]
    time: str = "time"
    return_sequences: bool = False
    return_state: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The units in place of the features; states where they are asked for."""
        tensor = inputs[0]
        tensor.size(self.time)
        rows = tuple(axis for axis in tensor.axes[:-1] if axis.name != self.time)
        states = _states(self.cells, rows, tensor.dtype)
        units = self.cells[-1].units
        if self.return_sequences:
            last = Axis(tensor.axes[-1].name, units)
            result = Tensor((*tensor.axes[:-1], last), tensor.dtype)
        else:
            result = Tensor((*rows, Axis("feature", units)), tensor.dtype)
        return (result, *states) if self.return_state else (result,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Those of each cell."""
        return _weights(self.cells, inputs[0].axes[-1].size)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Two loop nests per cell: the input's products, the state's."""
        return _equations(self.cells, call.inputs[0])

    def elementwise(self, call: Call) -> Dim:
        """Gates and states of every step."""
        return _elementwise(self.cells, call.inputs[0])

    def gradient(self, call: Call) -> Gradient:
        """Gates, states and biases of every step."""
        return _gradient(self.cells, call)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentStep(Op):
    """One step of one or several stacked cells, as a layer: inputs and states in, states out.

    MACs = batch x gates x units x (features + units). Element-wise and gradient: as `Cell`. The
    outputs are the result of the last cell and then all states, as Keras's cells give them.

    >>> from convcost.ops.cell import Cell
    >>> x, h = Tensor.of(batch=1, feature=8), Tensor.of(batch=1, feature=4)
    >>> step = RecurrentStep(cells=(Cell(function="gru", units=4, biases=2),))
    >>> step.cost("forward", Call((x, h), step.outputs(x, h))).macs
    144
    """

    kind: ClassVar[str] = "recurrent_step"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    cells: tuple[Cell, ...]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The result, then the states."""
        *rows, last = inputs[0].axes
        dtype = inputs[0].dtype
        result = Tensor((*rows, Axis(last.name, self.cells[-1].units)), dtype)
        return (result, *_states(self.cells, tuple(rows), dtype))

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Those of each cell."""
        return _weights(self.cells, inputs[0].axes[-1].size)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Two loop nests per cell: the input's products, the state's."""
        places = _state_places(self.cells)
        known = len(call.inputs) > places[-1]
        return _equations(self.cells, call.inputs[0], places if known else None)

    def elementwise(self, call: Call) -> Dim:
        """Gates and states."""
        return _elementwise(self.cells, call.inputs[0])

    def gradient(self, call: Call) -> Gradient:
        """Gates, states and biases."""
        return _gradient(self.cells, call)


def _states(cells: tuple[Cell, ...], rows: tuple[Axis, ...], dtype: str) -> tuple[Tensor, ...]:
    return tuple(
        Tensor((*rows, Axis("feature", cell.units)), dtype)
        for cell in cells
        for _ in range(cell.states)
    )


def _fed(cells: tuple[Cell, ...], features: Dim) -> Iterator[tuple[Cell, Dim]]:
    """Each cell with the size of what it is given."""
    for cell in cells:
        yield cell, features
        features = cell.units


def _weights(cells: tuple[Cell, ...], features: Dim) -> tuple[Weight, ...]:
    return tuple(
        weight
        for number, (cell, size) in enumerate(_fed(cells, features))
        for weight in cell.weights(size, f"cell_{number}/" if len(cells) > 1 else "")
    )


def _state_places(cells: tuple[Cell, ...]) -> tuple[int, ...]:
    """Which input is the hidden state of each cell, where states are inputs."""
    places = [1]
    for cell in cells[:-1]:
        places.append(places[-1] + cell.states)
    return tuple(places)


def _equations(
    cells: tuple[Cell, ...], tensor: Tensor, states: tuple[int, ...] | None = None
) -> tuple[Equation, ...]:
    *leading, last = tensor.axes
    rows = loops_over(leading)
    found: list[Equation] = []
    first = 0
    for number, (cell, size) in enumerate(_fed(cells, last.size)):
        read: tuple[Operand, ...] = (
            "inner" if number else 0,
            states[number] if states else "inner",
        )
        found += cell.equations(rows, size, read, first)
        first += len(cell.weights(size))
    return tuple(found)


def _gradient(cells: tuple[Cell, ...], call: Call) -> Gradient:
    rows = product(axis.size for axis in call.inputs[0].axes[:-1])
    last = [len(cell.weights(0)) for cell in cells]
    places = [sum(last[: number + 1]) - 1 for number in range(len(cells))]
    return Gradient(
        through=summed(cell.through(rows) for cell in cells),
        through_reads=call.output_bytes,
        weights=summed(
            cell.bias_sums(rows)
            for cell, place in zip(cells, places, strict=True)
            if cell.biases and call.trains(place)
        ),
    )


def _elementwise(cells: tuple[Cell, ...], tensor: Tensor) -> Dim:
    rows = product(axis.size for axis in tensor.axes[:-1])
    return sum((cell.elementwise(rows) for cell in cells), start=0)
