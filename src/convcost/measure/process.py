"""The parent's side of a worker: start it, ask it, notice when it fails, end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from convcost import errors
from convcost.errors import ConvcostError
from convcost.write.exchange import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from convcost.network.network import Network
    from convcost.runtime.runners.runner import Job

#: What a worker is. -P: no module of the working directory stands in for an installed one.
COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "convcost.measure.worker")

#: Where frameworks and their libraries look for the number of threads.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
#: Seconds that a worker has to end by itself.
_GRACE = 2.0
#: Of what a framework printed before it died.
_LAST_LINES = 5
_TAIL_BYTES = 4096


def order_of(network: Network, runtime: str, job: Job | None = None, **more: Any) -> dict[str, Any]:
    """What a worker is to load; `convcost.measure.serving.ordered` is its side of it.

    Args:
        network: to be run.
        runtime: the name of what runs it.
        job: how; None where the worker is told in other words.
        more: what else it is told.
    """
    found: dict[str, Any] = {"network": to_text(network), "runtime": runtime, **more}
    return found if job is None else {**found, "job": asdict(job)}


@contextmanager
def started(
    orders: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    threads: int,
    timeout: float,
    command: Sequence[str] | None = None,
) -> Iterator[list[Worker]]:
    """Workers that are ready, one per order; they end with the context.

    All are started before the first is waited for. Where anything is raised, they are killed.

    Args:
        orders: the names of networks, for messages, and what the workers are to load.
        threads: as of `Worker`.
        timeout: likewise.
        command: likewise.

    Raises:
        ConvcostError: as `Worker.ask`.
    """
    workers: list[Worker] = []
    try:
        for name, order in orders:
            workers.append(Worker(name, order, threads=threads, timeout=timeout, command=command))
        for worker in workers:
            worker.ready()
        yield workers
    except BaseException:
        for worker in workers:
            worker.kill()
        raise
    for worker in workers:
        worker.stop()


class Worker:
    """One network in a process of its own, ready to run.

    Args:
        name: of the network, for messages.
        order: what the worker is to load.
        threads: of the framework.
        timeout: seconds that loading and every command may take.
        command: what is started; default: the worker that measures.
    """

    def __init__(
        self,
        name: str,
        order: Mapping[str, Any],
        *,
        threads: int,
        timeout: float,
        command: Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self.versions: dict[str, str] = {}
        self._runtime = order["runtime"]
        self._timeout = timeout
        self._answers: SimpleQueue[str] = SimpleQueue()
        # the framework's chatter: a file takes any amount of it
        self._chatter = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command or COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._chatter,
            encoding="utf-8",
            env={
                **os.environ,
                **dict.fromkeys(THREADS, str(threads)),
                "TF_CPP_MIN_LOG_LEVEL": "3",
            },
            start_new_session=True,  # Ctrl-C is the parent's affair
        )
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._tell(order)

    def _listen(self) -> None:
        """Pass every answer on; an empty one says that there are no more."""
        assert self._process.stdout is not None  # noqa: S101 - for types
        with self._process.stdout as answers:
            for line in answers:
                self._answers.put(line)
        self._answers.put("")

    def ready(self) -> None:
        """Wait until the network is loaded; errors as `ask`."""
        self.versions = self._answer("loading")["ready"]["versions"]

    def load(self, name: str, order: Mapping[str, Any]) -> None:
        """Have it run another network in place of this one; errors as `ask`, which end it."""
        self.name = name
        self._tell({"load": order})
        self.ready()

    def ask(self, command: str, number: int) -> dict[str, Any]:
        """Have a command done.

        Raises:
            ConvcostError: the framework failed, the process died, or it took too long. An error
                that the worker raised on purpose keeps its type.
        """
        self._tell({command: number})
        return self._answer(f"{command} {number}")

    def stop(self) -> None:
        """End the process, by force where it does not end by itself."""
        self._tell({"stop": True})
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None  # noqa: S101 - for types
            self._process.stdin.close()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_GRACE)
        self._chatter.close()

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()
        self.stop()

    def _tell(self, value: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - for types
        # a process that died is noticed when its answer is missing
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(value) + "\n")
            self._process.stdin.flush()

    def _answer(self, what: str) -> dict[str, Any]:
        try:
            return self._heard(what)
        except ConvcostError as error:
            error.network = self.name
            raise

    def _heard(self, what: str) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=self._timeout)
        except Empty:
            self._process.kill()
            raise ConvcostError(
                f"'{self.name}' in {self._runtime}: {what} took longer than {self._timeout:g} s",
                hint="a longer --timeout, a smaller --batch",
            ) from None
        if not line:
            raise self._died(what)
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._failed(**answer["error"])
        return answer

    def _failed(self, kind: str, message: str, hint: str | None) -> ConvcostError:
        """The worker's error as it raised it, or a framework's own."""
        ours = getattr(errors, kind) if kind else None
        if ours is None:
            return ConvcostError(
                f"{self._runtime} cannot run '{self.name}': {message}",
                hint=hint or "another runtime: --runtime NAME; `convcost runtimes` lists them",
            )
        about_it = kind == "NetworkError"  # not what is installed, or how it was asked
        error: ConvcostError = ours(f"'{self.name}': {message}" if about_it else message, hint=hint)
        return error

    def _died(self, what: str) -> ConvcostError:
        code = self._process.wait()
        how = f"exit code {code}"
        if code < 0:
            how = f"signal {-code}, {signal.strsignal(-code) or 'unknown'}"
        said = self._last_lines()
        return ConvcostError(
            f"'{self.name}': the process that runs it in {self._runtime} ended while {what} ({how})"
            + (f":\n{said}" if said else ""),
            hint="a smaller --batch where memory ran out; another --runtime",
        )

    def _last_lines(self) -> str:
        size = self._chatter.seek(0, os.SEEK_END)
        self._chatter.seek(max(0, size - _TAIL_BYTES))
        lines = self._chatter.read().decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-_LAST_LINES:])
