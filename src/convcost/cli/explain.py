"""`convcost explain`: where the time goes, and why one network takes longer than another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import INTERRUPTED, Command
from convcost.cli.support.measuring import effort, measuring, say, warn
from convcost.cli.support.training import options_of, training_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

    from convcost.cli.support.output import Output
_DEFAULT_BATCH = 32


def _ablations(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What --ablate takes."""
    from click.shell_completion import CompletionItem

    from convcost.explain.ablations import ablations
    from convcost.explain.plans import ALL, NONE

    del ctx, param
    begun, comma, last = incomplete.rpartition(",")
    names = (*ablations(), *(() if comma else (ALL, NONE)))
    return [CompletionItem(f"{begun}{comma}{name}") for name in names if name.startswith(last)]


@click.command(
    "explain",
    cls=Command,
    short_help="Explain where the time goes and why networks differ.",
    sources=True,
    examples=(
        "convcost explain zoo:seed000",
        "convcost explain zoo:seed001-mlp zoo:seed001-cnn --device laptop-cpu",
        "convcost explain zoo:seed001-mlp zoo:seed001-cnn --verify --time 1s",
        "convcost explain zoo:seed000 --ablate batch-norm",
        "convcost explain zoo:alexnet --training --optimizer momentum --batch 128",
        "convcost explain three-summaries.txt --measured 14s,340s,205s --samples 60000",
        "convcost explain - < summary.txt",
    ),
)
@options.sources
@options.workload(
    batch=_DEFAULT_BATCH,
    training="A training step: its time where the runtime is calibrated for training, else that of "
    "its forward pass; and what it consists of.",
)
@training_step
@options.where
@options.basis
@click.option("--verify", is_flag=True,
              help="Measure the networks too, side by side on this machine, and tell prediction "
              "and measurement beside each other; in --runtime, which may then be any that "
              "`measure` runs, by default in the first that can run them.")  # fmt: skip
@click.option("--ablate", metavar="NAMES", shell_complete=_ablations,
              help="Causes to take out of the networks, to see what each takes: "
              "batch-norm,padding; all; or none. By default none; with --verify, where they are "
              "measured side by side with the networks, the three at most that save most, each "
              "10 % of a network's time or more.")  # fmt: skip
@measuring("--verify")
@click.option("--no-store", is_flag=True,
              help="With --verify: do not keep the measurement for `history`.")  # fmt: skip
@click.option("--measured", metavar="TIMES",
              help="Times that you measured, one per network, in order: 4.6s,2.3s. They are for "
              "one batch, or for the samples that --samples says. Default: progress lines "
              "below pasted tables.")  # fmt: skip
@options.samples("How many samples the measured times are for.")
@options.timed_output
@options.verbose("Show all layers and every note.")
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
    device: str | None,
    runtime: str | None,
    basis: str | None,
    profile: str | None,
    verify: bool,
    ablate: str | None,
    threads: int | None,
    time: str | None,
    quick: bool,
    timeout: str | None,
    no_store: bool,
    measured: str | None,
    samples: int | None,
    output: Output,
    verbose: bool,
) -> None:
    """Explain where the time goes, and why one network takes longer than another.

    Every further network is compared with the first. Ctrl-C ends --verify early and keeps what was
    measured until then.
    """
    from convcost.cli.support.sources import command_line, dim_options, networks, usual_sizes
    from convcost.errors import UsageError
    from convcost.report.views.explain import report
    from convcost.units import parse_times
    from convcost.verbs import explain

    if not verify and (quick or no_store or time is not None or timeout is not None):
        text = "--time, --quick, --timeout and --no-store are for measuring"
        raise UsageError(text, hint="add --verify")
    wanted = effort(time=time, quick=quick, timeout=timeout) if verify else False
    seconds = parse_times(measured) if measured else ()
    nets = networks(sources, dims)
    explanation = explain(
        *nets, device=device, runtime=runtime, batch=batch, training=training, dtype=dtype,
        optimizer=optimizer, loss=loss, freeze=freeze, input_gradient=input_gradient,
        samples=samples, measured=seconds, profile=profile,
        basis=options.BASES[basis] if basis else None, verify=wanted, threads=threads, say=say,
        ablate=None if ablate is None else [name.strip() for name in ablate.split(",")],
        store=not no_store, warn=warn,
    )  # fmt: skip
    shared: list[tuple[str, object]] = [("--batch", batch), ("--training", training)]
    shared += [("--dtype", dtype), *dim_options(dims)]
    if explanation.verifications:
        ran = explanation.verifications[0].measurement.runtime
        trained = options_of(optimizer, loss, freeze, input_gradient=False)
        chosen = [("--runtime", ran), *shared, ("--threads", threads), *trained]
        proposal = command_line("measure", sources, chosen)
    else:
        usual = usual_sizes(nets)
        chosen = [("--device", device), ("--runtime", runtime), *shared, *usual]
        proposal = command_line("explain" if usual else "predict", sources, chosen)
    output.write(report(explanation, verbose=verbose, next_=proposal))
    if explanation.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
