"""Options of commands that measure: --time, --quick, --timeout, --threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.measure import Effort

Function = TypeVar("Function", bound="Callable[..., Any]")

#: Seconds to measure: by default, and with --quick.
_USUAL, _QUICK = 30.0, 5.0
_TIMEOUT = "10min"


def measuring(with_: str = "") -> Callable[[Function], Function]:
    """--threads, --time, --quick, --timeout.

    Args:
        with_: the option without which they say nothing.
    """

    def told(text: str) -> str:
        return f"With {with_}: {text[0].lower()}{text[1:]}" if with_ else text

    def add(function: Function) -> Function:
        for option in (
            click.option("--timeout", metavar="DURATION",
                         help=told("How long starting a network, or one turn of it, may take; by "
                                   f"default {_TIMEOUT}.")),
            click.option("--quick", is_flag=True,
                         help=told(f"The same as --time {_QUICK:g}s.")),
            click.option("--time", metavar="DURATION",
                         help=told("How long to measure all networks: 2min; by default "
                                   f"{_USUAL:g}s.")),
            click.option("--threads", metavar="N", type=click.IntRange(min=1),
                         help=told("Threads of the framework; by default the physical cores.")),
        ):  # fmt: skip
            function = option(function)
        return function

    return add


def effort(*, time: str | None, quick: bool, timeout: str | None) -> Effort:
    """What the options ask for.

    Raises:
        UsageError: a duration cannot be read, or two exclude each other.
    """
    from convcost.errors import UsageError
    from convcost.measure import Effort
    from convcost.units import parse_seconds

    if quick and time is not None:
        raise UsageError("--quick and --time exclude each other")
    seconds = _QUICK if quick else _USUAL if time is None else parse_seconds(time)
    return Effort(seconds=seconds, timeout=parse_seconds(timeout or _TIMEOUT))


def say(text: str) -> None:
    """Tell on standard error what is going on."""
    click.echo(f"{text} ...", err=True)


def warn(text: str) -> None:
    """Tell on standard error what has gone wrong beside the measurement."""
    click.echo(f"warning: {text}", err=True)
