"""Values along axes made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op
from convcost.network.tensor import Axis, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim


class Reduction(NamedTuple):
    """What a function over all values costs.

    Attributes:
        charge: operations per value read, and per result.
        gradient: the same of the gradient; None where there is none.
        reads: whether values and results are read for it.
    """

    charge: tuple[int, int]
    gradient: tuple[int, int] | None = None
    reads: bool = True


#: Behind a row is what the function does; what its gradient does.
_FUNCTIONS: Mapping[str, Reduction] = {
    # an addition less than there are values; copied to every value
    "sum": Reduction((1, -1), (0, 0), reads=False),
    # likewise; the gradient times the result, divided by each value
    "product": Reduction((1, -1), (1, 1)),
    # likewise comparisons; these again, an addition
    "max": Reduction((1, -1), (1, 0)),
    "min": Reduction((1, -1), (1, 0)),
    "argmax": Reduction((1, -1)),
    "argmin": Reduction((1, -1)),
    "any": Reduction((1, -1)),
    "all": Reduction((1, -1)),
    "mean": Reduction((1, 0), (0, 1), reads=False),  # and a division; divide, then copied
    "norm": Reduction((2, 0), (1, 1)),  # square, add; root; divide; multiply
    # mean (add), subtract, multiply, add; divisions; double and divide; subtract the mean, multiply
    "variance": Reduction((4, 0), (2, 1)),
    "deviation": Reduction((4, 1), (2, 2)),  # and the root
    # maximum, subtract, exp, add; log; subtract, exp, multiply
    "logsumexp": Reduction((4, 0), (3, 0)),
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
        per_value, per_result = _FUNCTIONS[self.function].charge
        return per_value * call.inputs[0].elements + per_result * call.outputs[0].elements

    def differentiable(self, call: Call) -> bool:
        """Not where the result is a place or a truth value."""
        del call
        return _FUNCTIONS[self.function].gradient is not None

    def gradient(self, call: Call) -> Gradient | None:
        """Per value and per result."""
        results = call.outputs[0].elements
        if self.second is not None and self.function in {"max", "min"}:
            return Gradient(data=results)
        function = _FUNCTIONS[self.function]
        if function.gradient is None:
            return None
        per_value, per_result = function.gradient
        return Gradient(
            data=per_value * call.inputs[0].elements + per_result * results,
            data_reads=call.input_bytes + call.outputs[0].bytes if function.reads else 0,
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
