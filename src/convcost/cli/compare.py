"""`convcost compare`: networks side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import Command
from convcost.cli.support.measuring import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output
    from convcost.predict import Basis


@click.command(
    "compare",
    cls=Command,
    short_help="Networks side by side: parameters, MACs, memory, time, accuracy.",
    sources=True,
    examples=(
        "convcost compare 'zoo:*net*' --device gtx-1080-ti",
        "convcost compare zoo:seed001-mlp zoo:seed001-cnn summary.txt --batch 128 --training",
        "convcost compare zoo:seed000 'zoo:seed000?batch_norm=no' --diff",
    ),
)
@options.sources
@options.workload(batch=1)
@options.where
@options.optimizer
@options.basis
@click.option("--diff", is_flag=True, help="Also tell how two networks differ, layer by layer.")
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
    optimizer: str | None,
    basis: Basis | None,
    profile: str | None,
    diff: bool,
    output: Output,
) -> None:
    """Put networks side by side in one runtime, each against the first."""
    from convcost.cli.support.sources import networks, proposal
    from convcost.report.views.compare import report
    from convcost.verbs import compare

    nets = networks(sources, dims)
    found = compare(
        *nets, device=device, runtime=runtime, batch=batch, training=training, dtype=dtype,
        optimizer=optimizer, basis=basis, profile=profile, diff=diff,
        say=say if len(nets) > 8 else lambda _: None,
    )  # fmt: skip
    next_ = proposal("explain", sources, more=[("--batch", batch)])
    output.write(report(found, next_=next_))
