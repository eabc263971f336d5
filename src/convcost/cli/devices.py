"""`convcost devices`: hardware by name, every figure with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import Command

if TYPE_CHECKING:
    from convcost.cli.support.output import Output


@click.command(
    "devices",
    cls=Command,
    short_help="List devices, or one with the source of every figure.",
    examples=(
        "convcost devices",
        "convcost devices gtx-1080-ti",
        "convcost devices a100 --json",
    ),
)
@click.argument("name", required=False, shell_complete=completion.devices)
@options.output
def command(name: str | None, *, output: Output) -> None:
    """List devices; with a NAME, every figure of one and where it comes from.

    The first look at this machine measures its memory for about a second.
    """
    from convcost.cli.support.sources import command_line
    from convcost.device import THIS_MACHINE, load, names
    from convcost.report.views.devices import report, report_one

    if name is None:
        proposal = command_line("devices", [THIS_MACHINE])
        output.write(report([load(each) for each in names()], next_=proposal))
    else:
        device = load(name)
        proposal = command_line("predict", ["zoo:vgg16"], [("--device", name)])
        output.write(report_one(device, next_=proposal))
