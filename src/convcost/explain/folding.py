"""What to do about BatchNorms at inference, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from convcost.rewrite.shared.folding import Fold, fold_back, fold_forward, function_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.network.network import Layer, Network


@dataclass(frozen=True, slots=True)
class Folding:
    """Where a BatchNorm goes at inference without changing the results.

    Attributes:
        direction: into the layer before it, or into the one behind it.
        into: that layer.
    """

    direction: Literal["back", "forward"]
    into: str


def folding(network: Network, name: str) -> Folding | None:
    """Where a BatchNorm can be folded at inference; None where nowhere.

    >>> from convcost.zoo import load
    >>> folding(load("seed000"), "batch_normalization_1")
    Folding(direction='forward', into='dense_1')
    """
    layer = network.layer(name)
    if isinstance(back := fold_back(network, layer), Fold):
        return Folding("back", back.layer)
    forward = fold_forward(network, layer)
    return Folding("forward", forward.layer) if isinstance(forward, Fold) else None


def fold_advice(network: Network, names: Sequence[str]) -> str:
    """What to do about some BatchNorms at inference.

    >>> from convcost.zoo import load
    >>> fold_advice(load("resnet18"), ["bn1", "layer1.0.bn1", "layer1.0.bn2"])
    'fold 3 of 3 into the convolutions before them (exact at inference): their whole cost vanishes'
    """
    if len(names) == 1:
        return _advice(network, names[0])
    back = [name for name in names if isinstance(fold_back(network, network.layer(name)), Fold)]
    alike: dict[tuple[object, ...], list[str]] = {}
    for name in names:
        if name not in back:
            alike.setdefault(_situation(network, network.layer(name)), []).append(name)
    text = (
        f"fold {len(back)} of {len(names)} into the convolutions before them (exact at inference): "
        "their whole cost vanishes"
    )
    others = (
        f"for {first}: {_advice(network, first)}"
        + (f"; likewise for {len(more)} more" if more else "")
        for first, *more in alike.values()
    )
    return "; ".join([*([text] if back else []), *others])


def _situation(network: Network, layer: Layer) -> tuple[object, ...]:
    """What the advice depends on: whether it folds forward, and what it stands behind."""
    return isinstance(fold_forward(network, layer), Fold), function_before(network, layer)


def _advice(network: Network, name: str) -> str:
    """What to do about one BatchNorm at inference.

    >>> from convcost.zoo import load
    >>> _advice(load("seed000"), "batch_normalization_1").split("; ")[:2]
    ['fold it forward into dense_1 (exact)', 'behind the ReLU it cannot go back into conv2d_1']
    """
    layer = network.layer(name)
    back = fold_back(network, layer)
    if isinstance(back, Fold):
        return f"fold it into {back.layer} (exact at inference): its whole cost vanishes"
    forward = fold_forward(network, layer)
    if isinstance(forward, Fold):
        advice = f"fold it forward into {forward.layer} (exact)"
    else:
        advice = "run it where it is fused into the kernel before it (torch.compile)"
    activation = function_before(network, layer)
    if not activation:
        return advice
    before = back.why.rpartition(" back into ")[2]
    reorder = f"or put it before the {activation} and retrain: then it folds into {before}"
    return f"{advice}; {back.why}; {reorder}"
