"""Where convcost keeps what it has measured and learned: the user's data folder."""

from __future__ import annotations

import os
from pathlib import Path

from convcost.errors import ConvcostError


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
