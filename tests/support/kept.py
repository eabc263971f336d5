"""What takes long to make, and every process of a test run needs: the first one makes it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: Where the folder of the test run is told, which all of its processes share.
FOLDER = "CONVCOST_TEST_RUN"


def kept(name: str, make: Callable[[], T]) -> T:
    """A value that an earlier process has left in the folder of this test run, or a new one.

    Args:
        name: of its file.
        make: makes it; pickled for the others.
    """
    path = Path(os.environ[FOLDER]) / f"{name}.pickle"
    if path.exists():
        found: T = pickle.loads(path.read_bytes())  # noqa: S301 - written below
        return found
    made = make()
    whole = path.with_suffix(f".{os.getpid()}")
    whole.write_bytes(pickle.dumps(made))
    whole.replace(path)
    return made
