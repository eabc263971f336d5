"""What a framework's own loop adds to every batch: feeding the data, callbacks, progress.

Small networks are run step by step and in the loop; the difference is the loop's. It is fitted to a
time per batch and one per byte that is fed.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from convcost.measure.process import order_of, started
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor, dtype_bytes
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import GlobalPool
from convcost.ops.window import window
from convcost.predict.profile import LoopCost
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.network import Network
    from convcost.predict.profile import Setting
    from convcost.runtime.runners.runner import Loop

#: Side and channels of the images, and batches: what is fed differs a hundredfold.
_CASES = ((8, 1, 32), (28, 1, 32), (28, 1, 128), (32, 3, 128), (96, 3, 32), (128, 3, 64))
#: Batches of a loop; runs of it; steps by themselves.
_BATCHES, _LOOPS, _STEPS = 150, 3, 60
#: Seconds that a network may take to start, and a loop to run.
_TIMEOUT = 120.0
_OPTIMIZER = "sgd"


def loop_costs(
    setting: Setting, *, say: Callable[[str], None] = lambda _: None
) -> dict[str, LoopCost]:
    """The loops of a runtime by their names; none where it has none of its own.

    Args:
        setting: what is calibrated.
        say: told what is going on.

    Raises:
        ConvcostError: the framework failed.
    """
    loop: Loop = "fit" if setting.training else "evaluate"
    if loop not in runner(setting.runtime).loops:
        return {}
    found = []
    for side, channels, batch in _CASES:
        say(f"the loop '{loop}': batches of {batch} images of {side} x {side} x {channels}")
        network = _network(side, channels)
        size = dtype_bytes("float32") * side * side * channels * batch
        found.append((size, _per_batch(setting, network, batch, loop)))
    return {loop: _fitted(found)}


def _network(side: int, channels: int) -> Network:
    """An image, one convolution, a few classes: next to nothing to compute."""
    builder = Builder("loop")
    image = Tensor.of(batch=BATCH, height=side, width=side, channel=channels)
    ref = builder.add(Input(image), name="image")
    ref = builder.add(Conv(filters=4, windows=window(3, 4, padding="same")), ref)
    ref = builder.add(GlobalPool(function="average", axes=("height", "width")), ref)
    builder.add(Dense(units=10), ref)
    return builder.build()


def _per_batch(setting: Setting, network: Network, batch: int, loop: Loop) -> float:
    """Seconds of a batch in the loop beyond those of a step.

    The quickest loop counts: TensorFlow now and then ends one with a wait that has nothing to do
    with the number of batches.
    """
    job = Job(batch=batch, training=setting.training, threads=setting.threads,
              optimizer=_OPTIMIZER if setting.training else None)  # fmt: skip
    looped = replace(job, loop=loop, samples=batch * _BATCHES)
    steps, loops = (order_of(network, setting.runtime, each) for each in (job, looped))
    orders = [(network.name, steps)]
    with started(orders, threads=setting.threads, timeout=_TIMEOUT) as (worker,):
        worker.ask("run", _STEPS)  # allocates, compiles
        step: float = median(worker.ask("run", _STEPS)["seconds"])
        worker.load(network.name, loops)
        worker.ask("run", 1)
        loop_seconds: float = min(worker.ask("run", _LOOPS)["seconds"])
    return max(loop_seconds / _BATCHES - step, 0.0)


def _fitted(found: Sequence[tuple[int, float]]) -> LoopCost:
    """Least squares, neither part below zero.

    >>> found = _fitted([(0, 1e-3), (1000, 2e-3), (2000, 3e-3)])
    >>> round(found.batch, 9), round(found.byte, 12)
    (0.001, 1e-06)
    """
    import numpy as np
    from scipy.optimize import nnls

    bytes_, seconds = (np.array(values, float) for values in zip(*found, strict=True))
    scale = max(bytes_.max(), 1.0)
    (batch, byte), _ = nnls(np.stack([np.ones(len(bytes_)), bytes_ / scale], axis=1), seconds)
    return LoopCost(float(batch), float(byte / scale))
