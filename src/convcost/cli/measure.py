"""`convcost measure`: the time of networks in a real framework, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import INTERRUPTED, Command
from convcost.cli.support.training import options_of, with_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output
#: Seconds to measure: by default, and with --quick.
_USUAL, _QUICK = 30.0, 5.0


@click.command(
    "measure",
    cls=Command,
    short_help="Run networks in a real framework and tell their times, layer by layer.",
    sources=True,
    examples=(
        "convcost measure zoo:seed000 --runtime onnxruntime --batch 32 --quick",
        "convcost measure zoo:seed001-mlp zoo:seed001-cnn --runtime onnxruntime --time 2s",
        "convcost measure summary.txt --runtime onnxruntime --threads 1 --time 1s --json",
    ),
)
@options.sources
@options.workload(batch=None, training=options.TRAINING_STEP, many="--training")
@with_loss
@click.option("--runtime", metavar="NAME", shell_complete=completion.runners,
              help="What runs them: onnxruntime, torch ...; by default the source's own framework "
              "where it can be run, else the first that can.")  # fmt: skip
@click.option("--threads", metavar="N", type=click.IntRange(min=1),
              help="Of the framework; by default the physical cores.")  # fmt: skip
@click.option("--time", metavar="DURATION",
              help=f"How long to measure all networks: 2min; by default {_USUAL:g}s.")  # fmt: skip
@click.option("--quick", is_flag=True, help=f"The same as --time {_QUICK:g}s.")
@click.option("--timeout", metavar="DURATION", default="10min", show_default=True,
              help="How long starting a network, or one turn of it, may take.")  # fmt: skip
@options.output
@options.verbose("Show every note, also what follows from the source's own numbers.")
def command(
    sources: tuple[str, ...],
    *,
    batch: int | None,
    training: bool,
    dtype: str | None,
    dims: Mapping[str, int],
    optimizer: str | None,
    loss: str | None,
    freeze: tuple[str, ...],
    runtime: str | None,
    threads: int | None,
    time: str | None,
    quick: bool,
    timeout: str,
    output: Output,
    verbose: bool,
) -> None:
    """Run networks in a real framework, in turns, and tell their times with intervals.

    Each runs in a process of its own, with random values for its parameters. Ctrl-C ends it early
    and keeps what was measured until then.
    """
    from convcost.cli.support.sources import command_line, dim_options, networks
    from convcost.errors import UsageError
    from convcost.report.views.measure import report
    from convcost.units import parse_seconds
    from convcost.verbs import measure

    if quick and time is not None:
        raise UsageError("--quick and --time exclude each other")
    seconds = _QUICK if quick else _USUAL if time is None else parse_seconds(time)
    nets = networks(sources, dims)
    found = measure(
        *nets, runtime=runtime, batch=batch, training=training, optimizer=optimizer, loss=loss,
        freeze=freeze, dtype=dtype, threads=threads, seconds=seconds,
        timeout=parse_seconds(timeout), say=_say,
    )  # fmt: skip
    shared: list[tuple[str, object]] = [("--batch", found.networks[0].workload.batch)]
    shared += [("--training", training), ("--dtype", dtype), *dim_options(dims)]
    shared += options_of(optimizer, None, freeze, input_gradient=False)
    given = {"runtime": runtime, "batch": batch, "threads": threads}
    output.write(
        report(
            found,
            notes=[net.notes for net in nets],
            assumed=frozenset(name for name, value in given.items() if value is None),
            verbose=verbose,
            next_=command_line("explain", sources, shared),
        )
    )
    if found.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)


def _say(text: str) -> None:
    click.echo(f"{text} ...", err=True)
