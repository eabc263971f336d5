"""What a rewrite is: where it can be done, and what takes the place of what."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, get_args

from convcost.network.surgery import rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convcost.network.network import Network
    from convcost.network.surgery import New

#: ``exact``: the outputs stay, but for rounding. ``approximate``: the values are carried over, the
#: outputs change. ``retrain``: the structure alone is carried over, the new layers have no values.
Kind: TypeAlias = Literal["exact", "approximate", "retrain"]


def least_exact(kinds: Iterable[Kind]) -> Kind:
    """What stays after several rewrites, of at least one kind.

    >>> least_exact(["exact", "retrain", "approximate"])
    'retrain'
    """
    return max(kinds, key=get_args(Kind).index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place of a network where a rewrite can be done.

    Attributes:
        layer: the name that stands for the place: of the layer that is rewritten.
        layers: names of all layers that change.
        text: what would be done, for a sentence: ``fold bn1 into conv1``.
        sizes: ranks or widths to choose from, the largest first; empty where there is no choice.
    """

    layer: str
    layers: tuple[str, ...]
    text: str
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A place that looks like one, where the rewrite would be wrong.

    Attributes:
        layer: its name.
        why: the reason, for a sentence.
    """

    layer: str
    why: str

    def to_dict(self) -> dict[str, str]:
        """Plain values."""
        return {"layer": self.layer, "why": self.why}


class Rewrite(ABC):
    """One way to make a network cheaper.

    Attributes:
        name: what a user types: ``fold-batch-norm``.
        kind: what stays.
        summary: one line: what it does.
        law: when it saves anything, as a formula with its source.
        not_in_training: why a network that is trained on must not be rewritten so; empty where it
            may be.
        not_predicted: why the predicted time does not show what it saves; empty where it does.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]
    summary: ClassVar[str]
    law: ClassVar[str]
    not_in_training: ClassVar[str] = ""
    not_predicted: ClassVar[str] = ""

    @abstractmethod
    def sites(self, network: Network) -> Iterable[Site | Refused]:
        """The places of a network that is prepared for inference, in its order."""

    @abstractmethod
    def changes(
        self, network: Network, site: Site, size: int | None
    ) -> Mapping[str, Sequence[New]]:
        """What takes the place of what; for `convcost.network.surgery.rebuilt`.

        Args:
            network: whose site it is.
            site: one of `sites`.
            size: one of the site's; None where it has none.
        """

    def rewritten(self, network: Network, sites: Mapping[Site, int | None]) -> Network:
        """The network after it.

        Args:
            network: whose sites they are.
            sites: such that no two of them change the same layer, with their sizes.

        Raises:
            NetworkError: what is put there does not fit.
        """
        changes: dict[str, Sequence[New]] = {}
        for site, size in sites.items():
            changes.update(self.changes(network, site, size))
        return rebuilt(network, changes)
