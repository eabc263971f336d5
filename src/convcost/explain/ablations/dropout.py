"""Dropout taken out of training; at inference it does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.ablation import Without
from convcost.network.edit import without_layers
from convcost.ops.regularization import Dropout

if TYPE_CHECKING:
    from convcost.explain.evidence import Case

LOOKS_FOR = "dropout in training"


def without(case: Case) -> Without | None:
    """The network with its dropout dropped."""
    network = case.network
    names = tuple(layer.name for layer in network.layers if isinstance(layer.op, Dropout))
    if not names or not case.prediction.workload.training:
        return None
    return Without(
        network=without_layers(network, names),
        layers=names,
        subject="dropout",
        meaning="dropped: what it costs, not advice; a network without it overfits sooner",
    )
