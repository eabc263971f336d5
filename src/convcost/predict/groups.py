"""Which kernels of a batch have one time together, and what it takes besides its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.count import Workload
    from convcost.predict.work import Work, Works
    from convcost.runtime import Kernel
    from convcost.runtime.runners.runner import RunPhase

#: Layers that run as one.
Group: TypeAlias = tuple[str, ...]


def grouped(kernels: Iterable[Kernel]) -> Mapping[tuple[Group, RunPhase], list[Kernel]]:
    """The kernels of the same layers in the same phase, in order."""
    groups: dict[tuple[Group, RunPhase], list[Kernel]] = {}
    for kernel in kernels:
        groups.setdefault((kernel.layers, kernel.phase), []).append(kernel)
    return groups


def rest_of(workload: Workload) -> tuple[RunPhase, ...]:
    """What a batch takes besides its layers."""
    if not workload.training:
        return ("loop",)
    return ("loss", "update", "loop") if workload.optimizer else ("loss", "loop")


def works_of(works: Works, kernels: Iterable[Kernel], workload: Workload) -> tuple[Work, ...]:
    """What a batch consists of.

    Args:
        works: of its network.
        kernels: that run.
        workload: what it takes besides its layers: an update, a loss.

    Returns:
        The works of the kernels of the same layers and phase, in the order of `grouped`; then what
        belongs to no layer, in the order of `rest_of`.
    """
    return (
        *(works.of(*group, these) for group, these in grouped(kernels).items()),
        *(works.of((), phase) for phase in rest_of(workload)),
    )
