"""A unit of execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from convcost.network.cost import Cost
    from convcost.network.dims import Dim

#: product: convolution or matrix product; stream: element-wise and pooling; copy: no arithmetic
KernelKind: TypeAlias = Literal["product", "stream", "copy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What a runtime executes as one piece.

    Attributes:
        name: the layer's, with the part of it (``conv2d_1``, ``conv2d_1/bias``).
        layers: the layers that it computes, in the network's order; its time is charged to the
            first one. Several kernels may have the same: a composed layer, a change of the layout.
        phase: of a training step.
        kind: what it does: products, passes over tensors, or copies.
        cost: what it really computes and moves, intermediate passes included.
        channels: size of the axis that fills the vector units, for a product.
    """

    name: str
    layers: tuple[str, ...]
    kind: KernelKind
    cost: Cost
    channels: Dim | None = None
    phase: Literal["forward", "backward"] = "forward"
