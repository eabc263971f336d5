"""Convolutions whose channels do not fill the vector units, widened until they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.ablation import Without
from convcost.explain.rules.few_channels import narrow
from convcost.network.dataclass import replace
from convcost.network.edit import edited
from convcost.ops.conv import Conv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.explain.evidence import Case
    from convcost.network.network import Layer
    from convcost.network.op import Op

LOOKS_FOR = "convolutions that fill at most half of a vector"

#: Layers whose widths are told one by one.
_NAMED = 3


def without(case: Case) -> Without | None:
    """The network whose narrow convolutions have as many filters as whole vectors hold."""
    lanes = int(case.prediction.device.vector_lanes.value)
    widths: dict[str, tuple[int, int]] = {}
    for row in narrow(case):
        op = case.network.layer(row.name).op
        if isinstance(op, Conv) and op.groups == 1 and isinstance(op.filters, int):
            widths[row.name] = op.filters, -(-op.filters // lanes) * lanes
    wider = {name: each for name, each in widths.items() if each[0] < each[1]}
    if not wider:
        return None

    def op_of(layer: Layer) -> Op:
        op = layer.op
        if layer.name in wider and isinstance(op, Conv):
            return replace(op, filters=wider[layer.name][1])
        return op

    return Without(
        network=edited(case.network, op_of),
        layers=tuple(wider),
        subject="few channels",
        meaning=f"widened ({_told(wider)}): the time is what the MACs of the network as it was "
        "would take at the rate of the wide one",
        per_mac=True,
    )


def _told(wider: Mapping[str, tuple[int, int]]) -> str:
    named = [f"{name} from {old} to {new} filters" for name, (old, new) in wider.items()]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more
