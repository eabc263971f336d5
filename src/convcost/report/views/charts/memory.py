"""Memory over a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.report.document import Chart, Lines
from convcost.units import format_bytes

if TYPE_CHECKING:
    from convcost.report.charts.steps import Steps
    from convcost.runtime.memory import Memory


def over_time(memory: Memory, in_text: Lines) -> Chart:
    """Bytes that are alive at each step.

    Args:
        memory: of a pass.
        in_text: the same for formats that cannot draw.
    """
    step = memory.peak_step
    where = " ".join(part for part in (step.phase, step.layer) if part)
    return Chart(
        name="memory",
        title=f"memory of {memory.source} over a pass",
        text=f"Most is alive at {where}: {format_bytes(memory.peak)}.",
        make=lambda: _steps(memory),
        in_text=in_text,
    )


def _steps(memory: Memory) -> Steps:
    from convcost.report.charts.steps import Step, Steps
    from convcost.report.views.charts.axes import BYTES

    stored = "parameters, statistics"
    if memory.state or memory.master:
        stored = f"{stored}, optimizer"
    return Steps(
        axis=BYTES,
        always=memory.stored,
        always_name=stored,
        name="tensors",
        steps=tuple(Step(x.phase, x.layer or "", x.bytes) for x in memory.steps),
    )
