"""A large kernel as 3x3 ones behind each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.ops.conv import Conv
from convcost.rewrite.shared.chain import ChainRewrite, Part
from convcost.rewrite.shared.convolution import (
    between,
    grouped,
    middle_widths,
    most_channels,
    stacked,
)
from convcost.rewrite.shared.layer import side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind


class Two3x3(ChainRewrite):
    """5x5 -> two 3x3, 7x7 -> three, with the activation between them.

    Of stride 1 but for the last, so that both see what the one saw: positions and receptive field
    stay. No choice of weights makes them equal at fewer MACs, so they are trained anew.
    """

    name: ClassVar[str] = "two-3x3"
    kind: ClassVar[Kind] = "retrain"
    summary: ClassVar[str] = "5x5 convolution -> two of 3x3, 7x7 -> three, activation between"
    law: ClassVar[str] = (
        "saves MACs where 9*Cm*(Ci + (n - 2)*Cm + Co) < K*K*Ci*Co for n = (K - 1)/2 kernels and Cm "
        "channels between, at stride 1: 18 for 25 with equal ones "
        "(Szegedy et al., 2015, arXiv:1512.00567)"
    )

    def concerns(self, op: Op) -> bool:
        """Kernels of as many taps along each axis, and more than 3."""
        if not isinstance(op, Conv):
            return False
        sides = {window.kernel for window in op.windows}
        return len(sides) == 1 and all(isinstance(x, int) and x > 3 for x in sides)

    def refusal(self, network: Network, layer: Layer) -> str | None:
        """Even kernels, groups."""
        del network
        op: Any = layer.op
        if op.windows[0].kernel % 2 == 0:
            return f"3x3 kernels behind each other see odd sides, not {side(op.windows)}"
        return grouped(op)

    def widths(self, network: Network, layer: Layer) -> tuple[int, ...]:
        """Channels between the kernels."""
        return middle_widths(network, layer)

    def most(self, network: Network, layer: Layer) -> int:
        """As many as there are on the wider side."""
        return most_channels(network, layer)

    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """The kernels, with what follows the layer between them."""
        op: Any = layer.op
        tensor = network.tensor(layer.inputs[0])
        times = op.windows[0].kernel // 2
        along = [stacked(window, tensor.size(window.axis), times) for window in op.windows]
        activation, layers = between(network, layer)
        parts: list[Part] = []
        *earlier, last = zip(*along, strict=True)
        for number, windows in enumerate(earlier, 1):
            inner = replace(op, filters=size, windows=windows, activation=activation)
            parts.append(Part(name=f"{number}", op=inner))
            parts += (replace(part, name=f"{number}_{part.name}") for part in layers)
        return (*parts, Part(op=replace(op, windows=last)))

    def text(self, op: Any) -> str:
        """How many."""
        kernels = side([replace(window, kernel=3) for window in op.windows])
        return f"{op.windows[0].kernel // 2} of {kernels} for the {side(op.windows)} of"


REWRITE = Two3x3()
