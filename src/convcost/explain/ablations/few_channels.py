"""Convolutions whose channels do not fill the vector units, widened until they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.ablation import Without
from convcost.explain.figures import narrow
from convcost.network.edit import changed, edited
from convcost.ops.conv import Conv
from convcost.predict.vectors import filled
from convcost.units import format_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.explain.evidence import Case

LOOKS_FOR = "convolutions that fill at most half of a vector"


def without(case: Case) -> Without | None:
    """The network whose narrow convolutions have as many filters as whole vectors hold."""
    lanes = int(case.prediction.device.vector_lanes.value)
    widths: dict[str, tuple[int, int]] = {}
    for row in narrow(case):
        op = case.network.layer(row.name).op
        if isinstance(op, Conv) and op.groups == 1 and isinstance(op.filters, int):
            widths[row.name] = op.filters, filled(op.filters, lanes)
    wider = {name: each for name, each in widths.items() if each[0] < each[1]}
    if not wider:
        return None
    ops = {
        name: changed(case.network.layer(name).op, filters=new) for name, (_, new) in wider.items()
    }
    return Without(
        network=edited(case.network, ops),
        layers=tuple(wider),
        subject="few channels",
        meaning=f"widened ({_told(wider)}): the time is what the MACs of the network as it was "
        "would take at the rate of the wide one",
        per_mac=True,
    )


def _told(wider: Mapping[str, tuple[int, int]]) -> str:
    both = wider.items()
    return format_names([f"{name} from {old} to {new} filters" for name, (old, new) in both])
