"""`convcost runtimes`: frameworks as they execute, every constant with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import Command

if TYPE_CHECKING:
    from convcost.cli.support.output import Output


@click.command(
    "runtimes",
    cls=Command,
    short_help="List runtimes, or one with its rules and constants.",
    examples=(
        "convcost runtimes",
        "convcost runtimes keras-tensorflow",
        "convcost runtimes torch --json",
    ),
)
@click.argument("name", required=False, shell_complete=completion.runtimes)
@options.output
def command(name: str | None, *, output: Output) -> None:
    """List runtimes; with a NAME, its rules and constants per kind of device."""
    from convcost.cli.support.sources import command_line
    from convcost.errors import unknown_name
    from convcost.report.views.runtimes import report, report_one
    from convcost.runtime import runtimes
    from convcost.runtime.runners.registry import runners

    predicted, measured = runtimes(), runners()
    if name is None:
        following = command_line("runtimes", [next(iter(predicted))])
        output.write(report(predicted, measured, next_=following))
    elif name in predicted or name in measured:
        verb = "predict" if name in predicted else "measure"
        following = command_line(verb, ["zoo:vgg16"], [("--runtime", name)])
        output.write(report_one(name, predicted, measured, next_=following))
    else:
        raise unknown_name("runtime", name, {*predicted, *measured})
