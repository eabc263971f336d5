"""Train the original and the rewritten network alike, with the framework's own loop.

Both see the same samples in the same order for the same seed, are tested on the same ones, and
begin with the same numbers where their layers are the same. Each trains in a process of its own;
their epochs take turns, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from convcost.count import Workload
from convcost.device.machine import cores
from convcost.errors import UsageError
from convcost.measure.loops import check
from convcost.measure.measuring import runtime_for
from convcost.measure.process import order_of, started
from convcost.rewrite.running.forward import COMMAND
from convcost.rewrite.running.valued import fresh, require_values, save_values, without_values
from convcost.rewrite.training.curves import Curve, Run, Training
from convcost.rewrite.training.lessons import lesson_of, saved
from convcost.runtime.runners.learning import USUAL_RATE, Epoch
from convcost.runtime.runners.registry import runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcost.network.network import Network
    from convcost.rewrite.samples.data import Data
    from convcost.rewrite.training.curves import Start

_LOOP: Final = "fit"
#: Epochs of a network so far, by its place.
_Pair = tuple[list[Epoch], list[Epoch]]


def train(
    before: Network,
    after: Network,
    data: Data,
    *,
    runtime: str | None = None,
    epochs: int = 10,
    seeds: int = 5,
    batch: int = 32,
    optimizer: str = "adam",
    rate: float = USUAL_RATE,
    start: Start | None = None,
    split_seed: int = 0,
    threads: int | None = None,
    timeout: float = 3600.0,
    say: Callable[[str], None] = lambda _: None,
) -> Training:
    """Train both networks to tell the classes of samples apart.

    Ctrl-C ends it early and keeps what is done.

    Args:
        before: the original.
        after: the rewritten network.
        data: samples with labels; a fifth of them is set aside for tests, where the file has not.
        runtime: whose loop trains (``torch``, ``keras-tensorflow`` ...); default: the network's own
            framework where it can be run, else the first that can.
        epochs: passes over the samples.
        seeds: how often each network is trained.
        batch: samples per step.
        optimizer: what updates the parameters.
        rate: of learning.
        start: ``source``: go on with the source's values; ``fresh``: begin anew. Default: go on
            where both networks have values for everything, else begin anew, both alike.
        split_seed: of the draw of test samples: the same for all seeds.
        threads: of the framework; default: the physical cores.
        timeout: seconds that an epoch may take.
        say: told what is going on.

    Raises:
        SourceError: the labels are no classes of the network.
        UsageError: a number is below one, or that runtime does not train.
        NetworkError: a network is no classifier, or has no counterpart in the framework.
        MissingFramework: the framework is not installed.
        ConvcostError: it failed, or took too long.
        KeyboardInterrupt: before an epoch of each was done.
    """
    for name, value in (("epochs", epochs), ("seeds", seeds)):
        if value < 1:
            raise UsageError(f"{name} is {value}; expected at least 1")
    pair = (before, after)
    chosen = runtime or runtime_for(pair, training=True, loop=_LOOP)
    # that refuses what cannot be trained: the batch, the optimizer, the runtime
    asked = Workload(batch=batch, training=True, optimizer=optimizer, samples=len(data))
    check(runner(chosen), asked, _LOOP)
    lacking = [name for network in pair for name in without_values(network)]
    begin: Start = start or ("fresh" if lacking else "source")
    if begin == "source":
        for network in pair:
            require_values(network, "going on from the source's values")
    with TemporaryDirectory() as name:
        folder = Path(name)
        threads = threads or cores()
        lesson = saved(data, before, folder, split_seed) | {
            "batch": batch, "optimizer": optimizer, "rate": rate, "threads": threads,
        }  # fmt: skip
        lesson_of(lesson)  # refuses what no process needs to be started for
        work = _Work(pair, chosen, folder, lesson, begin, epochs, timeout, say)
        interrupted = work.all(seeds)
    curves = [Curve(network.name, runs) for network, runs in zip(pair, work.runs(), strict=True)]
    return Training(
        before=curves[0],
        after=curves[1],
        runtime=chosen,
        versions=work.versions,
        data=data.source,
        trained=lesson["trained"],
        tested=lesson["tested"],
        start=begin,
        batch=batch,
        optimizer=optimizer,
        rate=rate,
        epochs=epochs,
        interrupted=interrupted,
        remarks=data.remarks,
    )


class _Work:
    """The trainings, seed by seed."""

    def __init__(
        self,
        pair: tuple[Network, Network],
        runtime: str,
        folder: Path,
        lesson: dict[str, Any],
        start: Start,
        epochs: int,
        timeout: float,
        say: Callable[[str], None],
    ) -> None:
        self.versions: dict[str, str] = {}
        self._pair = pair
        self._runtime = runtime
        self._folder = folder
        self._lesson = lesson
        self._start = start
        self._epochs = epochs
        self._timeout = timeout
        self._say = say
        #: of every seed that was begun, both networks' epochs
        self._done: list[_Pair] = []

    def all(self, seeds: int) -> bool:
        """Train with every seed; whether Ctrl-C ended it.

        Raises:
            KeyboardInterrupt: before an epoch of each network was done.
        """
        try:
            for seed in range(seeds):
                self._say(f"seed {seed + 1} of {seeds}: starting {self._runtime}")
                self._seed(seed, seeds)
        except KeyboardInterrupt:
            if not any(after for _, after in self._done):
                raise
            return True
        return False

    def runs(self) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
        """Those that are complete; where none is, the first one as far as it came."""
        whole = {seed: done for seed, done in enumerate(self._done) if len(done[1]) == self._epochs}
        kept = whole or {0: self._done[0]}
        found = []
        for place in (0, 1):
            runs = []
            for seed, done in kept.items():
                both = min(len(done[0]), len(done[1]))
                runs.append(Run(seed, tuple(done[place][:both])))
            found.append(tuple(runs))
        return found[0], found[1]

    def _seed(self, seed: int, seeds: int) -> None:
        done: _Pair = ([], [])
        threads, timeout = self._lesson["threads"], self._timeout
        orders = self._orders(seed)
        with started(orders, threads=threads, timeout=timeout, command=COMMAND) as workers:
            self.versions = workers[0].versions
            self._done.append(done)
            for number in range(1, self._epochs + 1):
                for worker, epochs in zip(workers, done, strict=True):
                    epochs.append(Epoch(**worker.ask("epoch", number)))
                told = " and ".join(f"{epochs[-1].accuracy:.1%}" for epochs in done)
                self._say(
                    f"seed {seed + 1} of {seeds}, epoch {number} of {self._epochs}: accuracy {told}"
                )

    def _orders(self, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
        for place, network in enumerate(self._pair):
            begun = network if self._start == "source" else fresh(network, seed)
            file = f"values{place}.npz"
            yield (
                network.name,
                order_of(
                    network,
                    self._runtime,
                    folder=str(self._folder),
                    values=file,
                    ids=save_values(begun, self._folder / file),
                    lesson={**self._lesson, "seed": seed},
                ),
            )
