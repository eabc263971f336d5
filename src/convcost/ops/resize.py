"""Upsampling by whole factors, and resizing to given sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcost.errors import NetworkError
from convcost.network.dataclass import dataclass
from convcost.network.op import Call, Gradient, Op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.dims import Dim
    from convcost.network.tensor import Tensor

#: Inputs along one axis that one output is made of.
INTERPOLATION_TAPS: Mapping[str, int] = {
    "nearest": 1,
    "linear": 2,
    "bilinear": 2,
    "trilinear": 2,
    "cubic": 4,
    "bicubic": 4,
    "lanczos3": 6,
    "lanczos5": 10,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsample(Op):
    """Axes made larger by whole factors.

    Element-wise per output: nearest 0, a copy. Otherwise the output is interpolated along one axis
    after the other: with t values per axis (2 linear, 4 cubic), one interpolation is t
    multiplications and t - 1 additions, and d axes need ``1 + t + ... + t**(d-1)`` of them:
    bilinear 3 * 3 = 9, bicubic 5 * 7 = 35.

    Gradient per output: the same interpolations transposed, each t multiplications and t additions
    into the input's gradient; nearest 1 addition.

    Attributes:
        factors: (axis, factor) per axis.
        interpolation: a key of `INTERPOLATION_TAPS`.
        align_corners: whether the first and last values stay where they are; else positions are
            measured from the middle of values.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=4, width=4, channel=2)
    >>> up = Upsample(factors=(("height", 2), ("width", 3)), interpolation="bilinear")
    >>> up.outputs(x)[0].shape, up.cost("forward", Call((x,), up.outputs(x))).elementwise
    ((1, 8, 12, 2), 1728)
    """

    kind: ClassVar[str] = "upsample"
    factors: tuple[tuple[str, Dim], ...]
    interpolation: str = "nearest"
    align_corners: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Each axis times its factor."""
        (tensor,) = inputs
        sizes = {axis: tensor.size(axis) * factor for axis, factor in self.factors}
        return (tensor.resized(**sizes),)

    def elementwise(self, call: Call) -> Dim:
        """Interpolation."""
        return interpolation_charge(self.interpolation, len(self.factors)) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Interpolation, transposed."""
        charge = interpolation_gradient(self.interpolation, len(self.factors))
        return Gradient(data=charge * call.output_elements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize(Op):
    """Axes interpolated to given sizes.

    Element-wise and gradient per output as `Upsample`. Smoothing against aliasing is not covered.

    Attributes:
        sizes: (axis, size) per axis.
        interpolation: as that of `Upsample`.
        align_corners: likewise.

    >>> from convcost.network.tensor import Tensor
    >>> x = Tensor.of(batch=1, height=32, width=48, channel=3)
    >>> resize = Resize(sizes=(("height", 16), ("width", 16)), interpolation="bilinear")
    >>> resize.cost("forward", Call((x,), resize.outputs(x))).elementwise == 9 * 16 * 16 * 3
    True
    """

    kind: ClassVar[str] = "resize"
    sizes: tuple[tuple[str, Dim], ...]
    interpolation: str = "bilinear"
    align_corners: bool = False

    def outputs(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The given sizes."""
        (tensor,) = inputs
        return (tensor.resized(**dict(self.sizes)),)

    def elementwise(self, call: Call) -> Dim:
        """Interpolation."""
        return interpolation_charge(self.interpolation, len(self.sizes)) * call.output_elements

    def gradient(self, call: Call) -> Gradient:
        """Interpolation, transposed."""
        charge = interpolation_gradient(self.interpolation, len(self.sizes))
        return Gradient(data=charge * call.output_elements)


def interpolation_charge(interpolation: str, axes: int) -> int:
    """Operations per output of an interpolation along so many axes.

    Raises:
        NetworkError: the interpolation is not known.

    >>> [interpolation_charge("bilinear", axes) for axes in (1, 2, 3)]
    [3, 9, 21]
    """
    taps = interpolation_taps(interpolation)
    return 0 if taps == 1 else (2 * taps - 1) * _interpolations(taps, axes)


def interpolation_gradient(interpolation: str, axes: int) -> int:
    """Operations per output of the gradient of what is interpolated along so many axes.

    Raises:
        NetworkError: the interpolation is not known.

    >>> [interpolation_gradient(name, 2) for name in ("nearest", "bilinear")]
    [1, 12]
    """
    taps = interpolation_taps(interpolation)
    return 1 if taps == 1 else 2 * taps * _interpolations(taps, axes)


def interpolation_taps(interpolation: str) -> int:
    """Inputs along one axis that one output is made of.

    Raises:
        NetworkError: the interpolation is not known.
    """
    taps = INTERPOLATION_TAPS.get(interpolation)
    if taps is None:
        raise NetworkError(f"interpolation '{interpolation}' is not known")
    return taps


def _interpolations(taps: int, axes: int) -> int:
    """Along one axis after the other, the ones along the last axis for each tap before."""
    return sum(taps**axis for axis in range(axes))
