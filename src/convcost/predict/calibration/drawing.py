"""A network while it is drawn: what its layers have in common, and how they are appended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.window import window

if TYPE_CHECKING:
    from random import Random

    from convcost.network.builder import Builder
    from convcost.network.network import Ref
    from convcost.network.op import Op
    from convcost.ops.window import Padding

#: Nobody slides larger kernels over smaller images: they would see zeros alone.
_LEAST_KERNEL = 3


@dataclass(frozen=True, slots=True)
class Style:
    """What a network's layers have in common.

    Attributes:
        activation: after a convolution; ``linear`` for none.
        fused: whether the activation is part of the layer (``Conv2D(activation="relu")``).
        norm: BatchNorm ``before`` the activation, ``after`` it, or None.
        bias: of convolutions.
        padding: ``same`` or ``valid``; with ``valid`` the blocks that add or join are not drawn.
        local: response normalisation before poolings (AlexNet, GoogLeNet).
    """

    activation: str
    fused: bool
    norm: str | None
    bias: bool
    padding: Literal["valid", "same"]
    local: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """A network that is being drawn.

    Attributes:
        builder: of the network.
        random: what is drawn from.
        style: of the layers.
    """

    builder: Builder
    random: Random
    style: Style

    def add(self, op: Op, *inputs: Ref) -> Ref:
        """Append a layer."""
        return self.builder.add(op, *inputs)

    def channels(self, ref: Ref) -> int:
        """Of an image."""
        found = self.builder.tensor(ref).size("channel")
        assert isinstance(found, int)  # noqa: S101 - drawn networks leave only the batch open
        return found

    def side(self, ref: Ref) -> int:
        """The shorter side of an image."""
        tensor = self.builder.tensor(ref)
        sides = [tensor.size(axis) for axis in ("height", "width")]
        return min(side for side in sides if isinstance(side, int))

    def conv(
        self,
        ref: Ref,
        filters: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        *,
        groups: int = 1,
        active: bool = True,
    ) -> Ref:
        """A convolution with what the style puts behind it.

        Args:
            ref: the image.
            filters: channels of the result.
            kernel: its side, or height and width; less where the image is smaller.
            stride: along both axes.
            groups: of channels.
            active: False leaves the activation out, as before an addition.
        """
        style, side = self.style, max(self.side(ref), _LEAST_KERNEL)
        fused = style.fused and active and style.norm != "before"
        kernel = min(kernel, side) if isinstance(kernel, int) else kernel
        largest = max(kernel) if isinstance(kernel, tuple) else kernel
        padding: Padding = style.padding if largest <= self.side(ref) else "same"
        ref = self.add(
            Conv(
                filters=filters,
                windows=window(kernel, stride, padding=padding),
                groups=groups,
                bias=style.bias,
                activation=style.activation if fused else "linear",
            ),
            ref,
        )
        return self.after(ref, active=active and not fused)

    def after(self, ref: Ref, *, active: bool = True) -> Ref:
        """Norm and activation in the style's order."""
        style = self.style
        if style.norm == "before":
            ref = self.add(BatchNorm(), ref)
        if active:
            ref = self.activated(ref)
        if style.norm == "after":
            ref = self.add(BatchNorm(), ref)
        return ref

    def activated(self, ref: Ref) -> Ref:
        """The style's activation as a layer of its own."""
        return ref if self.style.activation == "linear" else self.add(
            Activation(self.style.activation), ref
        )  # fmt: skip

    def pool(self, ref: Ref, kernel: int, stride: int, *, padding: Padding = "valid") -> Ref:
        """A maximum, or an average now and then."""
        if self.style.local:
            ref = self.add(LocalResponseNorm(size=5), ref)
        function: Literal["max", "average"] = "max" if self.random.random() < 0.7 else "average"
        padding = padding if kernel <= self.side(ref) else "same"
        return self.add(
            Pool(function=function, windows=window(kernel, stride, padding=padding)), ref
        )
