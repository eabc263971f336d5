"""Where questions come to: an answer that is kept, or one by a worker, which is kept then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from convcost.serve.answer import Answer
from convcost.serve.stamp import stamp

if TYPE_CHECKING:
    from convcost.serve.answer import Refusal
    from convcost.serve.question import Question
    from convcost.serve.store import Store
    from convcost.serve.workers import Workers


class Desk:
    """Answers questions.

    Args:
        store: what is kept.
        workers: those who answer.
    """

    def __init__(self, store: Store, workers: Workers) -> None:
        self.store = store
        self._workers = workers

    async def question(self, id_: str) -> Question | None:
        """The question of that name; None where it was never asked, or is not kept any more."""
        return await run_in_threadpool(self.store.question, id_)

    async def answer(self, question: Question) -> Answer | Refusal:
        """The answer, made now where there is none by this convcost.

        Raises:
            ConvcostError: the store cannot be used, or a file is not kept any more.
        """
        kept = await run_in_threadpool(self._kept, question)
        if kept is not None:
            return kept
        folder = await run_in_threadpool(self.store.place, question)
        try:
            answer = await self._workers.answer(question, folder)
        finally:
            await run_in_threadpool(self.store.clear, folder)
        if isinstance(answer, Answer):
            await run_in_threadpool(self.store.keep, question, answer)
        return answer

    def _kept(self, question: Question) -> Answer | None:
        return self.store.answer(question.id, stamp())
