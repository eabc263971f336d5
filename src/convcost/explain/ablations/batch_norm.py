"""BatchNorm taken out: folded into the layers beside it where that is exact, else dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.ablation import Without
from convcost.explain.folding import folding
from convcost.network.edit import changed, edited, without_layers
from convcost.ops.norm import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from convcost.explain.evidence import Case
    from convcost.explain.folding import Folding
    from convcost.network.network import Network

LOOKS_FOR = "BatchNorm layers"


def without(case: Case) -> Without | None:
    """The network with its BatchNorms folded or dropped.

    A layer that a BatchNorm is folded into has a bias afterwards, for the shift goes there.
    """
    network = case.network
    names = tuple(layer.name for layer in network.layers if isinstance(layer.op, BatchNorm))
    if not names:
        return None
    training = case.prediction.workload.training
    found = {} if training else {name: folding(network, name) for name in names}
    folds = [each for each in found.values() if each is not None]
    return Without(
        network=_with_bias(without_layers(network, names), {each.into for each in folds}),
        layers=names,
        subject="BatchNorm",
        meaning=_in_training(len(names)) if training else _meaning(folds, len(names)),
    )


def _with_bias(network: Network, names: Collection[str]) -> Network:
    """The network in which these layers add a bias."""
    ops = {name: network.layer(name).op for name in names}
    bare = {name: op for name, op in ops.items() if not getattr(op, "bias", True)}
    if not bare:
        return network
    return edited(network, {name: changed(op, bias=True) for name, op in bare.items()})


def _in_training(number: int) -> str:
    which = "it is dropped" if number == 1 else "they are dropped"
    return f"{which}: in training nothing can be folded, and a network without trains differently"


def _meaning(folds: Sequence[Folding], number: int) -> str:
    """What becomes of the results at inference."""
    same = "the results stay the same"
    if number == 1 and folds:
        return f"folded {folds[0].direction} into {folds[0].into}: {same}"
    if number == 1:
        return "dropped, as it folds into no layer beside it: the results change"
    back = sum(each.direction == "back" for each in folds)
    parts = [
        f"{part} folded {direction}"
        for part, direction in ((back, "back"), (len(folds) - back, "forward"))
        if part
    ]
    if len(folds) == number:
        return f"{' and '.join(parts)} into the layers beside them: {same}"
    parts.append(f"{number - len(folds)} dropped, as they fold into no layer beside them")
    return f"{', '.join(parts)}: the results change"
