"""Command lines, as they can be typed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def command_line(
    verb: str, sources: Iterable[str], options: Iterable[tuple[str, object]] = ()
) -> str:
    """A command, quoted for a shell.

    Args:
        verb: the command.
        sources: as they are typed.
        options: with their values, True for a flag; those without a value are left out.

    >>> command_line("explain", ["my model.txt"], [("--batch", 8), ("--device", None)])
    "convcost explain 'my model.txt' --batch 8"
    """
    words = ["convcost", verb, *sources]
    for option, value in options:
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            words += [option, str(value)]
    return shlex.join(words)
