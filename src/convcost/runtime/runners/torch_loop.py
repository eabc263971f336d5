"""A loop in Python over samples in memory, as programs for PyTorch have it."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from convcost.runtime.runners.runner import Loaded, RunPhase, Span, Watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.runtime.runners.runner import Job
    from convcost.runtime.runners.torch import StepWithLoss


class InLoop(Loaded):
    """A `DataLoader` over a `TensorDataset`; shuffled to train. It loads in this process.

    Args:
        step: what is done with a batch; it holds the inputs of all samples.
        job: what is run.
    """

    def __init__(self, step: StepWithLoss, job: Job) -> None:
        import torch
        from torch.utils.data import DataLoader, TensorDataset

        self._step = step
        self._inputs = len(step.inputs)
        everything = step.inputs
        self._feed([x[: job.batch] for x in everything])
        step.run()
        # drawn for a batch by now; the same for each
        targets = [torch.cat([y] * job.steps)[: job.samples] for y in step.losses.targets]
        self._loader: Any = DataLoader(
            TensorDataset(*everything, *targets), batch_size=job.batch, shuffle=job.training
        )

    def run(self) -> None:
        """Run all samples to their end."""
        for _ in self._batches():
            self._step.run()

    def watch(self) -> Watched:
        """Run them with a clock between the calls; what the clock does not see is the loop."""
        seconds: dict[tuple[tuple[str, ...], RunPhase, str], float] = defaultdict(float)
        start = time.perf_counter()
        for _ in self._batches():
            for span in self._step.watch().spans:
                if span.phase != "loop":
                    seconds[span.layers, span.phase, span.kernel] += span.seconds
        whole = time.perf_counter() - start
        spans = [Span(layers, phase, each, op) for (layers, phase, op), each in seconds.items()]
        rest = whole - sum(seconds.values())
        return Watched(whole, (*spans, Span((), "loop", max(rest, 0.0))))

    def _batches(self) -> Iterator[None]:
        """Have the step work on one batch after the other."""
        for batch in self._loader:
            self._feed(batch)
            yield

    def _feed(self, batch: list[Any]) -> None:
        """Inputs, and behind them targets where they are known."""
        self._step.inputs, targets = batch[: self._inputs], batch[self._inputs :]
        self._step.losses.targets = targets
