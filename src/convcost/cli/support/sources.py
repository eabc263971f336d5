"""From SOURCE arguments to networks, and back to a command line that can be proposed."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import click

from convcost.cli.support.options import INPUTS
from convcost.errors import ConvcostError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network

#: A longer argument is a pasted text, not a name to repeat.
_LONGEST = 200


def networks(sources: Sequence[str], dims: Mapping[str, int]) -> tuple[Network, ...]:
    """Every network of every source, in order.

    Raises:
        ConvcostError: a source cannot be read; with several, the message names it.
    """
    from convcost.read import read_source

    if sources.count("-") > 1:
        raise UsageError(
            "standard input can be read only once", hint="paste all texts into one '-'"
        )
    context = click.get_current_context(silent=True)
    inputs = None if context is None else context.meta.get(INPUTS)
    found: list[Network] = []
    for source in sources:
        if source == "-" and sys.stdin.isatty():
            click.echo("reading from the terminal: paste the text, then press Ctrl-D", err=True)
        try:
            found += read_source(source, inputs=inputs, dims=dims)
        except ConvcostError as error:
            if len(sources) > 1 and not _is_named(source, error.message):
                error.message = f"{_name(source)}: {error.message}"
            raise
    return tuple(found)


def _is_named(source: str, message: str) -> bool:
    """Whether an error says which source it is about, be it without the number of the network."""
    path = source.rpartition("#")[0] or source
    return ("standard input" if source == "-" else path) in message


def command_line(
    command: str, sources: Sequence[str], options: Sequence[tuple[str, object]] = ()
) -> str:
    """A command to propose, quoted for a shell; an option without a value is left out.

    >>> command_line("explain", ["my model.txt"], [("--batch", 8), ("--device", None)])
    "convcost explain 'my model.txt' --batch 8"
    """
    words = ["convcost", command, *map(_name, sources)]
    for option, value in options:
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            words += [option, str(value)]
    return shlex.join(words)


def dim_options(dims: Mapping[str, int]) -> list[tuple[str, object]]:
    """The --dim options that were given."""
    return [("--dim", f"{name}={size}") for name, size in dims.items()]


def _name(source: str) -> str:
    return source if len(source) <= _LONGEST and source.isprintable() else "-"
