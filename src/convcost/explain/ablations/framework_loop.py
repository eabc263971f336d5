"""The framework's own loop over a data set left out: the steps by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.explain.ablation import Without

if TYPE_CHECKING:
    from convcost.explain.evidence import Case

LOOKS_FOR = "a framework with a loop of its own, such as Keras's evaluate and fit"


def without(case: Case) -> Without | None:
    """The network as it is, without the loop around it.

    It is tried without being named where the source tells a time of such a loop.
    """
    if not case.prediction.loop.seconds:
        return None
    loop = "fit" if case.prediction.workload.training else "evaluate"
    return Without(
        network=None,
        layers=(),
        subject=f"the loop of {loop}",
        meaning="the steps alone, their data at hand: no feeding, no callbacks, no progress; of "
        f"each batch in {loop}",
        usual=bool(case.network.measured),
    )
