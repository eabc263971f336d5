"""A convolution as a depthwise one and a 1x1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.dataclass import replace
from convcost.ops.depthwise import DepthwiseConv
from convcost.rewrite.shared.chain import ChainRewrite, Part
from convcost.rewrite.shared.convolution import convolves, grouped, ones
from convcost.rewrite.shared.layer import side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind

#: With fewer channels all filters would be mixtures of too few kernels.
_FEWEST = 8


class DepthwiseSeparable(ChainRewrite):
    """One kernel per channel, then 1x1; no activation between, as in Xception.

    Window, stride and padding are the depthwise one's: positions and receptive field stay.
    """

    name: ClassVar[str] = "depthwise-separable"
    kind: ClassVar[Kind] = "retrain"
    summary: ClassVar[str] = "KxK convolution -> KxK per channel (depthwise), then 1x1"
    law: ClassVar[str] = (
        "MACs are 1/Co + 1/K^2 of the convolution's; the time falls less, since the depthwise part "
        "moves as many values for few products (Chollet, 2016, arXiv:1610.02357)"
    )

    def concerns(self, op: Op) -> bool:
        """Kernels larger than 1."""
        return convolves(op)

    def refusal(self, network: Network, layer: Layer) -> str | None:
        """Few channels, groups."""
        op: Any = layer.op
        channels: Any = network.tensor(layer.inputs[0]).size("channel")
        if channels < _FEWEST:
            return (
                "all its filters would be mixtures of one kernel per channel, and it reads only "
                f"{channels}"
            )
        return grouped(op)

    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """Depthwise without a bias, then 1x1."""
        del network, size
        op: Any = layer.op
        return (
            Part(name="depthwise", op=DepthwiseConv(windows=op.windows, bias=False)),
            Part(op=replace(op, windows=ones(op.windows))),
        )

    def text(self, op: Any) -> str:
        """The two kernels."""
        return f"{side(op.windows)} per channel and {side(ones(op.windows))} for"


REWRITE = DepthwiseSeparable()
