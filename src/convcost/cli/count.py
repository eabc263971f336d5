"""`convcost count`: parameters, MACs, operations and bytes, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import Command
from convcost.cli.support.conventions import Conventions, tools
from convcost.cli.support.grouping import Grouped, grouping
from convcost.cli.support.training import training_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.cli.support.output import Output
    from convcost.count.group import By, Figure
    from convcost.network.network import Network

#: Parameters that do not go with --symbolic.
_ROWS = ("by", "depth", "sort", "top", "fields")


@click.command(
    "count",
    cls=Command,
    short_help="Count parameters, MACs, operations and bytes, exactly.",
    sources=True,
    examples=(
        "convcost count zoo:vgg16",
        "convcost count summary.txt --batch 32 --json",
        "convcost count - < summary.txt",
        "convcost count summary.txt --choose conv2d=1",
        "convcost count zoo:seed004 --symbolic",
        "convcost count zoo:resnet50 --by module --depth 2",
        "convcost count zoo:vgg16 --top 5 --sort parameters",
        "convcost count zoo:alexnet --batch 128 --training --optimizer momentum",
        "convcost count zoo:vgg16 --training --freeze 'features.*' --loss cross-entropy",
        "convcost count zoo:vgg16 --receptive-field",
        "convcost count zoo:seed000 --as fvcore --explain-difference",
        "convcost count zoo:seed000 zoo:alexnet --format csv",
    ),
)
@options.sources
@options.workload(batch=1, training=options.TRAINING_STEP)
@training_step
@grouping
@tools
@click.option("--symbolic", is_flag=True, help="Formulas of time and space instead of numbers.")
@click.option(
    "--receptive-field",
    "fields",
    is_flag=True,
    help="Which part of the input a position of each layer depends on.",
)
@options.output
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
    by: By,
    depth: int | None,
    sort: Figure | None,
    top: int | None,
    as_tools: tuple[str, ...],
    explain: bool,
    symbolic: bool,
    fields: bool,
    output: Output,
    verbose: bool,
) -> None:
    """Count parameters, MACs, operations and bytes of networks, exactly."""
    from convcost.cli.support.sources import networks
    from convcost.count import Workload, count
    from convcost.report.views.count import report

    grouped = Grouped(by, depth, sort, top)
    grouped.check(("--symbolic", symbolic), ("--receptive-field", fields))
    theirs = Conventions(as_tools, explain)
    theirs.check(
        ("--symbolic", symbolic),
        ("--receptive-field", fields),
        ("--by, --sort and --top", not grouped.is_plain),
    )
    workload = Workload(batch=batch, training=training, dtype=dtype, optimizer=optimizer,
                        loss=loss, freeze=freeze, input_gradient=input_gradient)  # fmt: skip
    nets = networks(sources, dims)
    counts = [count(net, workload, symbolic=symbolic) for net in nets]
    if theirs:
        next_ = theirs.next(sources)
        output.write(theirs.report(nets, counts, workload, verbose=verbose, next_=next_))
        return
    next_ = _next(sources, nets, symbolic=symbolic)
    result = report(counts, symbolic=symbolic, verbose=verbose, next_=next_)
    if fields:
        from convcost.count.prepare import prepared
        from convcost.count.receptive_field import receptive_field
        from convcost.report.views.receptive_field import with_receptive_fields

        shown = (prepared(net, workload) for net in nets)
        result = with_receptive_fields(result, [*map(receptive_field, shown)])
    output.write(grouped.shown(result, nets, counts))


def _open_sizes(nets: Sequence[Network]) -> list[str]:
    """Sizes that the sources leave open; the batch is not one of them."""
    from convcost.network.builder import BATCH

    return sorted({name for net in nets for name in net.symbols} - {str(BATCH)})


def _next(sources: Sequence[str], nets: Sequence[Network], *, symbolic: bool) -> str:
    """Formulas and inputs of open sizes lead to numbers, open kernels to formulas."""
    from convcost.cli.support.sources import proposal, usual_sizes

    open_sizes, usual = _open_sizes(nets), usual_sizes(nets)
    if symbolic or usual:
        examples = usual or [("--dim", f"{name}=1") for name in open_sizes]
        return proposal("count", sources, without=("symbolic",), more=examples)
    if open_sizes:
        return proposal("count", sources, without=_ROWS, more=[("--symbolic", True)])
    return proposal("explain", sources)
