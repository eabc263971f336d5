"""`convcost sweep`: a network at many values of its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import INTERRUPTED, Command
from convcost.cli.support.measuring import MEASURING, say, threads, warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output
    from convcost.predict import Basis


@click.command(
    "sweep",
    cls=Command,
    short_help="Vary attributes of a network: counts, memory and time at every point.",
    sources=True,
    examples=(
        "convcost sweep zoo:seed003 --vary 'conv*.kernel=1,3,5,7,9,11' --batch 128",
        "convcost sweep zoo:resnet18 --vary batch=1..256 --device a100",
        "convcost sweep zoo:vgg16 --vary width=0.25..2 --vary image=32..128 --pareto seconds,-macs",
        "convcost sweep summary.txt --vary 'conv*.padding=same,valid' --vary batch=1,32 --json",
        "convcost sweep zoo:seed001-cnn --vary 'conv*.filters=4..64' --sample 1000 -o points.csv",
    ),
)
@options.sources
@options.workload(batch=1)
@options.where
@click.option("--vary", "vary", metavar="NAME=VALUES", multiple=True, required=True,
              help="What to vary: batch, image (the sides of the inputs), width (a factor on all "
              "filters and units but the last ones'), an open size, or PATTERN.ATTRIBUTE of layers "
              "('conv*.kernel'). VALUES: 1,3,5, or 1..256 for 1, 2, 4 ... 256, or 1..9:2 for 1, 3 "
              "... 9. May be repeated: all combinations.")  # fmt: skip
@click.option("--sample", metavar="N", type=click.IntRange(min=1),
              help="Draw N points by chance instead.")  # fmt: skip
@click.option("--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of the draw.")  # fmt: skip
@options.optimizer
@options.basis
@click.option("--pareto", metavar="A,B", help="Mark the points that nothing beats in both of two "
              "figures: seconds, parameters, macs, activation_bytes, memory_bytes; less is better, "
              "with a minus in front more: seconds,-macs.")  # fmt: skip
@click.option("--measure", metavar="POINTS", help="Also measure these points in the framework, by "
              "their numbers: 1,4.")  # fmt: skip
@click.option("--time", metavar="DURATION", help="How long to measure each; default: 30s.")
@threads
@click.option("--executor", metavar="WHERE", help="local or local:4 for processes of this machine, "
              "dask://HOST:PORT for a Dask cluster; default: this process.")  # fmt: skip
@click.option("--keep", metavar="FOLDER", type=click.Path(file_okay=False),
              help="Keep parts that are done there: a sweep that was ended goes on.")  # fmt: skip
@options.charted_output
def command(
    sources: tuple[str, ...],
    *,
    batch: int,
    training: bool,
    dtype: str | None,
    dims: Mapping[str, int],
    device: str | None,
    runtime: str | None,
    vary: tuple[str, ...],
    sample: int | None,
    seed: int,
    optimizer: str | None,
    basis: Basis | None,
    profile: str | None,
    pareto: str | None,
    measure: str | None,
    time: str | None,
    threads: int | None,
    executor: str | None,
    keep: str | None,
    output: Output,
) -> None:
    """Count and predict a network at every combination of what is varied."""
    from convcost.cli.support.sources import networks, proposal
    from convcost.errors import UsageError
    from convcost.report.views.sweep import report
    from convcost.units import parse_seconds, parse_sizes
    from convcost.verbs import sweep

    figures = tuple(name.strip() for name in pareto.split(",")) if pareto else None
    if (time is not None or threads is not None) and measure is None:
        raise UsageError("--time and --threads are for measuring", hint="add --measure 1,4")
    nets = networks(sources, dims)
    if len(nets) != 1:
        raise UsageError(
            f"a sweep is of one network, the sources have {len(nets)}", hint="FILE#2 is one of them"
        )
    found = sweep(
        nets[0], vary, device=device, runtime=runtime, batch=batch, training=training,
        optimizer=optimizer, dtype=dtype, basis=basis, profile=profile, sample=sample, seed=seed,
        pareto=figures, measure=parse_sizes(measure) if measure else (),
        seconds=parse_seconds(time) if time else 30.0, threads=threads, executor=executor,
        keep=keep, say=say, warn=warn,
    )  # fmt: skip
    more = [] if "batch" in found.columns else [("--batch", batch)]
    next_ = proposal("explain", sources, without=MEASURING, more=more)
    output.write(report(found, next_=next_))
    if any(each.interrupted for each in found.measured.values()):
        raise click.exceptions.Exit(INTERRUPTED)
