"""`convcost calibrate`: learn how long a runtime's kernels take on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import INTERRUPTED, Command
from convcost.cli.support.measuring import MEASURING, duration, say, threads

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
@options.runner("What to calibrate: onnxruntime, torch ...", required=True)
@click.option("--training", is_flag=True, help="Training steps, not inference.")
@threads
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
    from convcost.cli.support.sources import proposal
    from convcost.report.views.calibrate import report
    from convcost.verbs import calibrate

    seconds = duration(time, quick=quick, usual=_USUAL, short=_QUICK)
    found = calibrate(
        runtime, training=training, threads=threads, seconds=seconds, fresh=fresh, say=say
    )
    output.write(report(found, next_=proposal("predict", ["zoo:resnet18"], without=MEASURING)))
    if found.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
