"""Rewrite a network: what was chosen, in order, each step with its figures before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from convcost.predict import Estimate
from convcost.rewrite.judging.candidates import prepared
from convcost.rewrite.judging.effect import effect
from convcost.rewrite.judging.figures import field_of, memory_of, priced
from convcost.rewrite.judging.search import sizes_at
from convcost.rewrite.judging.setting import Setting
from convcost.rewrite.judging.verdict import judged
from convcost.rewrite.registry import rewrite_of
from convcost.rewrite.sites import done, sites_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network
    from convcost.rewrite.judging.figures import Figures, Priced
    from convcost.rewrite.judging.verdict import Verdict
    from convcost.rewrite.rewrite import Kind, Refused, Rewrite
    from convcost.rewrite.sites import Done


@dataclass(frozen=True, slots=True)
class Choice:
    """A rewrite that was chosen.

    Attributes:
        name: of the rewrite.
        layers: a pattern of names of layers (``conv*``), one of which a place has to have; None:
            where it is worth it; an exact one everywhere.
        size: a rank or width, for all places; None: the largest that is worth it by predicted
            time.
    """

    name: str
    layers: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a choice came to.

    Attributes:
        name: of the rewrite.
        kind: what stays: ``exact``, ``approximate``, ``retrain``.
        pattern: of names of layers, one of which a place had to have; None for any.
        sizes: by the names that stand for the places where it was done; None where there is none.
        layers: all that were changed.
        before: figures of the network before this step.
        after: behind it.
        ratio: predicted time after over that before.
        verdict: whether it is worth it; ``refused`` where it was done nowhere.
        reason: for the verdict.
        refused: places where it was not done, and why.
    """

    name: str
    kind: Kind
    pattern: str | None
    sizes: Mapping[str, int | None]
    layers: tuple[str, ...]
    before: Figures
    after: Figures
    ratio: Estimate
    verdict: Verdict
    reason: str
    refused: tuple[Refused, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract."""
        return {
            "name": self.name,
            "kind": self.kind,
            "layers": list(self.layers),
            "sizes": dict(self.sizes),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "ratio": self.ratio.to_dict(),
            "verdict": self.verdict,
            "reason": self.reason,
            "refused": [each.to_dict() for each in self.refused],
        }


@dataclass(frozen=True, slots=True)
class Applied:
    """A rewritten network.

    Attributes:
        network: the new one.
        steps: one per choice, in order.
        ratio: predicted time of the new network over that of the old one.
    """

    network: Network
    steps: tuple[Step, ...]
    ratio: Estimate


def applied(
    network: Network,
    choices: Sequence[Choice],
    setting: Setting | None = None,
) -> Applied:
    """The network after all choices, each of which changes what the one before it left.

    Args:
        network: prepared for inference; all sizes but the batch known.
        choices: in order.
        setting: what times are predicted for; default: one sample on this machine.

    Raises:
        UsageError: a rewrite is unknown, a pattern fits no layer, a size is given to what has none.
        NetworkError: a size is open, or something does not fit behind a change.

    >>> from convcost.zoo import load
    >>> found = applied(load("resnet18"), [Choice("fold-batch-norm")])
    >>> len(found.steps[0].sizes), found.network.layer("conv1").op.bias
    (20, True)
    """
    for choice in choices:
        network = prepared(network, choice.layers)
        rewrite_of(choice.name)
    setting = setting or Setting.chosen(network)
    first = priced(network, setting)
    last = first = replace(first, figures=_with_memory(first, setting))
    steps = []
    for choice in choices:
        last, step = _step(last, choice, rewrite_of(choice.name), setting)
        steps.append(step)
    ratio = effect(first, last).ratio(first.figures.seconds)
    return Applied(last.network, tuple(steps), ratio)


def repeated(network: Network, steps: Sequence[Step]) -> Network:
    """The same steps done to another network of the same structure, with other values perhaps.

    Raises:
        UsageError: a rewrite is unknown.
        NetworkError: something does not fit behind a change.
    """
    for step in steps:
        rewrite = rewrite_of(step.name)
        network = done(network, rewrite, step.sizes, pattern=step.pattern).network
    return network


def _step(
    before: Priced, choice: Choice, rewrite: Rewrite, setting: Setting
) -> tuple[Priced, Step]:
    """The network after a choice, and what became of it."""
    training, pattern = setting.workload.training, choice.layers
    there = sites_of(before.network, rewrite, training=training, pattern=pattern)
    sizes, unwanted = sizes_at(before, rewrite, there, choice, setting)
    found = done(before.network, rewrite, sizes, there=there, training=training, pattern=pattern)
    exact = rewrite.kind == "exact"
    refused = (*(() if exact else there.refused), *unwanted, *found.refused)
    if not found.sites:
        return before, _nothing(before, rewrite, choice, refused)
    after = priced(found.network, setting)
    change = effect(before, after)
    verdict = judged(rewrite, change, before.figures)
    after = replace(after, figures=_with_memory(after, setting))
    own, then = before.figures, after.figures
    layer = next(iter(found.sites)).layer
    if not exact:
        own = replace(own, field=field_of(before.network, layer))
        then = replace(then, field=field_of(after.network, layer))
    return after, Step(
        name=rewrite.name,
        kind=rewrite.kind,
        pattern=pattern,
        sizes={site.layer: size for site, size in found.sites.items()},
        layers=_layers(found),
        before=own,
        after=then,
        ratio=change.ratio(before.figures.seconds),
        verdict=verdict.verdict,
        reason=verdict.reason,
        refused=refused,
    )


def _nothing(before: Priced, rewrite: Rewrite, choice: Choice, refused: Sequence[Refused]) -> Step:
    """The step that left the network as it was."""
    reason = "there is no place for it"
    if refused:
        first, *others = refused
        reason = f"{first.layer}: {first.why}"
        reason += f"; {len(others)} more places are refused" if others else ""
    return Step(
        name=rewrite.name,
        kind=rewrite.kind,
        pattern=choice.layers,
        sizes={},
        layers=(),
        before=before.figures,
        after=before.figures,
        ratio=Estimate(1.0, 1.0, 1.0),
        verdict="refused",
        reason=reason,
        refused=tuple(refused),
    )


def _layers(found: Done) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for site in found.sites for name in site.layers))


def _with_memory(found: Priced, setting: Setting) -> Figures:
    return replace(found.figures, memory_bytes=memory_of(found.bound, setting))
