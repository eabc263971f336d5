"""A bound on how long a part of an answer is worked on, so that the rest of it is given."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Spent(BaseException):
    """The time is over. It is no `Exception`, so that nobody on the way takes it for a fault."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what is in the block after so much time of the processor, where the system can.

    Args:
        seconds: of this process, however busy the machine is.

    Raises:
        Spent: it was stopped.
    """
    can = hasattr(signal, "setitimer") and hasattr(signal, "SIGPROF")
    if not can or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stop(number: int, frame: object) -> None:
    del number, frame
    raise Spent
