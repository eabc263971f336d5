"""Values along axes made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim

#: Operations (per value read, per result).
_CHARGES: Mapping[str, tuple[int, int]] = {
    "sum": (1, -1),  # an addition less than there are values
    "product": (1, -1),
    "max": (1, -1),  # likewise comparisons
    "min": (1, -1),
    "argmax": (1, -1),
    "argmin": (1, -1),
    "any": (1, -1),
    "all": (1, -1),
    "mean": (1, 0),  # and a division
    "norm": (2, 0),  # square, add; root
    "variance": (4, 0),  # mean (add), subtract, multiply, add; divisions
    "deviation": (4, 1),  # and the root
    "logsumexp": (4, 0),  # maximum, subtract, exp, add; log
}

#: Operations of the gradient (per value, per result) and whether values and results are read.
_GRADIENTS: Mapping[str, tuple[int, int, bool]] = {
    "sum": (0, 0, False),  # copied to every value
    "mean": (0, 1, False),  # divide, then copied
    "product": (1, 1, True),  # the gradient times the result, divided by each value
    "max": (1, 0, True),  # a comparison less than there are values, an addition
    "min": (1, 0, True),
    "norm": (1, 1, True),  # divide; multiply
    "variance": (2, 1, True),  # double and divide; subtract the mean, multiply
    "deviation": (2, 2, True),
    "logsumexp": (3, 0, True),  # subtract, exp, multiply
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(Op):
    """A function over all values along axes.

    Element-wise: sum, product, maximum, minimum, any, all: the values less the results; mean: the
    values; norm (square, add) 2 per value; variance (mean, subtract, multiply, add) and the
    logarithm of summed exponentials (maximum, subtract, exp, add) 4 per value, deviation 1 more per
    result.

    Gradient: sums copy the gradient to every value; mean one division per result before; maximum
    and minimum find the place again (comparisons, one addition: as many as values; with the place
    as second output 1 per result); product 1 per value and result; norm likewise; variance 2 per
    value and 1 per result, deviation 1 more per result; the logarithm of summed exponentials 3 per
    value.

    Attributes:
        positions: of the axes that it runs over.
        keep_axes: whether they stay, with size one.
        second: dtype of a second output of the same shape: the place where the value was found, or
            the mean beside a variance.
        dtype: of the result, where it is another one.

    >>> x = Tensor.of(batch=2, time=10, feature=16)
    >>> mean = Reduce(function="mean", positions=(1,))
    >>> mean.outputs(x)[0].shape, mean.cost("forward", Call((x,), mean.outputs(x))).elementwise
    ((2, 16), 320)
    """

    kind: ClassVar[str] = "reduce"
    function: Literal["sum", "product", "max", "min", "argmax", "argmin", "any", "all", "mean",
                      "norm", "variance", "deviation", "logsumexp"]  # fmt: skip
    positions: tuple[int, ...]
    keep_axes: bool = False
    second: str | None = None
    dtype: str | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The axes that are left."""
        (tensor,) = inputs
        if self.keep_axes:
            axes = [
                Axis(axis.name, 1 if position in self.positions else axis.size)
                for position, axis in enumerate(tensor.axes)
            ]
        else:
            axes = [a for position, a in enumerate(tensor.axes) if position not in self.positions]
        result = Tensor(tuple(axes), self.dtype or tensor.dtype)
        return (result,) if self.second is None else (result, Tensor(result.axes, self.second))

    def elementwise(self, call: Call) -> Dim:
        """Per value and per result."""
        per_value, per_result = _CHARGES[self.function]
        return per_value * call.inputs[0].elements + per_result * call.outputs[0].elements

    def differentiable(self, call: Call) -> bool:
        """Not where the result is a place or a truth value."""
        del call
        return self.function in _GRADIENTS

    def gradient(self, call: Call) -> Gradient:
        """Per value and per result."""
        results = call.outputs[0].elements
        if self.second is not None and self.function in {"max", "min"}:
            return Gradient(data=results)
        per_value, per_result, reads = _GRADIENTS[self.function]
        return Gradient(
            data=per_value * call.inputs[0].elements + per_result * results,
            data_reads=call.input_bytes + call.outputs[0].bytes if reads else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cumulate(Op):
    """Running sums, products or maxima along an axis.

    Element-wise: 1 per element. Gradient: sum 1 (add, from the end); product 3 (multiply, add,
    divide by the value); maximum and minimum 2 (compare, add).

    >>> x = Tensor.of(batch=2, time=10)
    >>> Cumulate(function="sum").cost("forward", Call((x,), (x,))).elementwise
    20
    """

    kind: ClassVar[str] = "cumulate"
    function: Literal["sum", "product", "max", "min"]

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """1 per element."""
        return call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """All but the sum read values and results again."""
        per_element = {"sum": 1, "product": 3, "max": 2, "min": 2}[self.function]
        read = 0 if self.function == "sum" else call.input_bytes + call.output_bytes
        return Gradient(data=per_element * call.output_elements, data_reads=read)
