"""`convcost explain`: where the time goes, and why one network takes longer than another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import INTERRUPTED, Command
from convcost.cli.support.measuring import say, verification, verified, verifying, warn
from convcost.cli.support.training import training_step
from convcost.verbs.named import BATCH_OF_MANY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

    from convcost.cli.support.output import Output
    from convcost.predict import Basis


def _ablations(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What --ablate takes."""
    from convcost.explain.ablations import ablations
    from convcost.explain.plans import ALL, NONE

    del ctx, param
    names = (*ablations(), *(() if "," in incomplete else (ALL, NONE)))
    return completion.of_list(incomplete, names)


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
    batch=BATCH_OF_MANY,
    training="A training step: its time where the runtime is calibrated for training, else that of "
    "its forward pass; and what it consists of.",
)
@training_step
@options.where
@options.basis
@verified
@click.option("--ablate", metavar="NAMES", shell_complete=_ablations,
              help="Causes to take out of the networks, to see what each takes: "
              "batch-norm,padding; all; or none. By default none; with --verify, where they are "
              "measured side by side with the networks, the three at most that save most, each "
              "10 % of a network's time or more.")  # fmt: skip
@verifying
@options.measured
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
    basis: Basis | None,
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
    from convcost.cli.support.sources import networks, proposal, usual_sizes
    from convcost.report.views.explain import report
    from convcost.units import parse_times
    from convcost.verbs import explain

    wanted = verification(verify, time=time, quick=quick, timeout=timeout, no_store=no_store)
    seconds = parse_times(measured) if measured else ()
    nets = networks(sources, dims)
    explanation = explain(
        *nets, device=device, runtime=runtime, batch=batch, training=training, dtype=dtype,
        optimizer=optimizer, loss=loss, freeze=freeze, input_gradient=input_gradient,
        samples=samples, measured=seconds, profile=profile, basis=basis, verify=wanted,
        threads=threads, say=say,
        ablate=None if ablate is None else [name.strip() for name in ablate.split(",")],
        store=not no_store, warn=warn,
    )  # fmt: skip
    if explanation.verifications:
        ran = explanation.verifications[0].measurement.runtime
        more = [("--runtime", ran), ("--batch", batch)]
        next_ = proposal("measure", sources, without=("samples",), more=more)
    elif usual := usual_sizes(nets):
        next_ = proposal("explain", sources, more=usual)
    else:
        next_ = proposal("predict", sources, more=[("--batch", batch)])
    output.write(report(explanation, verbose=verbose, next_=next_))
    if explanation.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
