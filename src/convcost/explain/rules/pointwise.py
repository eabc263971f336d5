"""1x1 convolutions, which take longer per MAC than larger kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.explanation import Finding
from convcost.ops.conv import Conv
from convcost.rewrite.shared.layer import taps
from convcost.units import format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case

#: Below this share of the time the rule is silent.
_LEAST_SHARE = 0.1
#: They take at least so many times as long per MAC as the other convolutions.
_LEAST_FACTOR = 1.3


def of_case(case: Case) -> Iterator[Finding]:
    """One finding where there are other convolutions too."""
    small: list[str] = []
    large: list[str] = []
    for layer in case.network.layers:
        if isinstance(layer.op, Conv) and layer.op.groups == 1:
            (small if taps(layer.op.windows) == 1 else large).append(layer.name)
    share, rest = (sum(case.predicted[name].share for name in names) for names in (small, large))
    macs, others = case.layer_macs(small), case.layer_macs(large)
    if share < _LEAST_SHARE or not (macs and others and rest):
        return
    factor = (share / macs) / (rest / others)
    if factor < _LEAST_FACTOR:
        return
    seconds = sum(case.predicted[name].seconds for name in small)
    yield Finding(
        network=case.index,
        layers=tuple(small),
        text=(
            f"the {len(small)} convolutions of 1x1 of {case.name} do "
            f"{format_percent(macs / max(1, case.macs))} of its MACs and take "
            f"{format_percent(share)} of its time, {factor:.1f} times as long per MAC as the "
            f"{len(large)} larger ones: each value that is read serves one position only"
        ),
        numbers={
            "layers": len(small), "share": share, "macs_share": macs / max(1, case.macs),
            "time_per_mac_ratio": factor, "seconds": seconds,
        },
        seconds=seconds,
        timed=tuple(small),
    )  # fmt: skip
