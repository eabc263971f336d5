"""Values multiplied by learned factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op
from convcost.network.parameter import Weight
from convcost.ops.wrap import last_axes

if TYPE_CHECKING:
    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Scale(Op):
    """Each value times a factor that is learned per position along axes (ConvNeXt's LayerScale).

    Element-wise: 1 per element (multiply). Gradient: 1 for the input (multiply), 2 for the factors
    (multiply, add).

    Attributes:
        axes: along which the factors differ; None for the last one.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=4, width=4, channel=8)
    >>> Scale().weights(x)[0].shape, Scale().cost("forward", Call((x,), (x,))).elementwise
    ((8,), 128)
    """

    kind: ClassVar[str] = "scale"
    axes: tuple[str, ...] | None = None

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The input's shape."""
        (tensor,) = inputs
        last_axes(tensor, self.axes)
        return (tensor,)

    def weights(self, *inputs: Tensor) -> tuple[Weight, ...]:
        """The factors."""
        return (Weight("gamma", tuple(axis.size for axis in last_axes(inputs[0], self.axes))),)

    def elementwise(self, call: Call) -> Dim:
        """1 per element."""
        return call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """One of the two is read for the other's gradient."""
        elements = call.output_elements
        return Gradient(
            data=elements,
            data_weight_reads=call.weight_bytes,
            weights=2 * elements if call.trains(0) else 0,
            weights_reads=call.input_bytes if call.trains(0) else 0,
        )
