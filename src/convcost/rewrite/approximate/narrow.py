"""A convolution without the filters of least norm, and what reads it without their channels."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from convcost.network.surgery import New
from convcost.rewrite.shared.channels import Channels, Cut
from convcost.rewrite.shared.layer import blocks, is_trainable, numbers
from convcost.rewrite.shared.narrowing import NarrowingRewrite, narrower

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.rewrite.rewrite import Kind


class Narrow(NarrowingRewrite):
    """Drops the filters whose weights have the smallest sum of magnitudes; the others stay.

    BatchNorm, depthwise layers and activations behind lose the same channels, and the layers that
    sum over them (convolutions, dense layers through Flatten) their inputs.
    """

    name: ClassVar[str] = "narrow"
    kind: ClassVar[Kind] = "approximate"
    summary: ClassVar[str] = "drop a convolution's filters of least norm, and what reads them"
    law: ClassVar[str] = (
        "saves MACs here and in the layers that read it, in proportion to the filters dropped; "
        "time where whole blocks of 8 or 16 are left "
        "(filters by their sum of magnitudes: Li et al., 2016, arXiv:1608.08710)"
    )

    def widths(self, filters: int) -> tuple[int, ...]:
        """Whole blocks."""
        return blocks(filters)

    def text(self, layer: Layer) -> str:
        """How many there are."""
        filters = layer.outputs[0].size("channel")
        return f"drop those of least norm of the {filters} filters of {layer.name}"

    def cut(
        self, network: Network, layer: Layer, cuts: Sequence[Cut], left: int
    ) -> Mapping[str, Sequence[New]]:
        """All of them, with the numbers that are left."""
        own: Any = layer.op
        filters = tuple(range(own.filters))
        bias = {"bias": Channels(0, filters)} if own.bias else {}
        first = Cut(layer.name, {"kernel": Channels(len(own.windows) + 1, filters), **bias})
        kept = _kept(network, layer, left)
        found = {cut.layer: (_cut(network, cut, kept),) for cut in cuts}
        return {layer.name: (_cut(network, first, kept, narrower(layer, left)),), **found}


def _kept(network: Network, layer: Layer, left: int) -> Callable[[], frozenset[int]] | None:
    """Which channels stay, found out when it is asked for; None without numbers.

    Another layer's, -1, always stay; of equal filters the first do.
    """
    loads = numbers(network, layer)
    if loads is None:
        return None

    @cache
    def kept() -> frozenset[int]:
        import numpy as np

        kernel = loads()["kernel"].astype("float64")
        norms = np.abs(kernel).reshape(-1, kernel.shape[-1]).sum(axis=0)
        return frozenset({-1, *np.argsort(-norms, kind="stable")[:left].tolist()})

    return kept


def _cut(
    network: Network, cut: Cut, kept: Callable[[], frozenset[int]] | None, op: Op | None = None
) -> New:
    """A layer with the numbers of the channels that stay; without any where not all are known.

    Args:
        network: whose layer it is.
        cut: what of it is cut.
        kept: the channels that stay.
        op: what it does then; None: what it did.
    """
    layer = network.layer(cut.layer)
    loads = numbers(network, layer)

    def values() -> Mapping[str, Any]:
        assert loads is not None  # noqa: S101 - for types
        assert kept is not None  # noqa: S101 - likewise
        return {
            name: _taken(array, cut.weights.get(name), kept()) for name, array in loads().items()
        }

    return New(
        name=layer.name,
        op=op or layer.op,
        inputs=layer.inputs,
        values=None if loads is None or kept is None else values,
        trainable=is_trainable(network, layer),
    )


def _taken(array: Any, channels: Channels | None, kept: frozenset[int]) -> Any:
    """The part of a parameter that belongs to channels that stay."""
    if channels is None:
        return array
    places = [place for place, channel in enumerate(channels.of) if channel in kept]
    return array.take(places, axis=channels.axis)


REWRITE = Narrow()
