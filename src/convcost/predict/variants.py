"""Many variants of a network at once: other batches, other image sizes, in one evaluation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.count import Workload
from convcost.count.prepare import without_loss
from convcost.network.builder import BATCH
from convcost.network.evaluation import Evaluation
from convcost.predict.calibrated import bounds, with_shared_update
from convcost.predict.groups import works_of
from convcost.predict.roofline import DATA_SHEETS, kernel_seconds
from convcost.predict.step import dtype_of
from convcost.predict.work import Works, as_it_runs
from convcost.runtime import default_for, lower, lower_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.device import Device
    from convcost.network.network import Network
    from convcost.predict.profile import Profile
    from convcost.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Variants:
    """Seconds of a batch with a 90 % band, arrays with one element per variant."""

    value: Any
    low: Any
    high: Any


def variants(
    network: Network,
    values: Mapping[str, Any],
    workload: Workload | None = None,
    *,
    device: Device,
    runtime: Runtime | None = None,
    profile: Profile | None = None,
) -> Variants:
    """Predict many variants: what `predict` says of each, in one evaluation.

    What was refined is left out: sizes of variants are hardly ever those that were measured.

    Args:
        network: whose open sizes are given.
        values: arrays of one length for its symbols; the batch, ``N``, is the workload's where it
            is not among them.
        workload: as in `predict`.
        device: that runs them.
        runtime: as in `predict`.
        profile: as in `predict`.

    Raises:
        NetworkError: a size is left open.

    >>> import numpy as np
    >>> from convcost.device import load as device
    >>> from convcost.zoo import load
    >>> found = variants(load("alexnet"), {"N": np.array([1, 64])}, device=device("a100"))
    >>> bool(found.value[0] < found.value[1])
    True
    """
    import numpy as np

    workload = workload or Workload()
    runtime = runtime or default_for(
        network.framework, training=workload.training, device_kind=device.kind
    )
    values = {str(BATCH): workload.batch, **values}
    open_ = without_loss(network, workload)
    if profile is None:
        kernels = lower(open_, runtime, device.kind, workload.mode)
        rules, sheet = runtime.rules[device.kind], DATA_SHEETS[device.kind]
        whole = kernel_seconds(kernels, Evaluation(values), device, rules, dtype_of(open_))
        return Variants(whole, whole * sheet.low, whole * sheet.high)
    kernels = lower_step(open_, as_it_runs(workload), runtime, device.kind, symbolic=True)
    works = Works(open_, workload, symbolic=True)
    found = works_of(works, kernels, workload)
    seconds = profile.model.seconds(found, values) * math.exp(profile.whole.middle)
    for place, work in enumerate(found):
        if work.phase == "update" and workload.accumulate > 1:
            elements = Evaluation(values)(work.elements)
            seconds[place] = with_shared_update(seconds[place], elements, workload, device)
    unseen = [place for place, work in enumerate(found) if not profile.model.knows(work)]
    whole = seconds.sum(axis=0)
    low, high = bounds(whole, seconds[unseen].sum(axis=0), profile)
    return Variants(whole, np.maximum(low, 0.0), high)
