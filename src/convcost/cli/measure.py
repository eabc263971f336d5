"""`convcost measure`: the time of networks in a real framework, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import INTERRUPTED, Command, assumed
from convcost.cli.support.measuring import MEASURING, effort, measuring, say, warn
from convcost.cli.support.training import with_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output
    from convcost.runtime.runners.runner import Loop


@click.command(
    "measure",
    cls=Command,
    short_help="Run networks in a real framework and tell their times, layer by layer.",
    sources=True,
    examples=(
        "convcost measure zoo:seed000 --runtime onnxruntime --batch 32 --quick",
        "convcost measure zoo:seed001-mlp zoo:seed001-cnn --runtime onnxruntime --time 2s",
        "convcost measure zoo:seed000 --runtime onnxruntime --batch 32 --quick --against last",
        "convcost measure summary.txt --runtime onnxruntime --threads 1 --time 1s --json",
        "convcost measure zoo:seed000 --runtime torch --loop evaluate --samples 320 --quick",
    ),
)
@options.sources
@options.workload(batch=None, training=options.TRAINING_STEP, many="--training")
@with_loss
@options.runner("What runs them: onnxruntime, torch ...; by default the source's own framework "
                "where it can be run, else the first that can.")  # fmt: skip
@click.option("--loop", type=click.Choice(["step", "evaluate", "fit"]), default="step",
              show_default=True,
              help="What to time: one batch, or the framework's own way through --samples in "
              "memory, once (evaluate) or one epoch of training (fit).")  # fmt: skip
@options.samples("How many samples --loop goes through.")
@measuring()
@click.option("--against", metavar="RUN",
              help="Compare with an earlier run: its number in `convcost history`, or last, the "
              "newest of the same network, workload and runtime on such a machine.")  # fmt: skip
@click.option("--no-store", is_flag=True, help="Do not keep the measurement for `history`.")
@options.timed_output
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
    loop: Loop,
    samples: int | None,
    threads: int | None,
    time: str | None,
    quick: bool,
    timeout: str | None,
    against: str | None,
    no_store: bool,
    output: Output,
    verbose: bool,
) -> None:
    """Run networks in a real framework, in turns, and tell their times with intervals.

    Each runs in six processes of its own, one after the other, with random values for its
    parameters. Ctrl-C ends it early and keeps what was measured until then. `convcost history`
    shows all measurements again.
    """
    from convcost.cli.support.sources import networks, proposal
    from convcost.report.views.measure import report
    from convcost.verbs import measure

    wanted = effort(time=time, quick=quick, timeout=timeout)
    nets = networks(sources, dims)
    found = measure(
        *nets, runtime=runtime, batch=batch, training=training, optimizer=optimizer, loss=loss,
        freeze=freeze, dtype=dtype, threads=threads, loop=loop, samples=samples,
        seconds=wanted.seconds, timeout=wanted.timeout, store=not no_store, against=against,
        say=say, warn=warn,
    )  # fmt: skip
    ran = [("--batch", found.networks[0].workload.batch)]
    output.write(
        report(
            found,
            notes=[net.notes for net in nets],
            ops=[{layer.name: layer.op.kind for layer in net.layers} for net in nets],
            assumed=assumed("runtime", "batch", "threads"),
            against=against is not None,
            verbose=verbose,
            next_=proposal("explain", sources, without=(*MEASURING, "samples"), more=ran),
        )
    )
    if found.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
