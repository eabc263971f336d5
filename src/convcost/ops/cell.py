"""One step of a recurrent network: gates over an input and a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.dataclass import dataclass
from convcost.network.equation import Equation, Learned, Loop
from convcost.network.parameter import Weight
from convcost.ops.activation import charge, derivative

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.network.equation import Operand

#: By function of the cell, a letter per gate.
GateOrder: TypeAlias = "Mapping[str, str]"

#: The gates of a cell in the order in which Keras, PyTorch and ONNX store them: LSTM's input,
#: forget, cell, output; GRU's update, reset, hidden. A `Cell` has Keras's.
KERAS_GATES: GateOrder = {"simple": "h", "gru": "zrh", "lstm": "ifco"}
TORCH_GATES: GateOrder = {"simple": "h", "gru": "rzh", "lstm": "ifco"}
ONNX_GATES: GateOrder = {"simple": "h", "gru": "zrh", "lstm": "iofc"}

#: Matrix products of the input, and of the state, per step.
GATES = {function: len(gates) for function, gates in KERAS_GATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a recurrent layer computes at each step. Not a layer itself.

    MACs per step = gates x units x (features + units), with 1 gate (simple), 3 (GRU) or 4 (LSTM).

    Element-wise per unit and step: each gate adds its two products (1) and its biases. Then
    simple: the activation. LSTM: three recurrent activations, two activations, ``f*c + i*g`` (3)
    and ``o * tanh(c)`` (1). GRU: two recurrent activations, one activation, the reset gate's
    product (1) and ``z*h + (1-z)*g`` (4).

    Gradient, per unit and step: each gate and each state its activation's derivative, and the
    gradient from the next step is added (1). LSTM: 7 more: ``o * g``, ``tanh(c) * g`` and its sum
    with the next step's, and the four products with ``i``, ``g``, ``f`` and ``c``. GRU: 9 more: the
    two products with ``h - g`` and ``1 - z`` (4), ``z * g`` and its sum (2), the reset gate's two
    products and a sum (3). Biases: 1 per gate and bias vector.

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

    def equations(
        self,
        rows: tuple[Loop, ...],
        features: Dim,
        read: tuple[Operand, ...] = (0, "inner"),
        first: int = 0,
    ) -> tuple[Equation, ...]:
        """Two loop nests: the input's products, the state's.

        Args:
            rows: loops over samples and steps.
            features: size of the input.
            read: what the input and the state are to the op.
            first: the place of the cell's first weight among the op's.
        """
        outputs = (Loop("gates", self.gates), Loop("units", self.units))
        sizes = (("features_in", features), ("state", self.units))
        return tuple(
            Equation(
                (*rows, Loop(axis, size, reduced=True), *outputs),
                operands=(operand, Learned(first + number)),
            )
            for number, ((axis, size), operand) in enumerate(zip(sizes, read, strict=True))
        )

    def elementwise(self, rows: Dim) -> Dim:
        """Gates and state, over so many samples and steps."""
        return cell_charge(
            self.function, self.biases, self.activation, self.recurrent_activation
        ) * (rows * self.units)

    def through(self, rows: Dim) -> Dim:
        """Gates and state of the backward pass, over so many samples and steps."""
        return cell_derivative(self.function, self.activation, self.recurrent_activation) * (
            rows * self.units
        )

    def bias_sums(self, rows: Dim) -> Dim:
        """Additions for the gradient of the biases, over so many samples and steps."""
        return self.gates * self.biases * rows * self.units


def gate_places(function: str, have: GateOrder, want: GateOrder) -> tuple[int, ...]:
    """For each gate in the order that is wanted its place in the one that is there.

    >>> gate_places("lstm", KERAS_GATES, ONNX_GATES), gate_places("gru", ONNX_GATES, TORCH_GATES)
    ((0, 3, 1, 2), (1, 0, 2))
    """
    return tuple(have[function].index(gate) for gate in want[function])


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


def cell_derivative(function: str, activation: str, recurrent_activation: str) -> int:
    """Element-wise operations per unit and step of the backward pass, biases apart.

    >>> cell_derivative("simple", "tanh", "sigmoid"), cell_derivative("lstm", "tanh", "sigmoid")
    (4, 23)
    """
    own, gate = derivative(activation).charge, derivative(recurrent_activation).charge
    if function == "simple":
        return 1 + own
    if function == "lstm":
        return 8 + 3 * gate + 2 * own
    return 10 + 2 * gate + own
