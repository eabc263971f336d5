"""From SOURCE arguments to networks, and back to a command line that can be proposed."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from convcost.cli.support.command import typed
from convcost.cli.support.options import CHOICES, INPUTS
from convcost.errors import ConvcostError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from convcost.network.network import Network

#: A longer argument is a pasted text, not a name to repeat.
_LONGEST = 200
#: Parameters that say how a result is shown, not what is asked.
_OUTPUT = frozenset({"path", "force", "format_", "as_json", "chart", "verbose"})


def networks(sources: Sequence[str], dims: Mapping[str, int]) -> tuple[Network, ...]:
    """Every network of every source, in order.

    Raises:
        ConvcostError: a source cannot be read; with several, the message names it.
    """
    from convcost.read import read_source, with_choices, with_sizes
    from convcost.read.several import told_apart

    if sources.count("-") > 1:
        raise UsageError(
            "standard input can be read only once", hint="paste all texts into one '-'"
        )
    inputs = _given_inputs()
    found: list[tuple[str, tuple[Network, ...]]] = []
    for source in sources:
        if source == "-" and sys.stdin.isatty():
            click.echo("reading from the terminal: paste the text, then press Ctrl-D", err=True)
        try:
            found.append((_stem(source), read_source(source, inputs=inputs)))
        except ConvcostError as error:
            if len(sources) > 1 and not _is_named(source, error.message):
                error.message = f"{name_of(source)}: {error.message}"
            raise
    return with_sizes(with_choices(told_apart(found), _given_choices()), dims)


def _given_inputs() -> tuple[tuple[int, ...], ...] | None:
    """The shapes of --input, a batch of one in front of each."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(INPUTS)


def _given_choices() -> Mapping[str, int]:
    """The readings of --choose."""
    context = click.get_current_context(silent=True)
    return {} if context is None else context.meta.get(CHOICES) or {}


def _stem(source: str) -> str:
    """What its networks are called where their own names are not enough."""
    return "standard input" if source == "-" else PurePath(name_of(source)).stem


def _is_named(source: str, message: str) -> bool:
    """Whether an error says which source it is about, be it without the number of the network."""
    path = source.rpartition("#")[0] or source
    return ("standard input" if source == "-" else path) in message


def proposal(
    verb: str,
    sources: Sequence[str],
    *,
    without: Collection[str] = (),
    more: Sequence[tuple[str, object]] = (),
) -> str:
    """A command to propose: with every option that was typed here and that it takes as well.

    Options of the output are not repeated.

    Args:
        verb: the command.
        sources: as they were typed.
        without: parameters that it would refuse, or that mean something else there.
        more: options that it gets besides: in place of one that was typed, unless that may be
            repeated. Those without a value are left out.
    """
    taken = {option.name: option for option in _options(verb)}
    words: dict[str, list[object]] = {}
    for name, (option, values) in typed().items():
        if name in taken and name not in _OUTPUT and name not in without:
            words[max(option.opts, key=len)] = [*values]
    repeated = {name for option in taken.values() if option.multiple for name in option.opts}
    for name, value in more:
        if value is not None and value is not False:
            words[name] = [*(words.get(name, ()) if name in repeated else ()), value]
    return command_line(
        verb, sources, [(name, x) for name, values in words.items() for x in values]
    )


def _options(verb: str) -> list[click.Option]:
    """The options of a command."""
    context = click.get_current_context()
    over = context.find_root().command
    command = over.get_command(context, verb) if isinstance(over, click.Group) else None
    assert command is not None  # noqa: S101 - commands propose commands
    return [each for each in command.params if isinstance(each, click.Option)]


def command_line(
    command: str, sources: Sequence[str], options: Sequence[tuple[str, object]] = ()
) -> str:
    """A command to type; arguments as of `convcost.report.command.command_line`.

    A pasted text stands there as standard input.
    """
    from convcost.report.command import command_line as line

    return line(command, map(name_of, sources), options)


def usual_sizes(nets: Sequence[Network]) -> list[tuple[str, object]]:
    """A --dim option for each size of an input that the sources leave open, with a usual value.

    Empty where other sizes are open as well: a kernel, a number of filters.
    """
    from convcost.read.several import open_sizes

    found: dict[str, int | None] = {}
    for size in (size for net in nets for size in open_sizes(net)):
        found[size.name] = found.get(size.name) or size.usual
    if None in found.values():
        return []
    return [("--dim", f"{name}={found[name]}") for name in sorted(found)]


def name_of(source: str) -> str:
    """A source as it can be typed again; a pasted text stands for standard input."""
    return source if len(source) <= _LONGEST and source.isprintable() else "-"
