"""`convcost explain`: where the time goes, and why one network takes longer than another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import Command
from convcost.cli.support.training import trained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output
_DEFAULT_BATCH = 32


@click.command(
    "explain",
    cls=Command,
    short_help="Explain where the time goes and why networks differ.",
    sources=True,
    examples=(
        "convcost explain zoo:seed000",
        "convcost explain zoo:seed001-mlp zoo:seed001-cnn --device laptop-cpu",
        "convcost explain zoo:alexnet --training --optimizer momentum --batch 128",
        "convcost explain three-summaries.txt --measured 14s,340s,205s --samples 60000",
        "convcost explain - < summary.txt",
    ),
)
@options.sources
@options.workload(
    batch=_DEFAULT_BATCH,
    training="As in training: the times of the forward pass, and what a whole step consists of.",
)
@trained
@options.where
@click.option("--measured", metavar="TIMES",
              help="Times that you measured, one per network, in order: 4.6s,2.3s. They are for "
              "one batch, or for the samples that --samples says. Default: progress lines "
              "below pasted tables.")  # fmt: skip
@options.samples("How many samples the measured times are for.")
@options.output
@options.verbose("Show all layers and every note.")
def command(
    sources: tuple[str, ...],
    *,
    batch: int,
    training: bool,
    dtype: str | None,
    dims: Mapping[str, int],
    optimizer: str | None,
    freeze: tuple[str, ...],
    device: str | None,
    runtime: str | None,
    measured: str | None,
    samples: int | None,
    output: Output,
    verbose: bool,
) -> None:
    """Explain where the time goes, and why one network takes longer than another.

    Every further network is compared with the first.
    """
    from convcost.cli.support.sources import command_line, dim_options, networks, usual_sizes
    from convcost.report.views.explain import report
    from convcost.units import parse_times
    from convcost.verbs import explain

    seconds = parse_times(measured) if measured else ()
    nets = networks(sources, dims)
    explanation = explain(
        *nets, device=device, runtime=runtime, batch=batch, training=training, dtype=dtype,
        optimizer=optimizer, freeze=freeze, samples=samples, measured=seconds,
    )  # fmt: skip
    chosen: list[tuple[str, object]] = [("--device", device), ("--runtime", runtime)]
    chosen += [("--batch", batch), ("--training", training), ("--dtype", dtype)]
    chosen += [*dim_options(dims), *(usual := usual_sizes(nets))]
    proposal = command_line("explain" if usual else "predict", sources, chosen)
    output.write(report(explanation, verbose=verbose, next_=proposal))
