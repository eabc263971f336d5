"""Counts, memory and predicted time of many variants of one network, in one evaluation each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from convcost.count import count
from convcost.network.builder import BATCH
from convcost.network.evaluation import Evaluation
from convcost.predict.variants import variants
from convcost.runtime import default_for
from convcost.runtime.memory import memory_formulas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.count import Workload
    from convcost.device import Device
    from convcost.network.network import Network
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Figures:
    """Arrays with one element per variant; what is not possible is NaN, or 0 where it is whole.

    Attributes:
        possible: whether the layers fit together.
        complete: whether the cost of every layer is known; where it is not, the others are lower
            bounds.
        parameters: learned ones.
        macs: of a batch's forward pass.
        activation_bytes: that the layers of a batch's forward pass write.
        memory_bytes: the most at one time.
        seconds: of a batch.
        low: 5 % are below.
        high: 5 % are above.
    """

    possible: Any
    complete: Any
    parameters: Any
    macs: Any
    activation_bytes: Any
    memory_bytes: Any
    seconds: Any
    low: Any
    high: Any

    def at(self, places: Any) -> Figures:
        """Those of some variants, in that order."""
        return Figures(*(getattr(self, each.name)[places] for each in fields(Figures)))


def figures(
    network: Network,
    values: Mapping[str, Any],
    workload: Workload,
    *,
    device: Device,
    runtime: Runtime | None = None,
    profile: Profile | None = None,
) -> Figures:
    """Evaluate all variants.

    Args:
        network: with open sizes.
        values: whole numbers for them, arrays of one length.
        workload: as in `predict`; its batch where ``N`` is not among the values.
        device: that runs them.
        runtime: as in `predict`.
        profile: as in `predict`.

    Raises:
        NetworkError: a size is left open.
    """
    import numpy as np

    runtime = runtime or default_for(
        network.framework, training=workload.training, device_kind=device.kind
    )
    number = max(len(array) for array in values.values())
    all_values = {str(BATCH): np.full(number, workload.batch), **values}
    possible = np.broadcast_to(network.feasible(all_values), (number,))
    chosen = {name: array[possible] for name, array in all_values.items()}
    counted = count(network, workload, symbolic=True)
    total = counted.total
    size = Evaluation(chosen)
    stored, alive = memory_formulas(network, workload, runtime)
    peak = size(stored)
    if alive:
        peak = peak + np.max(np.broadcast_arrays(*(size(each) for each in alive)), axis=0)
    time = variants(network, chosen, workload, device=device, runtime=runtime, profile=profile)
    found = {
        "complete": np.array(counted.complete),
        "parameters": size(total.parameters),
        "macs": size(total.forward.macs),
        "activation_bytes": size(total.forward.write_bytes),
        "memory_bytes": peak,
        "seconds": time.value,
        "low": time.low,
        "high": time.high,
    }
    return Figures(possible, **{name: _spread(array, possible) for name, array in found.items()})


def _spread(array: Any, possible: Any) -> Any:
    """To the places of all variants."""
    import numpy as np

    array = np.broadcast_to(array, (int(possible.sum()),))
    empty = np.nan if array.dtype.kind == "f" else 0
    found = np.full(len(possible), empty, dtype=array.dtype)
    found[possible] = array
    return found


def joined(parts: list[Figures]) -> Figures:
    """One after the other."""
    import numpy as np

    return Figures(*(
        np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Figures)
    ))  # fmt: skip
