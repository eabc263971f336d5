"""Options of commands that measure: --time, --quick, --timeout, --threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support.together import Decorator, together

if TYPE_CHECKING:
    from convcost.measure import Effort

#: Parameters of the options below, which commands that only predict refuse.
MEASURING = ("verify", "threads", "time", "quick", "timeout", "no_store")
#: Seconds to measure: by default, and with --quick.
_USUAL, _QUICK = 30.0, 5.0
_TIMEOUT = "10min"
_THREADS = "Threads of the framework; by default the physical cores."

#: --threads.
threads: Decorator = click.option(
    "--threads", metavar="N", type=click.IntRange(min=1), help=_THREADS
)


def measuring(with_: str = "") -> Decorator:
    """--threads, --time, --quick, --timeout.

    Args:
        with_: the option without which they say nothing.
    """

    def of(text: str) -> str:
        return f"With {with_}: {text[0].lower()}{text[1:]}" if with_ else text

    return together(
        click.option("--threads", metavar="N", type=click.IntRange(min=1),
                     help=of(_THREADS)),
        click.option("--time", metavar="DURATION",
                     help=of(f"How long to measure all networks: 2min; by default {_USUAL:g}s.")),
        click.option("--quick", is_flag=True, help=of(f"The same as --time {_QUICK:g}s.")),
        click.option("--timeout", metavar="DURATION",
                     help=of("How long starting a network, or one turn of it, may take; by default "
                             f"{_TIMEOUT}.")),
    )  # fmt: skip


#: --verify.
verified: Decorator = click.option(
    "--verify", is_flag=True,
    help="Measure the networks too, side by side on this machine, and tell prediction and "
    "measurement beside each other; in --runtime, which may then be any that `measure` runs, by "
    "default in the first that can run them.",
)  # fmt: skip

#: What --verify takes: as `measuring`, and --no-store.
verifying = together(
    measuring("--verify"),
    click.option("--no-store", is_flag=True,
                 help="With --verify: do not keep the measurement for `history`."),
)  # fmt: skip


def verification(
    verify: bool,
    *,
    time: str | None,
    quick: bool,
    timeout: str | None,
    no_store: bool | None = None,
) -> Effort | bool:
    """What the options ask a verb to verify with; False for nothing.

    Args:
        verify: whether --verify is given.
        time: of --time.
        quick: whether --quick is given.
        timeout: of --timeout.
        no_store: whether --no-store is given; None where there is no such option.

    Raises:
        UsageError: as `effort`; or they are given without --verify.
    """
    from convcost.errors import UsageError

    if verify:
        return effort(time=time, quick=quick, timeout=timeout)
    if quick or no_store or time is not None or timeout is not None:
        names = ["--time", "--quick", "--timeout", *([] if no_store is None else ["--no-store"])]
        text = f"{', '.join(names[:-1])} and {names[-1]} are for measuring"
        raise UsageError(text, hint="add --verify")
    return False


def effort(*, time: str | None, quick: bool, timeout: str | None) -> Effort:
    """What the options ask for.

    Raises:
        UsageError: a duration cannot be read, or two exclude each other.
    """
    from convcost.measure import Effort
    from convcost.units import parse_seconds

    seconds = duration(time, quick=quick, usual=_USUAL, short=_QUICK)
    return Effort(seconds=seconds, timeout=parse_seconds(timeout or _TIMEOUT))


def duration(time: str | None, *, quick: bool, usual: float, short: float) -> float:
    """Seconds that --time and --quick ask for.

    Args:
        time: of --time.
        quick: whether --quick is given.
        usual: seconds without both.
        short: seconds with --quick.

    Raises:
        UsageError: both are given, or the duration cannot be read.
    """
    from convcost.errors import UsageError
    from convcost.units import parse_seconds

    if quick and time is not None:
        raise UsageError("--quick and --time exclude each other")
    return short if quick else usual if time is None else parse_seconds(time)


def say(text: str) -> None:
    """Tell on standard error what is going on."""
    click.echo(f"{text} ...", err=True)


def warn(text: str) -> None:
    """Tell on standard error what has gone wrong beside the measurement."""
    click.echo(f"warning: {text}", err=True)
