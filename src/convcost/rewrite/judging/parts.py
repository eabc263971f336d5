"""What changes of some layers change in a network, told by the part of it that is around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.count import totals
from convcost.network.cost import FIGURES, Cost
from convcost.network.surgery import rebuilt
from convcost.rewrite.judging.effect import effect
from convcost.rewrite.judging.excerpt import excerpt, near
from convcost.rewrite.judging.figures import priced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network
    from convcost.network.surgery import New
    from convcost.rewrite.judging.effect import Effect
    from convcost.rewrite.judging.figures import Priced
    from convcost.rewrite.judging.setting import Setting

#: Steps along the graph around what is changed, so that kernels and layouts are those of the whole.
_AROUND = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a network, priced as a part of its run.

    Attributes:
        before: the part.
        rest: the forward cost of what a batch consists of besides it.
        setting: what it is judged by.
    """

    before: Priced
    rest: Cost
    setting: Setting

    def changed(self, changes: Mapping[str, Sequence[New]]) -> Effect:
        """What is different with other layers in the place of some.

        Layers that are as they were keep their costs: `rebuilt` hands these on.

        Args:
            changes: what takes the place of what, as `rebuilt` has it.

        Raises:
            NetworkError: it does not fit, or nothing of it can be predicted.
        """
        after = rebuilt(self.before.bound, changes)
        return effect(self.before, priced(after, self.setting, self.rest))


class Parts:
    """The parts of a network around changes.

    Several ways to rewrite a layer change the same part: it is priced once.

    Args:
        whole: the network.
        setting: what it is judged by.
    """

    def __init__(self, whole: Priced, setting: Setting) -> None:
        self.whole, self.setting = whole, setting
        #: by the names of their layers: no more than there are places for rewrites
        self._known: dict[frozenset[str], Part] = {}

    def around(self, changes: Mapping[str, Sequence[New]]) -> Part:
        """The part around what is changed.

        Args:
            changes: what takes the place of what.

        Raises:
            NetworkError: nothing of it can be predicted.
        """
        network = self.whole.bound
        read = {ref.layer for new in changes.values() for each in new for ref in each.inputs}
        inside = near(network, changes.keys() | (read & network.consumers.keys()), _AROUND)
        found = self._known.get(inside)
        if found is None:
            part = excerpt(network, inside)
            rest = self._rest(part)
            found = Part(priced(part, self.setting, rest), rest, self.setting)
            self._known[inside] = found
        return found

    def _rest(self, part: Network) -> Cost:
        total, _ = totals(part, self.setting.workload)
        own, inside = self.whole.forward, total.forward
        return Cost(**{name: getattr(own, name) - getattr(inside, name) for name in FIGURES})
