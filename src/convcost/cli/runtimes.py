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
    from convcost.report.views.runtimes import report, report_one
    from convcost.runtime import load, runtimes

    if name is None:
        found = tuple(runtimes().values())
        output.write(report(found, next_=command_line("runtimes", [found[0].name])))
    else:
        proposal = command_line("predict", ["zoo:vgg16"], [("--runtime", name)])
        output.write(report_one(load(name), next_=proposal))
