"""What could be done to a network, what each way is predicted to save, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, get_args

from convcost.errors import unknown_name
from convcost.rewrite.judging.effect import effect
from convcost.rewrite.judging.figures import field_of, memory_of, priced
from convcost.rewrite.judging.parts import Parts
from convcost.rewrite.judging.search import Found, largest_worth_it
from convcost.rewrite.judging.verdict import Verdict, judged
from convcost.rewrite.registry import rewrite_of, rewrites
from convcost.rewrite.sites import done, groups, sites_of
from convcost.write.bound import bound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.network import Network
    from convcost.predict import Estimate
    from convcost.rewrite.judging.figures import Figures
    from convcost.rewrite.judging.setting import Setting
    from convcost.rewrite.rewrite import Kind, Refused, Rewrite, Site
    from convcost.rewrite.sites import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A rewrite at one place, or at places that are alike.

    Attributes:
        name: of the rewrite.
        kind: what stays: ``exact``, ``approximate``, ``retrain``.
        text: what would be done, for a sentence.
        places: names that stand for the places.
        layers: of all layers that change.
        size: the rank or width that was chosen by predicted time; None where there is no choice.
        before: figures of the network.
        after: of the rewritten network, all places rewritten. Memory and receptive field are told
            of what is worth it only.
        ratio: predicted time after over that before.
        verdict: whether it is worth it.
        reason: for the verdict.
    """

    name: str
    kind: Kind
    text: str
    places: tuple[str, ...]
    layers: tuple[str, ...]
    size: int | None
    before: Figures
    after: Figures
    ratio: Estimate
    verdict: Verdict
    reason: str

    @property
    def saved(self) -> float:
        """Predicted seconds per batch."""
        return self.before.seconds.value - self.after.seconds.value

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "name": self.name,
            "kind": self.kind,
            "text": self.text,
            "places": list(self.places),
            "layers": list(self.layers),
            "size": self.size,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "ratio": self.ratio.to_dict(),
            "verdict": self.verdict,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Candidates:
    """All of them, and what is none.

    Attributes:
        before: figures of the network.
        found: those that are worth it, those that are undecided, those that are not worth it; of
            each the most predicted time saved first.
        refused: by rewrite: places that look like one, and why they are none.
    """

    before: Figures
    found: tuple[Candidate, ...]
    refused: tuple[tuple[str, Refused], ...]

    @property
    def worth_it(self) -> tuple[Candidate, ...]:
        """Those that are sure to be."""
        return self.judged("worth it")

    def judged(self, verdict: Verdict) -> tuple[Candidate, ...]:
        """Those of a verdict."""
        return tuple(each for each in self.found if each.verdict == verdict)


def candidates(
    network: Network,
    setting: Setting,
    *,
    names: Sequence[str] = (),
    pattern: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Candidates:
    """What each rewrite would do, judged before anything is done.

    Args:
        network: prepared for inference; all sizes but the batch known.
        setting: what it is judged by.
        names: of rewrites; default: all.
        pattern: of names of layers that are to be among those that change.
        say: told which rewrite it is at.

    Raises:
        UsageError: a name is unknown.
        NetworkError: a size is open, or no layer's cost is known.
    """
    network = prepared(network, pattern)
    before = priced(network, setting)
    whole = replace(before.figures, memory_bytes=memory_of(before.bound, setting))
    parts = Parts(before, setting)
    found: list[Candidate] = []
    refused: list[tuple[str, Refused]] = []
    for rewrite in map(rewrite_of, names or rewrites()):
        say(rewrite.name)
        there = sites_of(network, rewrite, training=setting.workload.training, pattern=pattern)
        refused += [(rewrite.name, each) for each in there.refused]
        for group in groups(network, rewrite, there.sites):
            candidate = _candidate(parts, whole, rewrite, there, group, pattern)
            found += [] if candidate is None else [candidate]
    order = get_args(Verdict)
    found.sort(key=lambda each: (order.index(each.verdict), -each.saved))
    return Candidates(whole, tuple(found), tuple(refused))


def prepared(network: Network, pattern: str | None) -> Network:
    """The network, once it is known that it can be rewritten.

    Raises:
        NetworkError: a size is open.
        UsageError: the pattern fits no layer.
    """
    if pattern is not None and not any(fnmatchcase(x.name, pattern) for x in network.layers):
        raise unknown_name("layer", pattern, [layer.name for layer in network.layers])
    return bound(network, None)


def _candidate(
    parts: Parts,
    whole: Figures,
    rewrite: Rewrite,
    there: Sites,
    sites: Sequence[Site],
    pattern: str | None,
) -> Candidate | None:
    """Some of a rewrite's sites as one candidate; None where nothing of it can be predicted."""
    before, setting = parts.whole, parts.setting
    # in numbers, which are quick to work with; the places are those of the network as it was given
    network, figures = before.bound, before.figures
    made: Network | None = None
    if rewrite.kind == "exact":
        made = _rewritten(network, rewrite, there, sites, None, pattern)
        change = effect(before, priced(made, setting))
        found: Found | None = Found(None, change, judged(rewrite, change, figures))
    else:
        found = largest_worth_it(parts, rewrite, sites)
    if found is None:
        return None
    own, then = whole, found.effect.on(figures)
    if found.judged.worth_it:
        made = made or _rewritten(network, rewrite, there, sites, found.size, pattern)
        layer = sites[0].layer
        then = replace(then, memory_bytes=memory_of(made, setting))
        if rewrite.kind != "exact":
            own = replace(own, field=field_of(network, layer))
            then = replace(then, field=field_of(made, layer))
    more = f" and at {len(sites) - 1} more" if len(sites) > 1 else ""
    return Candidate(
        name=rewrite.name,
        kind=rewrite.kind,
        text=f"{sites[0].text}{more}",
        places=tuple(site.layer for site in sites),
        layers=tuple(dict.fromkeys(name for site in sites for name in site.layers)),
        size=found.size,
        before=own,
        after=then,
        ratio=found.effect.ratio(figures.seconds),
        verdict=found.judged.verdict,
        reason=found.judged.reason,
    )


def _rewritten(
    network: Network,
    rewrite: Rewrite,
    there: Sites,
    sites: Sequence[Site],
    size: int | None,
    pattern: str | None,
) -> Network:
    sizes = {site.layer: size for site in sites}
    return done(network, rewrite, sizes, there=there, pattern=pattern).network
