"""LSTM whose products are convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass, replace
from convcost.network.equation import Equation, Learned, Loop
from convcost.network.op import Call, Condition, Gradient, Op
from convcost.network.parameter import Weight
from convcost.network.tensor import Tensor
from convcost.ops.cell import GATES, cell_charge, cell_derivative
from convcost.ops.product import padding_products, position_loops, tap_loops
from convcost.ops.window import Window, slide, window_conditions
from convcost.ops.wrap import renamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim
    from convcost.network.equation import Operand

_GATES = GATES["lstm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvLSTM(Op):
    """An LSTM over images: the products of its four gates are convolutions.

    MACs = batch x steps x output positions x kernel taps x 4 filters x (channels in + filters): the
    convolution of the state has the same kernel, moves by 1 and keeps the size. Element-wise: that
    of an LSTM cell per output value and step, biases included (Shi et al. 2015, without peepholes,
    as Keras has it); so is the gradient. Kernel: (taps ..., channels in, 4 filters); recurrent
    kernel: (taps ..., filters, 4 filters).

    Attributes:
        names: of the input's axes as it reads them, among them ``batch``, ``time``, ``channel`` and
            the windows' axes; None where they are called so already.
        state_names: of a result without steps; None keeps the names.

    >>> from convcost.ops.window import window
    >>> x = Tensor.of(batch=1, time=8, height=16, width=16, channel=1)
    >>> op = ConvLSTM(filters=16, windows=window(3, padding="same"), return_sequences=True)
    >>> op.outputs(x)[0].shape, op.cost("forward", Call((x,), op.outputs(x))).macs
    ((1, 8, 16, 16, 16), 20054016)
    """

    kind: ClassVar[str] = "conv_lstm"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    filters: Dim
    windows: tuple[Window, ...]
    bias: bool = True
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    return_sequences: bool = False
    return_state: bool = False
    names: tuple[str | None, ...] | None = None
    state_names: tuple[str | None, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Window axes by the shape rule, channels become the filters; states where asked for."""
        steps = self._hidden(inputs[0])
        kept = tuple(axis for axis in steps.axes if axis.name != "time")
        state = renamed(Tensor(kept, steps.dtype), self.state_names)
        result = renamed(steps, inputs[0].names) if self.return_sequences else state
        return (result, state, state) if self.return_state else (result,)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Windows of at least one."""
        del inputs
        return window_conditions(self.windows)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Kernel, recurrent kernel, and bias where there is one."""
        channels = renamed(inputs[0], self.names).size("channel")
        taps = tuple(window.kernel for window in self.windows)
        kernels = (
            Weight("kernel", (*taps, channels, _GATES * self.filters)),
            Weight("recurrent_kernel", (*taps, self.filters, _GATES * self.filters)),
        )
        return (*kernels, Weight("bias", (_GATES * self.filters,))) if self.bias else kernels

    def equations(self, call: Call) -> tuple[Equation, ...]:
        """Two loop nests: the input's convolution, the state's."""
        hidden = self._hidden(call.inputs[0])
        channels = renamed(call.inputs[0], self.names).size("channel")
        read: tuple[tuple[Operand, Dim], ...] = ((0, channels), ("inner", self.filters))
        return tuple(
            Equation(
                (
                    *position_loops(hidden),
                    *tap_loops(self.windows),
                    Loop("channels_in", size, reduced=True),
                    Loop("gates", _GATES),
                    Loop("channels_out", self.filters),
                ),
                operands=(operand, Learned(place)),
            )
            for place, (operand, size) in enumerate(read)
        )

    def padding_macs(self, call: Call) -> int | None:
        """Those of the two convolutions."""
        tensor = renamed(call.inputs[0], self.names)
        hidden = self._hidden(call.inputs[0])
        on_input, on_state = self.equations(call)
        parts = (
            padding_products(self.windows, tensor, hidden, on_input),
            padding_products(self._state_windows(), hidden, hidden, on_state),
        )
        return None if None in parts else sum(part or 0 for part in parts)

    def elementwise(self, call: Call) -> Dim:
        """Gates and states of every step."""
        per_value = cell_charge("lstm", self.bias, self.activation, self.recurrent_activation)
        return per_value * self._hidden(call.inputs[0]).elements

    def gradient(self, call: Call) -> Gradient:
        """Gates, states and biases of every step."""
        values = self._hidden(call.inputs[0]).elements
        per_value = cell_derivative("lstm", self.activation, self.recurrent_activation)
        return Gradient(
            through=per_value * values,
            through_reads=call.output_bytes,
            weights=_GATES * values if self.bias and call.trains(-1) else 0,
        )

    def _hidden(self, tensor: Tensor) -> Tensor:
        """The hidden values of all steps, in the names that the op reads."""
        steps = slide(self.windows, renamed(tensor, self.names))
        steps.size("time")
        return steps.resized(channel=self.filters)

    def _state_windows(self) -> tuple[Window, ...]:
        return tuple(replace(w, stride=1, dilation=1, padding="same") for w in self.windows)
