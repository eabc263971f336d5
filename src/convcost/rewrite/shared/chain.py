"""Layers that follow each other in the place of one: what such rewrites share."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from convcost.errors import UsageError
from convcost.network.dataclass import dataclass
from convcost.network.network import Ref
from convcost.network.surgery import New
from convcost.read.unique import unique
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.shared.layer import is_trainable, macs, unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the layers that follow each other in the place of one.

    Attributes:
        op: what it does.
        name: what is appended to the layer's name; the last part bears the layer's alone.
        values: makes the numbers of its parameters; None where there are none.
    """

    op: Op
    name: str = ""
    values: Callable[[], Mapping[str, Any]] | None = None


class ChainRewrite(Rewrite):
    """Puts layers that follow each other in the place of one, where that saves MACs."""

    @abstractmethod
    def concerns(self, op: Op) -> bool:
        """Whether a layer looks like a place: it then is one, or is refused with a reason."""

    def refusal(self, network: Network, layer: Layer) -> str | None:  # noqa: ARG002 - most have none
        """What stands against a place besides what stands against any."""
        return None

    def widths(self, network: Network, layer: Layer) -> tuple[int, ...]:  # noqa: ARG002 - as above
        """Channels between the parts to choose from, the largest first; empty for no choice."""
        return ()

    def most(self, network: Network, layer: Layer) -> int:  # noqa: ARG002 - as above
        """The largest width that may be asked for."""
        return 0

    @abstractmethod
    def parts(self, network: Network, layer: Layer, size: int) -> Sequence[Part]:
        """What takes the layer's place; the size is 0 where there is no choice."""

    @abstractmethod
    def text(self, op: Any) -> str:
        """What is done, for a sentence that goes on with the layer's name."""

    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """The layers that would take fewer MACs."""
        for layer in network.layers:
            if self.concerns(layer.op):
                yield self._site(network, layer)

    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """The parts in the layer's place.

        Raises:
            UsageError: the size is not possible.
        """
        layer = network.layer(site.layer)
        chosen = chosen_size(self, site, size, self.most(network, layer))
        parts = self.parts(network, layer, chosen)
        return {layer.name: chained(network, layer, parts)}

    def _site(self, network: Network, layer: Layer) -> Site | Refused:
        why = unfit(network, layer) or self.refusal(network, layer)
        if why is not None:
            return Refused(layer=layer.name, why=why)
        widths = self.widths(network, layer)
        before = macs(network.tensor(layer.inputs[0]), [layer.op])
        after = {width: self._macs(network, layer, width) for width in widths or (0,)}
        saving = tuple(width for width in widths if after[width] < before)
        least = min(after.values())
        if least >= before:
            smallest = f"even with {min(widths)} in between it" if widths else "it"
            return Refused(
                layer=layer.name,
                why=f"{smallest} would take {least:,} MACs in place of {before:,}",
            )
        text = f"{self.text(layer.op)} {layer.name}"
        return Site(layer=layer.name, layers=(layer.name,), text=text, sizes=saving)

    def _macs(self, network: Network, layer: Layer, width: int) -> int:
        ops = (part.op for part in self.parts(network, layer, width))
        return macs(network.tensor(layer.inputs[0]), ops)


def chosen_size(rewrite: Rewrite, site: Site, size: int | None, most: int) -> int:
    """The size that is asked for; the site's largest where none is, 0 where it has none.

    Raises:
        UsageError: it is not possible.
    """
    if size is None:
        return site.sizes[0] if site.sizes else 0
    if not site.sizes:
        raise UsageError(
            f"{rewrite.name} of '{site.layer}' has no size to choose; {size} was given",
            hint="leave the size out",
        )
    if not 1 <= size <= most:
        raise UsageError(
            f"{rewrite.name} of '{site.layer}': size {size}; expected 1 to {most}",
            hint=f"sizes that fill whole blocks: {', '.join(map(str, site.sizes))}",
        )
    return size


def chained(network: Network, layer: Layer, parts: Sequence[Part]) -> tuple[New, ...]:
    """The parts one behind the other; the first reads what the layer reads."""
    taken = {each.name: 1 for each in network.layers}
    trainable = is_trainable(network, layer)
    inputs, found = layer.inputs, []
    for part in parts:
        last = part is parts[-1]
        name = layer.name if last else unique(f"{layer.name}_{part.name}", taken)
        found.append(
            New(name=name, op=part.op, inputs=inputs, values=part.values, trainable=trainable)
        )
        inputs = (Ref(name),)
    return tuple(found)
