"""What a convention of counting is: another tool's charge for each layer, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcost.network.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.network.module import Module
    from convcost.network.network import Layer, Network
    from convcost.network.op import Call


@dataclass(frozen=True, slots=True)
class Site:
    """One layer as a convention sees it.

    Attributes:
        network: bound to a batch.
        layer: the layer.
        call: what its op is applied to.
        module: the source's module that called it; None where the source has no modules: the layer
            counts as if it were written with the tool's own framework in the plainest way.
    """

    network: Network
    layer: Layer
    call: Call
    module: Module | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What a tool makes of one layer.

    Attributes:
        operations: in the tool's own unit.
        because: why that is not what the layer's MACs say; empty where it is. The same words for
            every layer with the same reason: differences are summed by them.
        fault: whether the reason is a known fault of the tool, and not a choice of what to count.
        known: False where the tool ends with an error at this layer, or where it cannot be told
            what it would say; `because` tells which.
    """

    operations: int
    because: str = ""
    fault: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How one tool counts.

    Attributes:
        name: the tool's: ``fvcore``.
        version: the one that was compared with; empty for what is no program.
        unit: what one of its operations is: a MAC, or half of one.
        says: what the tool calls its figure: ``flops``.
        counts: in a sentence, what it charges.
        charge: its charge for a layer. Every size is a number; the op of a layer that was read from
            PyTorch may be `Unknown`, and then its origin says what was called.
        framework: of the networks that it counts: what another framework calls its layers says
            nothing to it.
        parameters: its number of parameters, where that is another than ours; None: the same.
        activations: its charge for a layer, in values, where it counts activations too.
    """

    name: str
    version: str
    unit: Literal["MAC", "FLOP"]
    says: str
    counts: str
    charge: Callable[[Site], Charge]
    framework: str = "torch"
    parameters: Callable[[Network], int] | None = None
    activations: Callable[[Site], int] | None = None
