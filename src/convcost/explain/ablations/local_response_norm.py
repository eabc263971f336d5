"""Local response normalisation taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.ablation import Without
from convcost.network.edit import without_layers
from convcost.ops.local_response_norm import LocalResponseNorm

if TYPE_CHECKING:
    from convcost.explain.evidence import Case

LOOKS_FOR = "local response normalisation"


def without(case: Case) -> Without | None:
    """The network with these layers dropped."""
    network = case.network
    names = tuple(x.name for x in network.layers if isinstance(x.op, LocalResponseNorm))
    if not names:
        return None
    return Without(
        network=without_layers(network, names),
        layers=names,
        subject="local response normalisation",
        meaning="dropped: the results change. Networks since VGG do without it",
    )
