"""`convcost calibrate`: learn how long a runtime's kernels take on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import INTERRUPTED, Command
from convcost.cli.support.measuring import say

if TYPE_CHECKING:
    from convcost.cli.support.output import Output

#: Seconds to run networks: by default, and with --quick.
_USUAL, _QUICK = 600.0, 120.0


@click.command(
    "calibrate",
    cls=Command,
    short_help="Learn how long a runtime's kernels take on this machine, for predict.",
    examples=(
        "convcost calibrate --runtime onnxruntime",
        "convcost calibrate --runtime torch --training --quick",
        "convcost calibrate --runtime onnxruntime --threads 1 --json",
    ),
)
@click.option("--runtime", metavar="NAME", required=True, shell_complete=completion.runners,
              help="What to calibrate: onnxruntime, torch ...")  # fmt: skip
@click.option("--training", is_flag=True, help="Training steps, not inference.")
@click.option("--threads", metavar="N", type=click.IntRange(min=1),
              help="Threads of the framework; by default the physical cores.")  # fmt: skip
@click.option("--time", metavar="DURATION",
              help="How long to run networks: 20min; by default 10min.")  # fmt: skip
@click.option("--quick", is_flag=True, help="The same as --time 2min.")
@click.option("--fresh", is_flag=True,
              help="Forget the networks that were run by an earlier calibration.")  # fmt: skip
@options.output
def command(
    *,
    runtime: str,
    training: bool,
    threads: int | None,
    time: str | None,
    quick: bool,
    fresh: bool,
    output: Output,
) -> None:
    """Run networks that are drawn at random, and fit a model of their kernels' times.

    The profile is kept for `convcost predict`, which says from then on what it takes on this
    machine. A calibration that was interrupted, or killed, goes on with the same command. Nothing
    else should run on the machine meanwhile.
    """
    from convcost.cli.support.sources import command_line
    from convcost.errors import UsageError
    from convcost.report.views.calibrate import report
    from convcost.units import parse_seconds
    from convcost.verbs import calibrate

    if quick and time is not None:
        raise UsageError("--quick and --time exclude each other")
    seconds = _QUICK if quick else _USUAL if time is None else parse_seconds(time)
    found = calibrate(
        runtime, training=training, threads=threads, seconds=seconds, fresh=fresh, say=say
    )
    chosen = [("--runtime", runtime), ("--training", training)]
    output.write(report(found, next_=command_line("predict", ["zoo:resnet18"], chosen)))
    if found.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
