"""Recurrent layers as PyTorch has them: stacked, in both directions, states in one tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.dataclass import dataclass
from convcost.network.dims import product
from convcost.network.equation import Equation, Learned, Loop, loops_over
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.cell import GATES, cell_charge, cell_derivative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim
    from convcost.network.equation import Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentStack(Op):
    """Levels of recurrent cells, each fed by the results of all directions of the one before.

    Inputs: the sequence (the last axis holds the features), and perhaps the first states.
    MACs = batch x steps x gates x units x (features + state), summed over levels and directions,
    with 1 gate (simple), 3 (GRU) or 4 (LSTM); a projected state of p numbers adds units x p.
    Element-wise and gradient: as `Cell`, per step; the gradient of each direction's input is added
    to the other's. Weights count as read once.

    Weights per level and direction: kernel (gates x units, features), recurrent kernel
    (gates x units, state), two biases, and the projection (p, units).

    Attributes:
        levels: how many are stacked.
        directions: 2 where a second row of cells reads backwards.
        projection: size of the state where it is projected.
        time: the name of the axis that it steps along; None for a single step, whose only outputs
            are the states.

    >>> x = Tensor.of(batch=1, time=10, feature=16)
    >>> lstm = RecurrentStack(function="lstm", units=32)
    >>> lstm.cost("forward", Call((x,), lstm.outputs(x))).macs == 10 * 4 * 32 * (16 + 32)
    True
    """

    kind: ClassVar[str] = "recurrent_stack"
    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    function: Literal["simple", "gru", "lstm"]
    units: Dim
    levels: int = 1
    directions: Literal[1, 2] = 1
    bias: bool = True
    projection: Dim | None = None
    activation: str = "tanh"
    time: str | None = "time"

    @property
    def _state(self) -> Dim:
        return self.units if self.projection is None else self.projection

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The last level's results at every step, and the states of all cells."""
        tensor = inputs[0]
        last = tensor.axes[-1].name
        if self.time is None:
            state = Tensor((*tensor.axes[:-1], Axis(last, self._state)), tensor.dtype)
            return (state, state) if self.function == "lstm" else (state,)
        rows = tuple(axis for axis in tensor.axes[:-1] if axis.name != self.time)
        steps = (*tensor.axes[:-1], Axis(last, self.directions * self._state))
        cells = Axis(None, self.levels * self.directions)
        sizes = (self._state, self.units) if self.function == "lstm" else (self._state,)
        states = (Tensor((cells, *rows, Axis(last, size)), tensor.dtype) for size in sizes)
        return (Tensor(steps, tensor.dtype), *states)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Those of every cell, level by level."""
        gates = GATES[self.function] * self.units
        found: list[Weight] = []
        for place, features in self._cells(inputs[0].axes[-1].size):
            found.append(Weight(f"kernel_{place}", (gates, features)))
            found.append(Weight(f"recurrent_kernel_{place}", (gates, self._state)))
            if self.bias:
                names = ("bias", "recurrent_bias")
                found += [Weight(f"{name}_{place}", (gates,)) for name in names]
            if self.projection is not None:
                found.append(Weight(f"projection_{place}", (self.projection, self.units)))
        return tuple(found)

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Per cell the input's products, the state's, and the projection's.

        Cells of a level that read the same have loops of their own: their weights differ.
        """
        *leading, last = call.inputs[0].axes
        rows = loops_over(leading)
        gates = (Loop("gates", GATES[self.function]), Loop("units", self.units))
        found = []
        for number, (_, features) in enumerate(self._cells(last.size)):
            first = number * self._weights_per_cell
            read: Operand = 0 if number < self.directions else "inner"
            for axis, size, operands in (
                ("features_in", features, (read, Learned(first))),
                ("state", self._state, (*self._state_read(call), Learned(first + 1))),
            ):
                found.append(Equation((*rows, Loop(axis, size, reduced=True), *gates), operands))
            if self.projection is not None:
                units = Loop("units", self.units, reduced=True)
                learned = Learned(first + self._weights_per_cell - 1)
                loops = (*rows, units, Loop("projection", self.projection))
                found.append(Equation(loops, ("inner", learned)))
        return tuple(found)

    def elementwise(self, call: Call) -> Dim:
        """Gates and states of every step."""
        rows = product(axis.size for axis in call.inputs[0].axes[:-1])
        per_unit = cell_charge(self.function, 2 * self.bias, self.activation, "sigmoid")
        return per_unit * rows * self.units * (self.levels * self.directions)

    def gradient(self, call: Call) -> Gradient:
        """Gates, states and biases of every step; inputs of two directions."""
        tensor = call.inputs[0]
        rows = product(axis.size for axis in tensor.axes[:-1])
        cells = self.levels * self.directions
        between = (self.levels - 1) * self.directions * self._state * rows
        per_unit = cell_derivative(self.function, self.activation, "sigmoid") * cells
        biases = (
            number * self._weights_per_cell + place
            for number in range(cells)
            for place in ((2, 3) if self.bias else ())
        )
        return Gradient(
            through=per_unit * rows * self.units + (self.directions - 1) * between,
            through_reads=call.output_bytes,
            data=(self.directions - 1) * tensor.elements if call.wants(0) else 0,
            weights=sum(map(call.trains, biases)) * GATES[self.function] * self.units * rows,
        )

    @property
    def _weights_per_cell(self) -> int:
        return 2 + 2 * self.bias + (self.projection is not None)

    def _state_read(self, call: Call) -> tuple[Operand, ...]:
        """What the state is to the op: of a single step an input, or else zeros."""
        if self.time is not None:
            return ("inner",)
        return (1,) if len(call.inputs) > 1 else ()

    def _cells(self, features: Dim) -> Iterator[tuple[str, Dim]]:
        """The place of each cell and the size of what it is given."""
        for level in range(self.levels):
            for direction in range(self.directions):
                yield f"l{level}" + "_reverse" * direction, features
            features = self.directions * self._state
