"""One worker process: start it, ask it, notice when it fails, end it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from convcost.measure.process import THREADS
from convcost.serve import limits
from convcost.serve.answer import Answer, Refusal

if TYPE_CHECKING:
    from convcost.serve.question import Question

#: What a worker is. -P: no module of the working directory stands in for an installed one.
COMMAND = (sys.executable, "-P", "-m", "convcost.serve.worker")


class WorkerFailed(Exception):  # noqa: N818 - it says what happened
    """A worker did not answer; it is gone.

    Args:
        refusal: what to tell whoever asked.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Worker:
    """One process.

    Args:
        process: started, with pipes.
        seconds: that an answer may take.
    """

    def __init__(self, process: asyncio.subprocess.Process, seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self.asked = 0

    @classmethod
    async def started(cls, seconds: float) -> Worker:
        """A worker that is ready.

        Raises:
            WorkerFailed: it did not start.
        """
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=limits.MAX_ANSWER_BYTES,
            env={**os.environ, **dict.fromkeys(THREADS, "1")},
            start_new_session=True,  # Ctrl-C is the server's affair
        )
        worker = cls(process, seconds)
        try:
            await worker._begin()
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_spent(self) -> bool:
        """Whether it has answered so much, or keeps so much memory, that a new one is better."""
        return (
            self._process.returncode is not None
            or self.asked >= limits.WORKER_QUESTIONS
            or _resident_bytes(self.pid) > limits.WORKER_KEPT_BYTES
        )

    async def ask(self, question: Question, folder: Path) -> Answer | Refusal:
        """Its answer.

        Args:
            question: what is asked.
            folder: with the files of the question.

        Raises:
            WorkerFailed: it took too long, or died.
        """
        self.asked += 1
        order = {"ask": msgspec.json.encode(question).decode(), "folder": str(folder)}
        told = await self._told(order, self._seconds)
        if "answer" in told:
            return msgspec.json.decode(told["answer"], type=Answer)
        if "refusal" in told:
            refusal = msgspec.json.decode(told["refusal"], type=Refusal)
            if refusal.kind == "memory":  # what is left of it may be anything
                raise WorkerFailed(refusal)
            return refusal
        raise WorkerFailed(_ended("it could not read the question"))

    async def kill(self) -> None:
        """End the process at once, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.communicate()  # its pipes are closed as well

    async def _begin(self) -> None:
        """Wait until it has everything in memory.

        Raises:
            WorkerFailed: it says something else.
        """
        told = await self._told({"load": {}}, limits.START_SECONDS)
        if "ready" not in told:
            raise WorkerFailed(_ended(str(told.get("error"))))

    async def _told(self, order: dict[str, Any], seconds: float) -> dict[str, Any]:
        """What it says to an order.

        Raises:
            WorkerFailed: it says nothing in time, or died.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - for types
        assert stdout is not None  # noqa: S101 - for types
        try:
            async with asyncio.timeout(seconds):
                stdin.write(json.dumps(order).encode() + b"\n")
                await stdin.drain()
                line = await stdout.readline()
        except TimeoutError:
            raise WorkerFailed(_too_long(seconds)) from None
        except ValueError:
            text = "the answer is larger than the server keeps"
            hint = "ask about fewer or smaller networks at once"
            raise WorkerFailed(Refusal(kind="limit", message=text, hint=hint)) from None
        except (BrokenPipeError, ConnectionResetError):
            line = b""
        if not line:
            code = await self._process.wait()
            raise WorkerFailed(_ended(_how(code)))
        told: dict[str, Any] = json.loads(line)
        return told


def _resident_bytes(pid: int) -> int:
    """Memory that a process keeps; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def _how(code: int) -> str:
    if code < 0:
        return f"signal {-code}, {signal.strsignal(-code) or 'unknown'}"
    return f"exit code {code}"


def _ended(how: str) -> Refusal:
    return Refusal(
        kind="ended",
        message=f"the process that worked on the answer ended ({how})",
        hint="ask again; where it happens again, ask about fewer or smaller networks at once",
    )


def _too_long(seconds: float) -> Refusal:
    return Refusal(
        kind="time",
        message=f"the answer takes longer than {seconds:g} s, the limit of this server",
        hint="ask about fewer or smaller networks at once, or on your own machine at a command "
        "line, which has no limit",
    )
