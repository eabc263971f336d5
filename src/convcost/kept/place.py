"""Where convcost keeps files: the user's data folder, or that for what can be made again."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Iterator


def place_of(name: str, variable: str, *, what: str, hint: str) -> Path:
    """The path that an environment variable names, or one in the user's data folder.

    Args:
        name: in that folder.
        variable: of the environment.
        what: is kept there, for the error.
        hint: what to do without such a folder.

    Raises:
        ConvcostError: this user has no such folder.
    """
    own = os.environ.get(variable)
    if own:
        return Path(own)
    from platformdirs import user_data_path

    folder = user_data_path("convcost", appauthor=False)
    if not folder.is_absolute():  # there is no home that ~ could stand for
        raise ConvcostError(f"this user has no folder to keep {what} in", hint=hint)
    return folder / name


def cache_of(variable: str) -> Path:
    """The folder that an environment variable names, or the user's own for what can be made again.

    Where this user has none, it is in the system's folder for temporary files.
    """
    own = os.environ.get(variable)
    if own:
        return Path(own)
    from platformdirs import user_cache_path

    folder = user_cache_path("convcost", appauthor=False)
    if folder.is_absolute():
        return folder
    from tempfile import gettempdir

    return Path(gettempdir()) / "convcost"


@contextmanager
def told(path: Path, *, hint: str) -> Iterator[None]:
    """Make errors of the file system ours.

    Args:
        path: that is written or read, where the system does not name one.
        hint: what to do then.

    Raises:
        ConvcostError: in the place of an OSError.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise ConvcostError(f"{where}: {error.strerror or error}", hint=hint) from error
