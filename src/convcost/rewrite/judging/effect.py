"""What a change of some layers changes: exact differences of counts, and of predicted times."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from convcost.network.dataclass import fields as op_fields
from convcost.network.dataclass import replace as op_replace
from convcost.predict.kernel import parts_of
from convcost.predict.ratio import ratio

if TYPE_CHECKING:
    from collections.abc import Container

    from convcost.network.network import Network
    from convcost.network.op import Op
    from convcost.predict import Estimate, LayerPrediction
    from convcost.rewrite.judging.figures import Figures, Priced

#: What a product may gain or lose without becoming another one.
_EPILOGUE = {"bias": True, "activation": "linear"}
#: Part of a time that always stays.
_LEAST = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """After less before. Effects of layers that have none in common add up.

    Attributes:
        macs: MACs.
        parameters: learned numbers.
        statistics: other stored numbers.
        bytes: read and written.
        gone: predicted seconds that are no longer needed.
        new: predicted seconds that are needed now.
        gone_launches: of `gone`, seconds of starting kernels.
        new_launches: likewise of `new`.
        gone_kernels: how many kernels these are.
        new_kernels: likewise.
    """

    macs: int
    parameters: int
    statistics: int
    bytes: int
    gone: float
    new: float
    gone_launches: float
    new_launches: float
    gone_kernels: int
    new_kernels: int

    def times(self, number: int) -> Effect:
        """The effect of doing it at so many places that are alike."""
        return Effect(**{each.name: number * getattr(self, each.name) for each in fields(self)})

    def ratio(self, whole: Estimate) -> Estimate:
        """Predicted time after over that before, of a network that takes `whole` before."""
        kept = self._kept(whole)
        return ratio(whole.times((kept + self.new) / whole.value), whole, kept)

    def _kept(self, whole: Estimate) -> float:
        """Seconds that stay; parts, predicted by themselves, may come to more than the whole."""
        return max(whole.value - self.gone, _LEAST * whole.value)

    def on(self, figures: Figures) -> Figures:
        """The figures of the network after it; without those that need the whole network."""
        seconds = figures.seconds
        return replace(
            figures,
            macs=figures.macs + self.macs,
            parameters=figures.parameters + self.parameters,
            statistics=figures.statistics + self.statistics,
            bytes=figures.bytes + self.bytes,
            seconds=seconds.times((self._kept(seconds) + self.new) / seconds.value),
            memory_bytes=None,
            field=None,
        )


def effect(before: Priced, after: Priced) -> Effect:
    """What is different between a network, or a part of one, and what became of it.

    A layer that is in both and computes the same takes the same in both, as far as both take it:
    only the rest is different.
    """
    a, b = before.figures, after.figures
    alike = _alike(before.bound, after.bound)
    gone, new = _apart(before, after, alike), _apart(after, before, alike)
    return Effect(
        macs=b.macs - a.macs,
        parameters=b.parameters - a.parameters,
        statistics=b.statistics - a.statistics,
        bytes=b.bytes - a.bytes,
        gone=gone.seconds,
        new=new.seconds,
        gone_launches=gone.launches,
        new_launches=new.launches,
        gone_kernels=gone.kernels,
        new_kernels=new.kernels,
    )


@dataclass(frozen=True, slots=True)
class _Apart:
    """What one network has and the other has not."""

    seconds: float
    launches: float
    kernels: int


def _apart(of: Priced, other: Priced, alike: Container[str]) -> _Apart:
    there = {row.name: row for row in other.prediction.layers}
    seconds, launches, kernels = [], [], 0
    for row in of.prediction.layers:
        if row.name not in alike:
            seconds.append(row.seconds)
            launches.append(_launches(row))
            kernels += len(row.kernels)
            continue
        same = there[row.name]
        more = row.seconds - same.seconds
        if more > 0 and not math.isclose(row.seconds, same.seconds):
            seconds.append(more)
            launches.append(_launches(row) * more / row.seconds)
            kernels += max(len(row.kernels) - len(same.kernels), 0)
    for phase, taken in of.prediction.rest.items():
        seconds.append(max(taken - other.prediction.rest.get(phase, 0.0), 0.0))
    return _Apart(math.fsum(seconds), math.fsum(launches), kernels)


def _launches(row: LayerPrediction) -> float:
    return parts_of(row.kernels)["launch"]


def _alike(a: Network, b: Network) -> frozenset[str]:
    """The layers of both that do the same work, but for a bias or activation."""
    there = {layer.name: layer for layer in b.layers}
    return frozenset(
        layer.name
        for layer in a.layers
        if (other := there.get(layer.name)) is not None
        and (layer.op is other.op or _product(layer.op) == _product(other.op))
        and layer.outputs == other.outputs
        and [a.tensor(ref) for ref in layer.inputs] == [b.tensor(ref) for ref in other.inputs]
    )


def _product(op: Op) -> Any:
    """The op without what may follow its product."""
    names = {each.name for each in op_fields(op)}  # type: ignore[arg-type]
    if "bias" not in names:
        return op
    return op_replace(op, **{k: v for k, v in _EPILOGUE.items() if k in names})  # type: ignore[type-var]
