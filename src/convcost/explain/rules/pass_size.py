"""The 'forward/backward pass size' of PyTorch's summaries against the memory that is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcost.count.prepare import without_loss
from convcost.errors import ConvcostError
from convcost.explain.explanation import Finding
from convcost.network.builder import BATCH
from convcost.network.dims import number
from convcost.runtime.memory import memory
from convcost.units import format_bytes, format_ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.explain.evidence import Case
    from convcost.runtime.memory import Memory

#: Sizes that differ by less agree well enough.
_LEAST_FACTOR = 2.0
#: Of the peak; where tensors are less of it, they are not what fills the memory.
_LEAST_SHARE = 0.1
#: What a module's forward function calls besides modules, so that summaries do not see it.
_NOT_SEEN = frozenset({"input", "flatten", "reshape", "view"})


def of_case(case: Case) -> Iterator[Finding]:
    """One finding where it is a PyTorch network."""
    if case.network.framework != "torch" or not case.count.complete:
        return
    workload = replace(case.count.workload, samples=None)
    try:
        found = memory(case.network, workload, runtime=case.prediction.runtime)
    except ConvcostError:
        return
    printed, alive = _pass_size(case), found.peak_step.bytes
    apart = max(printed, alive) >= _LEAST_FACTOR * min(printed, alive)
    if apart and max(printed, alive) >= _LEAST_SHARE * found.peak:
        yield _finding(case, found, printed)


def _pass_size(case: Case) -> int:
    """Twice what all modules return, as torchsummary adds it up."""
    workload = case.count.workload
    network = without_loss(case.network, workload)
    layers = network.bind({str(BATCH): workload.batch}).layers
    tensors = (t for layer in layers if layer.op.kind not in _NOT_SEEN for t in layer.outputs)
    return 2 * sum(number(tensor.bytes, "bytes") for tensor in tensors)


def _finding(case: Case, found: Memory, printed: int) -> Finding:
    alive = found.peak_step.bytes
    what = "a training step" if found.workload.training else "inference"
    return Finding(
        network=case.index,
        layers=(),
        text=(
            f"the 'forward/backward pass size' that torchsummary would print for {case.name} at a "
            f"batch of {found.workload.batch:,}, twice what all modules return, is "
            f"{format_bytes(printed)}, {format_ratio(printed / max(1, alive))} what is alive at "
            f"once in {what}, at most {format_bytes(alive)}: it knows neither which tensors are "
            "freed or written over nor what is kept for the backward pass"
        ),
        numbers={
            "pass_size_bytes": printed, "alive_bytes": alive, "peak_bytes": found.peak,
            "parameter_bytes": found.parameters,
        },
        advice="`convcost memory` tells what is alive when, for inference and for training",
    )  # fmt: skip
