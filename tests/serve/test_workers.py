"""Workers: one that hangs, dies or says too much is replaced, and the others go on."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from convcost.serve import limits, process
from convcost.serve.answer import Answer, Refusal
from convcost.serve.question import Question
from convcost.serve.workers import Workers
from support.files import ROOT

FAKE = (sys.executable, str(ROOT / "tests" / "support" / "fake_worker.py"))


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", FAKE)


def with_workers(
    use: Callable[[Workers], Awaitable[None]],
    number: int = 1,
    seconds: float = 30.0,
    waiting: int = 10,
    said: list[str] | None = None,
) -> None:
    """Use some workers, and see that none is left."""

    async def used() -> None:
        say = (said if said is not None else []).append
        workers = Workers(number, seconds=seconds, waiting=waiting, say=say)
        workers.start()
        try:
            await use(workers)
        finally:
            pids = workers.pids
            await workers.stop()
        assert not any(map(lives, pids))

    asyncio.run(used())


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def asked(workers: Workers, *what: str) -> Answer | Refusal:
    return await workers.answer(Question(zoo=what), Path("/"))


def kind(found: Answer | Refusal) -> str:
    return found.kind if isinstance(found, Refusal) else "answer"


@pytest.mark.parametrize(
    ("what", "expected", "text"),
    [
        ("hang", "time", "takes longer than 0.5 s"),
        ("die", "ended", "exit code 3"),
        ("kill", "ended", "signal 9"),
        ("raise", "ended", "could not read"),
        ("memory", "memory", "too much"),
        ("shout", "limit", "larger than the server keeps"),
    ],
)
def test_a_worker_that_fails_is_replaced(
    what: str, expected: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_ANSWER_BYTES", 1_000_000)

    async def use(workers: Workers) -> None:
        before = await asked(workers, "well")
        failed = await asked(workers, what)
        assert isinstance(failed, Refusal)
        assert (failed.kind, text in failed.message) == (expected, True), failed
        after = await asked(workers, "well")
        assert isinstance(before, Answer)
        assert isinstance(after, Answer)
        assert before.made_by != after.made_by
        assert not lives(int(before.made_by))

    with_workers(use, seconds=0.5 if what == "hang" else 30.0)


def test_a_refusal_leaves_the_worker_as_it_is() -> None:
    async def use(workers: Workers) -> None:
        before = await asked(workers, "well")
        assert kind(await asked(workers, "source")) == "source"
        after = await asked(workers, "well")
        assert before.made_by == after.made_by

    with_workers(use)


def test_each_answers_one_question_at_a_time_and_all_are_answered() -> None:
    async def use(workers: Workers) -> None:
        found = await asyncio.gather(*(asked(workers, "slow", str(n)) for n in range(6)))
        assert [kind(each) for each in found] == ["answer"] * 6
        assert [each.question for each in found] == [f"slow {n}" for n in range(6)]
        assert len({each.made_by for each in found}) == 2

    with_workers(use, number=2)


def test_a_hanging_question_does_not_keep_others_waiting() -> None:
    async def use(workers: Workers) -> None:
        hanging = asyncio.create_task(asked(workers, "hang"))
        found = await asyncio.gather(*(asked(workers, "well") for _ in range(5)))
        assert {kind(each) for each in found} == {"answer"}
        assert not hanging.done()
        assert kind(await hanging) == "time"

    with_workers(use, number=2, seconds=1.5)


def test_too_many_that_wait_are_told_to_come_back() -> None:
    async def use(workers: Workers) -> None:
        await asked(workers, "well")
        found = await asyncio.gather(*(asked(workers, "slow") for _ in range(6)))
        kinds = [kind(each) for each in found]
        assert kinds.count("busy") >= 3
        assert kinds.count("answer") >= 2
        assert set(kinds) == {"busy", "answer"}

    with_workers(use, waiting=2)


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(workers: Workers) -> None:
        await asked(workers, "well")
        hanging = asyncio.create_task(asked(workers, "hang"))
        await asyncio.sleep(0.05)
        monkeypatch.setattr(limits, "WAIT_SECONDS", 0.1)
        found = await asked(workers, "well")
        assert (kind(found), "no worker was free for 0.1 s" in found.message) == ("busy", True)
        hanging.cancel()

    with_workers(use)


def test_one_that_has_answered_much_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORKER_QUESTIONS", 2)

    async def use(workers: Workers) -> None:
        found = [await asked(workers, "well") for _ in range(4)]
        pids = [each.made_by for each in found]
        assert pids[0] == pids[1] != pids[2] == pids[3]

    with_workers(use)


def test_one_that_keeps_much_memory_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WORKER_KEPT_BYTES", 1)

    async def use(workers: Workers) -> None:
        found = [await asked(workers, "well") for _ in range(2)]
        assert found[0].made_by != found[1].made_by

    with_workers(use)


def test_who_gives_up_waiting_leaves_no_worker_behind_that_hangs() -> None:
    async def use(workers: Workers) -> None:
        before = await asked(workers, "well")
        hanging = asyncio.create_task(asked(workers, "hang"))
        await asyncio.sleep(0.1)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        after = await asked(workers, "well")
        assert after.made_by != before.made_by
        assert not lives(int(before.made_by))

    with_workers(use)


def test_workers_that_cannot_start_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", "raise SystemExit(1)"))
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.5)
    said: list[str] = []

    async def use(workers: Workers) -> None:
        assert kind(await asked(workers, "well")) == "busy"

    with_workers(use, said=said)
    assert "could not start" in said[0]
