"""Of what a result is: the device, the runtime, the batch, and what times come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.predict import forward_only
from convcost.report.figures import exact

if TYPE_CHECKING:
    from convcost.count import Workload
    from convcost.device import Device
    from convcost.predict import Basis
    from convcost.runtime import Runtime


def circumstances(
    device: Device,
    runtime: Runtime,
    workload: Workload,
    basis: Basis,
    *,
    several: bool = False,
    varied: bool = False,
) -> tuple[str, ...]:
    """A line each.

    Args:
        device: that runs it.
        runtime: that executes it.
        workload: of a batch.
        basis: of the times.
        several: whether it is of several networks.
        varied: whether the batch is not the workload's.
    """
    batch = "varied" if varied else exact(workload.batch)
    dtype = workload.dtype or ("the sources' dtype" if several else "the source's dtype")
    lines = [
        f"device: {device.name}, {device.title}",
        f"runtime: {runtime.name}, {runtime.title}{', for all networks' if several else ''}",
        f"batch: {batch}; {workload.mode}, {dtype}; by {basis}",
    ]
    if forward_only(workload, basis):
        lines.append("of training the time of the forward pass only: no backward pass, no update")
    return tuple(lines)
