"""Layers with several inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.dims import summed
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor
from convcost.ops.function import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from convcost.network.dims import Dim
    from convcost.ops.function import Function


@dataclass(frozen=True, slots=True)
class Merge(Op):
    """An element-wise function of several tensors, with sizes of one broadcast.

    Several inputs are taken one after the other: ``(a + b) + c``. Element-wise per output: the
    function's row of `convcost.ops.function.FUNCTIONS` for each of these steps, one less than there
    are inputs, and the average's division.

    Gradient: the same row for each step: sums pass the gradient on (what is subtracted: 1, negate);
    a product 1 for each factor (multiply); maximum and minimum 2 for each operand (compare,
    select); the average 1 in all (divide). An input that is repeated along an axis sums up what its
    copies get.

    >>> x = Tensor.of(batch=1, height=8, width=8, channel=4)
    >>> Merge("add").cost("forward", Call((x, x, x), (x,))).elementwise
    512
    """

    kind: ClassVar[str] = "merge"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    function: Literal["add", "subtract", "multiply", "maximum", "minimum", "average"]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The broadcast shape.

        Raises:
            NetworkError: sizes differ and neither is one.
        """
        result = inputs[0]
        for other in inputs[1:]:
            result = _combined(result, other)
        return (result,)

    def elementwise(self, call: Call) -> Dim:
        """Operations between the inputs."""
        steps = (len(call.inputs) - 1) * self._step.charge
        return (steps + (self.function == "average")) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Products read the other inputs, extremes all of them."""
        step, so_far = self._step, call.wants(0)
        per_output = 0
        for place in range(1, len(call.inputs)):
            own = call.wants(place)
            per_output += so_far * step.slope(0) + own * step.slope(1)
            so_far |= own
        per_output += so_far and self.function == "average"
        return Gradient(
            data=per_output * call.output_elements + summed(repetitions(call)),
            data_reads=read_bytes(call, *self.gradient_reads(call)),
        )

    def gradient_reads(self, call: Call) -> tuple[tuple[int, ...], bool]:
        """Places of the inputs that the gradients are computed from, and whether the result is."""
        return self._step.read(range(len(call.inputs)), call)

    @property
    def _step(self) -> Function:
        """What is computed of two tensors."""
        return FUNCTIONS["add" if self.function == "average" else self.function]


@dataclass(frozen=True, slots=True)
class Concatenate(Op):
    """Tensors joined along one named axis. No arithmetic, but every value is copied.

    Gradient: the parts of the gradient are copied back.

    >>> x, y = Tensor.of(batch=1, feature=3), Tensor.of(batch=1, feature=4)
    >>> Concatenate("feature").outputs(x, y)[0].shape
    (1, 7)
    """

    kind: ClassVar[str] = "concatenate"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    axis: str

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The sum of the sizes along the axis.

        Raises:
            NetworkError: another axis differs.
        """
        first = inputs[0]
        joined = sum((tensor.size(self.axis) for tensor in inputs), start=0)
        shapes = {tensor.resized(**{self.axis: 1}).shape for tensor in inputs}
        if len(shapes) > 1:
            sizes = " and ".join(str(tensor) for tensor in inputs)
            raise NetworkError(f"cannot join {sizes} along {self.axis}: another size differs")
        return (first.resized(**{self.axis: joined}),)

    def gradient(self, call: Call) -> Gradient:
        """A copy."""
        del call
        return Gradient()


def repetitions(call: Call) -> Iterator[Dim]:
    """Additions that sum up the gradient of inputs that the result repeats along an axis.

    >>> x, gate = Tensor.of(batch=1, width=8, channel=4), Tensor.of(batch=1, width=1, channel=4)
    >>> list(repetitions(Call((x, gate), (x,))))
    [0, 28]
    """
    return (call.output_elements - tensor.elements for tensor in call.wanted_inputs)


def read_bytes(call: Call, inputs: Iterable[int], result: bool) -> Dim:
    """Bytes of some inputs, and of the result."""
    read = summed(call.inputs[place].bytes for place in inputs)
    return read + call.output_bytes if result else read


def broadcast(
    left: tuple[Axis, ...], right: tuple[Axis, ...], why: Callable[[Dim, Dim], str]
) -> tuple[Axis, ...]:
    """The axes of what is computed at the same place: sizes of one are repeated.

    Args:
        left: axes of an operand, from the outermost.
        right: of the other; the last ones lie over each other.
        why: says what is wrong with two sizes.

    Raises:
        NetworkError: sizes differ and neither is one.
    """
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    offset = len(longer) - len(shorter)
    axes = list(longer[:offset])
    for a, b in zip(longer[offset:], shorter, strict=True):
        if a.size != b.size and 1 not in (a.size, b.size):
            raise NetworkError(why(a.size, b.size))
        axes.append(Axis(a.name or b.name, b.size if a.size == 1 else a.size))
    return tuple(axes)


def _combined(left: Tensor, right: Tensor) -> Tensor:
    axes = broadcast(
        left.axes, right.axes, lambda a, b: f"cannot combine {left} with {right}: {a} against {b}"
    )
    return Tensor(axes, (left if len(left.axes) >= len(right.axes) else right).dtype)
