"""Values picked between the pixels of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op
from convcost.ops.resize import (
    interpolation_charge,
    interpolation_gradient,
    interpolation_taps,
)

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSample(Op):
    """An image read at computed places: inputs image and places (one coordinate per window axis).

    Element-wise per output as `Upsample`, 9 for bilinear over two axes; turning places into
    weights, once per place for all channels, is not charged.

    Gradient per output: the image as `Upsample`; the places 3 (multiply twice, add) for each
    coordinate of each of the ``t**d`` pixels that are mixed, nothing for the nearest one.

    Attributes:
        result: what is read: the image's batch and channels at the places.
        interpolation: ``nearest``, ``bilinear`` or ``bicubic``.

    >>> from convcost.network.tensor import Tensor
    >>> image = Tensor.of(batch=1, channel=2, height=8, width=8)
    >>> places = Tensor.of(batch=1, height=4, width=4, coordinate=2)
    >>> result = Tensor.of(batch=1, channel=2, height=4, width=4)
    >>> op = GridSample(result=result)
    >>> op.cost("forward", Call((image, places), (result,))).elementwise
    288
    """

    kind: ClassVar[str] = "grid_sample"
    arity: ClassVar[tuple[int, int | None]] = (2, 2)
    result: Tensor
    interpolation: str = "bilinear"

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What is read."""
        del inputs
        return (self.result,)

    def elementwise(self, call: Call) -> Dim:
        """Interpolation."""
        axes = len(call.inputs[0].axes) - 2
        return interpolation_charge(self.interpolation, axes) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Additions to the image, and slopes between its pixels."""
        axes = len(call.inputs[0].axes) - 2
        taps = interpolation_taps(self.interpolation)
        image = interpolation_gradient(self.interpolation, axes) if call.wants(0) else 0
        slopes = 3 * axes * taps**axes if call.wants(1) and taps > 1 else 0
        return Gradient(data=(image + slopes) * call.output_elements, data_reads=call.input_bytes)
