"""`convcost memory`: what is alive when, the peak, and the largest batch that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import Command, typed
from convcost.cli.support.training import training_step
from convcost.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output


@click.command(
    "memory",
    cls=Command,
    short_help="Memory of a pass: what is alive when, the peak, the largest batch that fits.",
    sources=True,
    examples=(
        "convcost memory zoo:vgg16 --batch 8",
        "convcost memory zoo:vgg16 --training --optimizer adam --within 8GB",
        "convcost memory zoo:alexnet --training --batch 64 --checkpoint",
        "convcost memory summary.txt --training --dtype float16 --json",
    ),
)
@options.sources
@options.workload(batch=1, training=options.TRAINING_STEP)
@training_step
@options.runtime
@click.option(
    "--within",
    metavar="SIZE",
    help="Memory that there is, 8GB or 8GiB: the largest batch that fits, in place of --batch.",
)
@click.option(
    "--checkpoint",
    is_flag=True,
    help="With --training: keep only what enters each of about sqrt(n) segments, and "
    "compute the rest again.",
)
@click.option(
    "--checkpoint-after",
    metavar="LAYER",
    multiple=True,
    help="The same, with segments that end behind these layers; repeatable.",
)
@options.charted_output
@options.verbose("Show every note, also what follows from the source's own numbers.")
def command(
    sources: tuple[str, ...],
    *,
    batch: int,
    training: bool,
    dtype: str | None,
    dims: Mapping[str, int],
    optimizer: str | None,
    loss: str | None,
    freeze: tuple[str, ...],
    input_gradient: bool,
    runtime: str | None,
    within: str | None,
    checkpoint: bool,
    checkpoint_after: tuple[str, ...],
    output: Output,
    verbose: bool,
) -> None:
    """Memory of inference or of a training step: what is alive when, and the peak."""
    from convcost.cli.support.sources import networks, proposal
    from convcost.report.views.memory import report
    from convcost.verbs import memory

    if within is not None and "batch" in typed():
        raise UsageError("--batch and --within exclude each other")
    nets = networks(sources, dims)
    found = [
        memory(
            net, batch=batch, training=training, optimizer=optimizer, loss=loss, freeze=freeze,
            input_gradient=input_gradient, dtype=dtype, runtime=runtime,
            checkpoint=checkpoint_after or checkpoint, within=within,
        )
        for net in nets
    ]  # fmt: skip
    if checkpoint or checkpoint_after:
        next_ = proposal("count", sources, more=[("--training", True)])
    else:
        more = [("--training", True), ("--checkpoint", training)]
        next_ = proposal("memory", sources, more=more)
    notes = [net.notes for net in nets]
    output.write(report(found, notes=notes, verbose=verbose, next_=next_))
