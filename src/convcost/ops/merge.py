"""Layers with several inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.dims import summed
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True)
class Merge(Op):
    """An element-wise function of several tensors, with sizes of one broadcast.

    Element-wise per output: one operation less than there are inputs, and the average's division.

    Gradient per output and input: sums pass the gradient on (what is subtracted: 1, negate);
    a product 1 for each other input (multiply); maximum and minimum 2 (compare, select); the
    average 1 in all (divide). An input that is repeated along an axis sums up what its copies get.

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
            result = _broadcast(result, other)
        return (result,)

    def elementwise(self, call: Call) -> Dim:
        """Operations between the inputs."""
        between = len(call.inputs) - 1 + (self.function == "average")
        return between * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Products read the other inputs, extremes all of them and the result."""
        wanted = [place for place in range(len(call.inputs)) if call.wants(place)]
        data = summed(self._charge(call, place) for place in wanted)
        if self.function == "average" and wanted:
            data += call.output_elements
        return Gradient(data=data + summed(repetitions(call)), data_reads=self._reads(call, wanted))

    def _charge(self, call: Call, place: int) -> Dim:
        """Operations for one input."""
        per_output = {
            "subtract": 1 if place else 0,
            "multiply": len(call.inputs) - 1,
            "maximum": 2,
            "minimum": 2,
        }
        return per_output.get(self.function, 0) * call.output_elements

    def _reads(self, call: Call, wanted: list[int]) -> Dim:
        if self.function in {"maximum", "minimum"}:
            return call.input_bytes + call.output_bytes
        if self.function != "multiply":
            return 0
        # with one gradient wanted that input is itself not read
        own = call.inputs[wanted[0]].bytes if len(wanted) == 1 else 0
        return call.input_bytes - own


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


def _broadcast(left: Tensor, right: Tensor) -> Tensor:
    longer, shorter = (left, right) if len(left.axes) >= len(right.axes) else (right, left)
    offset = len(longer.axes) - len(shorter.axes)
    axes = list(longer.axes[:offset])
    for a, b in zip(longer.axes[offset:], shorter.axes, strict=True):
        if a.size != b.size and 1 not in (a.size, b.size):
            raise NetworkError(f"cannot combine {left} with {right}: {a.size} against {b.size}")
        axes.append(Axis(a.name or b.name, b.size if a.size == 1 else a.size))
    return Tensor(tuple(axes), longer.dtype)
