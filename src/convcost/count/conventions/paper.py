"""As the tables of papers count: multiply-adds and weights of convolutions and linear layers only.

Source: Szegedy et al., "Going deeper with convolutions" (arXiv:1409.4842), table 1; Howard et al.,
"MobileNets" (arXiv:1704.04861), tables 2 to 5: with biases and normalisation the shares of
parameters there would not come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.count.conventions.convention import Charge, Convention, Site
from convcost.count.conventions.sites import combined, number, operators, sites
from convcost.ops.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.count.conventions.sites import Operator
    from convcost.network.network import Network

_COUNTED = frozenset({"conv", "depthwise_conv", "separable_conv", "conv_transpose", "dense"})


def _charge(site: Site) -> Charge:
    return combined(_of_operator(operator) for operator in operators(site))


def _of_operator(operator: Operator) -> Charge:
    if isinstance(operator.op, Unknown):
        return Charge(0, "it may hold convolutions", known=False)
    if operator.op.kind in _COUNTED or not operator.macs:
        return Charge(operator.macs)
    return Charge(0, "the papers count convolutions and fully connected layers only")


def parameters(network: Network, chosen: Callable[[str], bool] = bool) -> int:
    """Kernels: those learned parameters of the counted layers that have more than one axis.

    Args:
        network: bound to a batch.
        chosen: which layers, by name; all of them by default.
    """
    counted = (
        site.layer
        for site in sites(network, "inference")
        if chosen(site.layer.name)
        and any(operator.op.kind in _COUNTED for operator in operators(site))
    )
    ids = {id_ for layer in counted for id_ in layer.parameters}
    rows = (network.table[id_] for id_ in ids)
    return sum(number(row.elements) for row in rows if row.learned and len(row.shape) > 1)


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
