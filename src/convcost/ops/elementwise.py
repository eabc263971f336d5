"""Arithmetic on each value by itself, apart from activation functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass, replace
from convcost.network.dims import summed
from convcost.network.op import Call, Gradient, Op
from convcost.ops.activation import charge
from convcost.ops.function import function_named
from convcost.ops.merge import Merge, read_bytes, repetitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Elementwise(Op):
    """A function of each value, or of values at the same place of tensors that broadcast.

    Element-wise: its row of `convcost.ops.function.FUNCTIONS`, per output. Plain numbers among the
    operands (``x * 2``) are no inputs. Gradient: the same row, and the sums of repeated inputs.

    Attributes:
        function: a key of `convcost.ops.function.FUNCTIONS`.
        dtype: of the result, where it is another one (comparisons).
        numbers: the operands in order, None for an input: ``1 - x`` has ``(1.0, None)``, a
            ``clamp`` its limits behind the input, a ``scaled_add`` its factor behind both. Empty
            where all operands are inputs, or where the source does not tell the numbers.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> Elementwise(function="rsqrt").cost("forward", Call((x,), (x,))).elementwise
    20
    """

    kind: ClassVar[str] = "elementwise"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    function: str
    dtype: str | None = None
    numbers: tuple[float | None, ...] = ()

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The broadcast shape.

        Raises:
            NetworkError: sizes differ and neither is one.
        """
        (result,) = Merge("add").outputs(*inputs)
        return (result if self.dtype is None else replace(result, dtype=self.dtype),)

    def elementwise(self, call: Call) -> Dim:
        """The function's charge per output.

        Raises:
            NetworkError: the function is not known.
        """
        return function_named(self.function).charge * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """That of each operand that waits for one, per output.

        Raises:
            NetworkError: the function is not known.
        """
        function = function_named(self.function)
        per_output = sum(
            function.slope(operand)
            for place, operand in enumerate(self._operands(call))
            if call.wants(place)
        )
        return Gradient(
            data=per_output * call.output_elements + summed(repetitions(call)),
            data_reads=read_bytes(call, *self.gradient_reads(call)),
        )

    def gradient_reads(self, call: Call) -> tuple[tuple[int, ...], bool]:
        """Places of the inputs that the gradients are computed from, and whether the result is."""
        return function_named(self.function).read(self._operands(call), call)

    def _operands(self, call: Call) -> Sequence[int]:
        """Which operand each input is, the plain numbers between them counted."""
        places = [place for place, number in enumerate(self.numbers) if number is None]
        return places if len(places) == len(call.inputs) else range(len(call.inputs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Glu(Op):
    """One half of an axis times the sigmoid of the other half.

    Element-wise: 5 per output (sigmoid 4, multiply). Gradient: 9 per output: the sigmoid again (4),
    one half's gradient (1: multiply), the other's (4: subtract, multiply three times).

    Attributes:
        position: of the axis that is halved.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=10)
    >>> glu = Glu(position=1)
    >>> glu.cost("forward", Call((x,), glu.outputs(x))).elementwise
    25
    """

    kind: ClassVar[str] = "glu"
    position: int

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Half of the axis."""
        (tensor,) = inputs
        axes = list(tensor.axes)
        axes[self.position] = replace(axes[self.position], size=axes[self.position].size // 2)
        return (replace(tensor, axes=tuple(axes)),)

    def elementwise(self, call: Call) -> Dim:
        """Sigmoid and product."""
        return (charge("sigmoid", 1) + 1) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Both halves are read again."""
        per_output = charge("sigmoid", 1) + 1 + 4
        return Gradient(data=per_output * call.output_elements, data_reads=call.input_bytes)
