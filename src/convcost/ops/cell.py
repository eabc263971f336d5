"""One step of a recurrent network: gates over an input and a state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from convcost.network.equation import Equation, Loop
from convcost.network.parameter import Weight
from convcost.ops.activation import charge

if TYPE_CHECKING:
    from convcost.network.dims import Dim

#: Matrix products of the input, and of the state, per step.
GATES = {"simple": 1, "gru": 3, "lstm": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a recurrent layer computes at each step. Not a layer itself.

    MACs per step = gates x units x (features + units), with 1 gate (simple), 3 (GRU) or 4 (LSTM).

    Element-wise per unit and step: each gate adds its two products (1) and its biases. Then
    simple: the activation. LSTM: three recurrent activations, two activations, ``f*c + i*g`` (3)
    and ``o * tanh(c)`` (1). GRU: two recurrent activations, one activation, the reset gate's
    product (1) and ``z*h + (1-z)*g`` (4).

    Weights: kernel (features, gates x units), recurrent kernel (units, gates x units), bias
    (gates x units), or one row per bias vector where there are two.

    Attributes:
        biases: bias vectors per gate: 2 where the products of input and state have one each (GRU
            with ``reset_after``, cuDNN, PyTorch).
    """

    function: Literal["simple", "gru", "lstm"]
    units: Dim
    biases: int = 1
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"

    @property
    def gates(self) -> int:
        """Matrix products of the input per step."""
        return GATES[self.function]

    @property
    def states(self) -> int:
        """Vectors that it hands to the next step."""
        return 2 if self.function == "lstm" else 1

    def weights(self, features: Dim, prefix: str = "") -> tuple[Weight, ...]:
        """Kernel, recurrent kernel, and biases where there are any."""
        columns = self.gates * self.units
        kernels = (
            Weight(f"{prefix}kernel", (features, columns)),
            Weight(f"{prefix}recurrent_kernel", (self.units, columns)),
        )
        if not self.biases:
            return kernels
        rows = () if self.biases == 1 else (self.biases,)
        return (*kernels, Weight(f"{prefix}bias", (*rows, columns)))

    def equations(self, rows: tuple[Loop, ...], features: Dim) -> tuple[Equation, ...]:
        """Two loop nests: the input's products, the state's."""
        outputs = (Loop("gates", self.gates), Loop("units", self.units))
        return tuple(
            Equation((*rows, Loop(axis, size, reduced=True), *outputs))
            for axis, size in (("features_in", features), ("state", self.units))
        )

    def elementwise(self, rows: Dim) -> Dim:
        """Gates and state, over so many samples and steps."""
        return cell_charge(
            self.function, self.biases, self.activation, self.recurrent_activation
        ) * (rows * self.units)


def cell_charge(function: str, biases: int, activation: str, recurrent_activation: str) -> Dim:
    """Element-wise operations per unit and step.

    >>> cell_charge("simple", 1, "tanh", "sigmoid"), cell_charge("lstm", 1, "tanh", "sigmoid")
    (3, 26)
    """
    own, gate = charge(activation, 1), charge(recurrent_activation, 1)
    added = GATES[function] * (1 + biases)
    if function == "simple":
        return added + own
    if function == "lstm":
        return added + 3 * gate + 2 * own + 4
    return added + 2 * gate + own + 5
