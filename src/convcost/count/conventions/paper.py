"""As the tables of papers count: multiply-adds and weights of convolutions and linear layers only.

Source: Szegedy et al., "Going deeper with convolutions" (arXiv:1409.4842), table 1; Howard et al.,
"MobileNets" (arXiv:1704.04861), tables 2 to 5: with biases and normalisation the shares of
parameters there would not come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention, Site
from convcost.count.conventions.sites import macs, number
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from convcost.network.network import Network

_COUNTED = frozenset({"conv", "depthwise_conv", "separable_conv", "conv_transpose", "dense"})


def _charge(site: Site) -> Charge:
    if isinstance(site.layer.op, Unknown):
        return Charge(0, "it may hold convolutions", known=False)
    operations = macs(site.layer.op, site.call)
    if site.layer.op.kind in _COUNTED or not operations:
        return Charge(operations)
    return Charge(0, "the papers count convolutions and fully connected layers only")


def parameters(network: Network) -> int:
    """Kernels: those parameters of the counted layers that have more than one axis."""
    ids = {id_ for layer in network.layers if layer.op.kind in _COUNTED for id_ in layer.parameters}
    rows = (network.table[id_] for id_ in ids)
    return sum(number(row.elements) for row in rows if len(row.shape) > 1)


CONVENTION = Convention(
    name="paper",
    version="",
    unit="MAC",
    says="multiply-adds",
    counts=(
        "MACs of convolutions and fully connected layers; their kernels as parameters, without "
        "biases and normalisation"
    ),
    charge=_charge,
    parameters=parameters,
)
