"""A kernel while layers are still added to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from convcost.runtime.kernel import Kernel, KernelKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.cost import Cost
    from convcost.network.dims import Dim

#: What a kernel can still do while it writes.
Step: TypeAlias = Literal["batch norm", "sum", "activation"]


@dataclass(slots=True, eq=False)
class Draft:
    """A kernel that later layers may still be fused into.

    Attributes:
        position: in the order of execution.
        layers: that it computes.
        results: layers whose output is what the kernel writes: the last one computed, and views.
        takes: what can be fused into it.
        op: the kind of op whose activations it takes; or what it is a part of.
        in_blocks: whether its result lies in blocks of channels.
        behind: for the pass that adds a product's bias, and that may begin a chain: the product,
            whose it is if no layer follows in it.
        serves: for a change of the layout: the kernel whose layers it is for.
    """

    name: str
    kind: KernelKind
    cost: Cost
    position: int
    layers: list[str]
    results: list[str]
    channels: Dim | None = None
    takes: set[Step] = field(default_factory=set)
    op: str = ""
    in_blocks: bool = False
    behind: str = ""
    serves: Draft | None = None

    def finished(self, place: Mapping[str, int]) -> Kernel:
        """The kernel.

        Args:
            place: layers -> their places in the network.
        """
        of = self.serves or self
        layers = of.layers or [of.behind]
        return Kernel(
            name=self.name,
            layers=tuple(sorted(layers, key=place.__getitem__)),
            kind=self.kind,
            cost=self.cost,
            channels=self.channels,
        )
