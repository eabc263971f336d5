"""Normalisation of each sample by itself, the same in training and at inference."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.dims import remainder, summed
from convcost.network.op import Call, Condition, Gradient, Op, require
from convcost.network.parameter import Weight
from convcost.ops.wrap import last_axes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNorm(Op):
    """Values brought to mean 0 and variance 1 along axes, then scaled and shifted.

    Element-wise: 6 per element: the mean (1: add), the variance (3: subtract, multiply, add), the
    normalisation (2: subtract, multiply); 1 more for the scale and 1 for the shift, which differ
    from element to element and so do not fold into it. The square root, once per row, is not
    charged.

    Gradient: 9 per element: the normalised value again (2: subtract, multiply), the row's sums of
    the gradient and of its products with that value (3: add, multiply, add), and the linear
    function of gradient and value that follows (4); 1 more for the product with the scale. The
    scale's gradient 2 (multiply, add), the shift's 1.

    Attributes:
        axes: along which it normalises; None for the last one.
        epsilon: added to the variance.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, time=10, channel=16)
    >>> LayerNorm().cost("forward", Call((x,), (x,))).elementwise
    1280
    """

    kind: ClassVar[str] = "layer_norm"
    axes: tuple[str, ...] | None = None
    scale: bool = True
    center: bool = True
    epsilon: float = 1e-3

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        last_axes(tensor, self.axes)
        return (tensor,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Gamma and beta as far as they are used, of the normalised axes' shape."""
        shape = tuple(axis.size for axis in last_axes(inputs[0], self.axes))
        return _gamma_beta(shape, scale=self.scale, center=self.center)

    def elementwise(self, call: Call) -> Dim:
        """6 per element, and scale and shift."""
        return (6 + self.scale + self.center) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Two sums per row; the row's mean and deviation are kept from the forward pass."""
        return _gradient(
            call,
            data=9 + self.scale,
            scaled=self.scale,
            scale=2 * (self.scale and call.trains(0)),
            shift=self.center and call.trains(-1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNorm(Op):
    """As `LayerNorm`, over groups of channels and all positions of a sample.

    As many groups as channels is instance normalisation. Element-wise: 6 per element as `LayerNorm`
    (mean 1, variance 3, normalisation 2); scale and shift fold into the normalisation, a factor
    and a summand per channel.

    Gradient: 7 per element: the sums of the gradient and of its products with the input (3: add,
    multiply, add) per channel of a sample, from which those of the group, of the scale and of the
    shift follow, and ``a * gradient + b * input + c`` (4).

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=4, width=4, channel=8)
    >>> GroupNorm(groups=2).cost("forward", Call((x,), (x,))).elementwise
    768
    """

    kind: ClassVar[str] = "group_norm"
    groups: Dim
    axis: str = "channel"
    scale: bool = True
    center: bool = True
    epsilon: float = 1e-3

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        require(self.conditions(tensor))
        return (tensor,)

    def conditions(self, *inputs: Tensor) -> Iterator[Condition]:
        """Groups that divide the channels."""
        yield Condition(self.groups, f"groups is {self.groups}; expected at least 1")
        size = inputs[0].size(self.axis)
        reason = f"{size} channels cannot be split into {self.groups} groups"
        yield Condition(1 - remainder(size, self.groups), reason)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """Gamma and beta per channel, as far as they are used."""
        shape = (inputs[0].size(self.axis),)
        return _gamma_beta(shape, scale=self.scale, center=self.center)

    def elementwise(self, call: Call) -> Dim:
        """6 per element."""
        return 6 * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Two sums per channel of a sample, charged to the scale and shift where trained."""
        sums = 3 if call.trained else 0
        scale, shift = (2, 1) if sums else (0, 0)
        return _gradient(call, data=7 - sums, scaled=self.scale, scale=scale, shift=shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class RMSNorm(Op):
    """Values divided by their root mean square along axes, then scaled.

    Element-wise: 3 per element (square, add, multiply by the reciprocal root) and 1 for the scale;
    the root, once per row, is not charged.

    Gradient: 5 per element: the row's sum of products with the input (2), then ``a * gradient +
    b * input`` (3); 1 more for the product with the scale, whose own gradient is 3 (multiply by the
    input and the reciprocal root, add).

    Attributes:
        axes: along which it normalises; None for the last one.
        scale: whether the result is multiplied by a learned factor.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, time=10, channel=16)
    >>> RMSNorm().cost("forward", Call((x,), (x,))).elementwise
    640
    """

    kind: ClassVar[str] = "rms_norm"
    axes: tuple[str, ...] | None = None
    scale: bool = True
    epsilon: float = 1e-6

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        last_axes(tensor, self.axes)
        return (tensor,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The scale, of the normalised axes' shape."""
        shape = tuple(axis.size for axis in last_axes(inputs[0], self.axes))
        return _gamma_beta(shape, scale=self.scale, center=False)

    def elementwise(self, call: Call) -> Dim:
        """3 per element, and the scale."""
        return (3 + self.scale) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """A sum per row."""
        scale = 3 * (self.scale and call.trains(0))
        return _gradient(call, data=5 + self.scale, scaled=self.scale, scale=scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitNorm(Op):
    """Values divided by their Euclidean length along axes.

    Element-wise: 3 per element (square, add, multiply by the reciprocal root); the root, once per
    row, is not charged. Gradient: 5 per element as `RMSNorm`.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, feature=16)
    >>> UnitNorm().cost("forward", Call((x,), (x,))).elementwise
    48
    """

    kind: ClassVar[str] = "unit_norm"
    axes: tuple[str, ...] | None = None
    epsilon: float = 1e-12

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        last_axes(tensor, self.axes)
        return (tensor,)

    def elementwise(self, call: Call) -> Dim:
        """3 per element."""
        return 3 * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """A sum per row."""
        return _gradient(call, data=5)


def _gradient(
    call: Call, *, data: int, scaled: bool = False, scale: int = 0, shift: int = 0
) -> Gradient:
    """Operations per element of each gradient; the input is read again.

    Args:
        call: whose first parameter is the scale, where there is one.
        data: operations for the input.
        scaled: whether there is a scale; trained or not, the input's gradient is times it.
        scale: operations for the scale, where it is trained.
        shift: operations for the shift, likewise.
    """
    elements, read = call.output_elements, call.input_bytes
    scales = summed(p.bytes for p in call.parameters[:1]) if scaled else 0
    return Gradient(
        data=data * elements,
        data_reads=read,
        data_weight_reads=scales,
        weights=(scale + shift) * elements,
        weights_reads=read if scale else 0,
    )


def _gamma_beta(shape: tuple[Dim, ...], *, scale: bool, center: bool) -> tuple[Weight, ...]:
    used = (("gamma", scale), ("beta", center))
    return tuple(Weight(name, shape) for name, wanted in used if wanted)
