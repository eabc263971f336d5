"""`convcost predict`: the time of a forward pass, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import Command, assumed
from convcost.cli.support.measuring import MEASURING, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output
    from convcost.predict import Basis


#: Seconds.
_REFINE = 30.0


@click.command(
    "predict",
    cls=Command,
    short_help="Predict the time of a forward pass, layer by layer.",
    sources=True,
    examples=(
        "convcost predict zoo:vgg16 --device gtx-1080-ti",
        "convcost predict summary.txt --batch 32 --runtime keras-tensorflow",
        "convcost predict zoo:seed000 --batch 32 --samples 12630 --device laptop-cpu",
        "convcost predict zoo:alexnet --device v100 --runtime torch-compile --json",
        "convcost predict zoo:resnet18 --runtime onnxruntime --batches 1..256",
        "convcost predict summary.txt --batch 128 --samples 60000 --measured 340s",
    ),
)
@options.sources
@options.workload(batch=None)
@options.where
@options.optimizer
@options.basis
@options.samples("Also predict a whole data set of N samples, the framework's loop included.")
@click.option("--epochs", metavar="N", type=click.IntRange(min=1), default=1, show_default=True,
              help="Passes over the data set.")  # fmt: skip
@click.option("--accumulate", metavar="N", type=click.IntRange(min=1), default=1, show_default=True,
              help="Batches whose gradients are added up before an update.")  # fmt: skip
@click.option("--batches", metavar="LIST", help="Also predict other batches, and say from which on "
              "a larger one is of no more use: 1,8,32, or 1..256 for 1, 2, 4 ... 256.")  # fmt: skip
@click.option("--measured", metavar="TIMES", help="Times that you measured, one per network, in "
              "order: is 340s normal? They are for all samples and epochs, or else for one "
              "batch.")  # fmt: skip
@click.option("--refine", is_flag=True, help="First measure those parts of the network in the "
              "framework that the profile is least sure of, and keep what they take.")  # fmt: skip
@click.option("--time", metavar="DURATION", help="How long to refine; default: 30s.")
@options.timed_output
@options.verbose("Show every note, also what follows from the source's own numbers.")
def command(
    sources: tuple[str, ...],
    *,
    batch: int | None,
    training: bool,
    dtype: str | None,
    dims: Mapping[str, int],
    device: str | None,
    runtime: str | None,
    optimizer: str | None,
    basis: Basis | None,
    profile: str | None,
    samples: int | None,
    epochs: int,
    accumulate: int,
    batches: str | None,
    measured: str | None,
    refine: bool,
    time: str | None,
    output: Output,
    verbose: bool,
) -> None:
    """Predict the time of a forward pass on a device, layer by layer."""
    from convcost.cli.support.sources import networks, proposal, usual_sizes
    from convcost.errors import UsageError
    from convcost.report.views.predict import report
    from convcost.units import parse_seconds, parse_sizes, parse_times
    from convcost.verbs import predict

    if time is not None and not refine:
        raise UsageError("--time says how long to refine", hint="add --refine")
    wanted = parse_sizes(batches) if batches else ()
    budget = (parse_seconds(time) if time else _REFINE) if refine else None
    nets = networks(sources, dims)
    times = parse_times(measured) if measured else (None,) * len(nets)
    if len(times) != len(nets):
        raise UsageError(
            f"{len(times)} measured times for {len(nets)} networks",
            hint="give one time per network, in the order of the sources: --measured 4.6s,2.3s",
        )
    predictions = [
        predict(
            net, device=device, runtime=runtime, batch=batch, training=training, dtype=dtype,
            optimizer=optimizer, samples=samples, epochs=epochs, accumulate=accumulate,
            batches=wanted, measured=seconds, profile=profile, refine=budget, say=say,
            basis=basis,
        )
        for net, seconds in zip(nets, times, strict=True)
    ]  # fmt: skip
    if usual := usual_sizes(nets):
        next_ = proposal("predict", sources, more=usual)
    else:
        # a plan is no question of `explain`, which knows the samples of measured times alone
        plan = () if measured and epochs == 1 else ("samples", "measured")
        next_ = proposal("explain", sources, without=(*MEASURING, *plan))
    output.write(
        report(
            predictions,
            notes=[net.notes for net in nets],
            assumed=assumed("device", "runtime", "batch"),
            verbose=verbose,
            next_=next_,
        )
    )
