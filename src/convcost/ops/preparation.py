"""Layers that prepare data: scaling by stored or fixed numbers, masks, categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from convcost.network.dataclass import dataclass
from convcost.network.dims import product, summed
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight
from convcost.network.tensor import Axis, Tensor
from convcost.ops.wrap import last_axes, renamed

if TYPE_CHECKING:
    from convcost.network.dims import Dim


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalization(Op):
    """The mean of the training data subtracted, and a division by its deviation.

    Element-wise: 2 per element (subtract, divide), both with numbers fixed beforehand. Mean,
    variance and the number of samples seen are statistics, unless they were given as constants.
    Gradient: 1 per element (divide).

    Attributes:
        axes: along which each position has statistics of its own; None for the last one.
        stored: whether the statistics are stored with the network.
        mean: what they are where they are not: a number per position, or one for all; None where
            the source does not tell.
        variance: likewise.

    >>> x = Tensor.of(batch=1, height=8, width=8, channel=3)
    >>> [weight.shape for weight in Normalization().weights(x)]
    [(3,), (3,), ()]
    """

    kind: ClassVar[str] = "normalization"
    axes: tuple[str, ...] | None = None
    stored: bool = True
    mean: tuple[float, ...] | None = None
    variance: tuple[float, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        last_axes(tensor, self.axes)
        return (tensor,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Mean, variance and count, none of them learned."""
        if not self.stored:
            return ()
        shape = tuple(axis.size for axis in last_axes(inputs[0], self.axes))
        shapes = (("mean", shape), ("variance", shape), ("count", ()))
        return tuple(Weight(name, sizes, learned=False) for name, sizes in shapes)

    def elementwise(self, call: Call) -> Dim:
        """2 per element."""
        return 2 * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """The variance is read again."""
        variance = summed(parameter.bytes for parameter in call.parameters[1:2])
        return Gradient(data=call.output_elements, data_weight_reads=variance)


@dataclass(frozen=True, slots=True)
class Rescaling(Op):
    """Values times a constant plus a constant, each one number or one per place of the last axis.

    Element-wise: 2 per element (multiply, add); an offset of 0 is added all the same. Gradient: 1
    per element (multiply).

    Attributes:
        scale: the factor; None where the source does not tell.
        offset: the summand.

    >>> x = Tensor.of(batch=1, height=8, width=8, channel=3)
    >>> Rescaling().cost("forward", Call((x,), (x,))).elementwise
    384
    """

    kind: ClassVar[str] = "rescaling"
    scale: float | tuple[float, ...] | None = None
    offset: float | tuple[float, ...] = 0.0

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """2 per element."""
        return 2 * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """1 per element."""
        return Gradient(data=call.output_elements)


@dataclass(frozen=True, slots=True)
class Masking(Op):
    """Steps whose features all have one value are set to zero, for later layers to skip.

    Element-wise: 3 per element (compare, combine along the features, select). Later layers are
    charged for all steps: how many are skipped depends on the data. Gradient: 1 per element
    (select), by the mask of one byte per step.

    >>> x = Tensor.of(batch=1, time=5, channel=4)
    >>> Masking().cost("forward", Call((x,), (x,))).elementwise
    60
    """

    kind: ClassVar[str] = "masking"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """3 per element."""
        return 3 * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """The mask is read again."""
        steps = product(axis.size for axis in call.inputs[0].axes[:-1])
        return Gradient(data=call.output_elements, data_reads=steps)


@dataclass(frozen=True, slots=True)
class Discretization(Op):
    """Each value replaced by the number of its interval.

    Element-wise: per element the comparisons of a binary search, the binary logarithm of the number
    of intervals, rounded up. The number of an interval has no gradient.

    >>> x = Tensor.of(batch=1, feature=10)
    >>> Discretization(bins=5).cost("forward", Call((x,), (x,))).elementwise
    30
    """

    kind: ClassVar[str] = "discretization"
    bins: int

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """Comparisons."""
        return (self.bins - 1).bit_length() * call.output_elements

    def differentiable(self, call: Call) -> bool:
        """Never."""
        del call
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryEncoding(Op):
    """Category numbers as vectors of zeros and ones, or of counts.

    Element-wise: 1 per pair of a number and a category (compare); 1 more where several numbers make
    one vector (the larger one, or the sum).

    Category numbers have no gradient.

    Attributes:
        categories: size of a vector.
        mode: a vector per number (``one_hot``), or one per row: ``multi_hot``, ``count``.
        names: of the result's axes; None keeps them.

    >>> x, encoding = Tensor.of(batch=2, feature=3), CategoryEncoding(categories=10)
    >>> call = Call((x,), encoding.outputs(x))
    >>> call.outputs[0].shape, encoding.cost("forward", call).elementwise
    ((2, 10), 120)
    """

    kind: ClassVar[str] = "category_encoding"
    categories: Dim
    mode: Literal["one_hot", "multi_hot", "count"] = "multi_hot"
    names: tuple[str | None, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The categories in place of the last axis; behind it for single vectors."""
        (tensor,) = inputs
        *rows, last = tensor.axes
        if self.mode == "one_hot" and last.size != 1:
            rows.append(last)
        result = Tensor((*rows, Axis("feature", self.categories)), tensor.dtype)
        return (renamed(result, self.names),)

    def elementwise(self, call: Call) -> Dim:
        """Comparisons."""
        per_pair = 1 if self.mode == "one_hot" else 2
        return per_pair * call.inputs[0].elements * self.categories

    def differentiable(self, call: Call) -> bool:
        """Never."""
        del call
        return False
