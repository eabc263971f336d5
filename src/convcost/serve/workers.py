"""Worker processes: each answers one question at a time, and is replaced when it fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from convcost.serve import limits
from convcost.serve.answer import Answer, Refusal
from convcost.serve.process import Worker, WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from convcost.serve.question import Question

#: Seconds to wait before a worker is started again that could not start.
_PAUSE = 1.0


class Workers:
    """A number of them, and the questions that wait.

    Args:
        number: of processes.
        seconds: that an answer may take.
        waiting: questions that may wait.
        say: told what goes wrong with workers.
    """

    def __init__(
        self, number: int, *, seconds: float, waiting: int, say: Callable[[str], None]
    ) -> None:
        self._number = number
        self._seconds = seconds
        self._most_waiting = waiting
        self._say = say
        self._waiting = 0
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._all: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """Of those that live."""
        return tuple(worker.pid for worker in self._all)

    def start(self) -> None:
        """Start them; questions wait for the first that is ready."""
        for _ in range(self._number):
            self._later(self._add())

    async def stop(self) -> None:
        """End all of them."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(worker.kill() for worker in self._all))
        self._all.clear()

    async def answer(self, question: Question, folder: Path) -> Answer | Refusal:
        """The answer of the first worker that is free.

        Args:
            question: what is asked.
            folder: with the files of the question.
        """
        if self._waiting >= self._most_waiting:
            return _busy(f"{self._waiting} questions are waiting already")
        self._waiting += 1
        try:
            async with asyncio.timeout(limits.WAIT_SECONDS):
                worker = await self._idle.get()
        except TimeoutError:
            return _busy(f"no worker was free for {limits.WAIT_SECONDS:g} s")
        finally:
            self._waiting -= 1
        usable = False
        try:
            answer = await worker.ask(question, folder)
            usable = True
        except WorkerFailed as failed:
            return failed.refusal
        finally:
            if usable and not worker.is_spent:
                self._idle.put_nowait(worker)
            else:
                self._later(self._replace(worker))
        return answer

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replace(self, worker: Worker) -> None:
        await worker.kill()
        self._all.discard(worker)
        await self._add()

    async def _add(self) -> None:
        """One more, as soon as one can be started."""
        while True:
            try:
                worker = await Worker.started(self._seconds)
            except (WorkerFailed, OSError) as error:
                self._say(f"a worker could not start: {error}")
                await asyncio.sleep(_PAUSE)
            else:
                self._all.add(worker)
                self._idle.put_nowait(worker)
                return


def _busy(why: str) -> Refusal:
    return Refusal(kind="busy", message=f"the server is busy: {why}", hint="ask again in a minute")
