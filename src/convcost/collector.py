"""The garbage collector, while many objects are made that are all kept."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: More objects than usual that the collector waits for before it looks through them.
_OBJECTS = 50_000


def wait_longer() -> None:
    """Let it look more seldom, in a process that keeps what it makes.

    Looking after every 700 objects takes a tenth of a command's time.
    """
    gc.set_threshold(_OBJECTS)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Leave the garbage collector out: it would look at all that is made again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
