"""Run drawn networks one after the other and keep the times of their parts.

The times are taken inside running networks, since kernels that run alone find their inputs in the
caches. A process runs a dozen networks and is then replaced: each has its own speed.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, cast

from convcost.measure.layers import instrument, layer_times
from convcost.measure.process import Worker, order_of
from convcost.measure.protocol import RUNS_PER_WATCHED
from convcost.runtime.runners.runner import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.network import Network
    from convcost.predict.calibration.design import Drawn
    from convcost.predict.profile import Setting
    from convcost.runtime.runners.runner import RunPhase

#: Networks of one process.
_PER_PROCESS = 12
#: Seconds of a network's runs, about, and how many runs with the instrument that may be.
_SECONDS = 0.6
_FEWEST, _MOST = 3, 9
#: Seconds of runs in a row, and how many that may be: a run that begins with cold caches and with
#: threads that sleep takes up to a seventh longer.
_TURN = 0.08
_FEWEST_IN_TURN, _MOST_IN_TURN = 2, 300
#: Seconds that a network may take to start.
_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Part:
    """The time of layers that run as one in one phase; no layers: of loss, update or loop."""

    layers: tuple[str, ...]
    phase: RunPhase
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A network that was run.

    Attributes:
        network: with an open batch.
        batch: it was run with.
        optimizer: of a training step.
        seconds: of a run without the instrument.
        probe: seconds of the reference work beside it.
        parts: of a run; each the median of a few, so that they add up to about the whole.
    """

    network: Network
    batch: int
    optimizer: str | None
    seconds: float
    probe: float
    parts: tuple[Part, ...]


class Sampler:
    """Runs networks in worker processes.

    Attributes:
        versions: of what runs; empty before the first network.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._worker: Worker | None = None
        self._left = 0
        self.versions: dict[str, str] = {}

    def sample(self, drawn: Drawn) -> Sample:
        """Run a network.

        Raises:
            ConvcostError: the framework failed; the next network gets a new process.
        """
        optimizer = drawn.optimizer if self._setting.training else None
        with self._loaded(drawn.network, drawn.batch, optimizer) as worker:
            worker.ask("run", 1)  # allocates, compiles
            first = worker.ask("run", 2)
            seconds = max(min(first["seconds"]), 1e-6)
            before = _turn(worker, seconds)
            number = int(_SECONDS / (RUNS_PER_WATCHED * seconds))
            watched = worker.ask("watch", max(_FEWEST, min(_MOST, number)))
            whole = median([before, _turn(worker, seconds)])
        return Sample(
            network=drawn.network,
            batch=drawn.batch,
            optimizer=optimizer,
            seconds=whole,
            probe=median(first["probes"]),
            parts=_parts(drawn.network, watched, whole),
        )

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    @contextmanager
    def _loaded(self, network: Network, batch: int, optimizer: str | None) -> Iterator[Worker]:
        setting = self._setting
        job = Job(
            batch=batch, training=setting.training, threads=setting.threads,
            optimizer=optimizer,
        )  # fmt: skip
        order = order_of(network, setting.runtime, job)
        if self._left == 0:
            self.close()
        try:
            if self._worker is None:
                self._left = _PER_PROCESS
                self._worker = Worker(
                    network.name, order, threads=setting.threads, timeout=_TIMEOUT
                )
                self._worker.ready()
            else:
                self._worker.load(network.name, order)
            self._left -= 1
            self.versions = self._worker.versions
            yield self._worker
        except BaseException:
            if self._worker is not None:
                self._worker.kill()
                self._worker = None
            self._left = 0
            raise


def _turn(worker: Worker, seconds: float) -> float:
    """Seconds of a run in a row of them; the first finds the caches as others left them."""
    number = max(_FEWEST_IN_TURN, min(_MOST_IN_TURN, int(_TURN / seconds)))
    seconds_each: list[float] = worker.ask("run", 1 + number)["seconds"]
    return median(seconds_each[1:])


def _parts(network: Network, watched: dict[str, Any], whole: float) -> tuple[Part, ...]:
    rows = layer_times(network, watched, instrument(watched), whole)
    return tuple(
        Part(row.layers, cast("RunPhase", phase), seconds)
        for row in rows
        for phase, seconds in row.phases.items()
    )
