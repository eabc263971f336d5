"""`convcost history`: what was measured before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output

_LAST = 20


@click.command(
    "history",
    cls=Command,
    short_help="What was measured before: all runs, those of a network, or one whole.",
    sources=True,
    examples=(
        "convcost history",
        "convcost history zoo:seed000 --runtime onnxruntime",
        "convcost history summary.txt --last 100 --json",
    ),
)
@click.argument("sources", metavar="[SOURCE]...", nargs=-1, shell_complete=completion.sources)
@options.sizes
@options.runner("Only runs in this runtime.")
@click.option("--last", metavar="N", type=click.IntRange(min=1),
              help=f"At most so many, the newest; by default {_LAST}.")  # fmt: skip
@click.option("--run", "id_", metavar="ID", type=click.IntRange(min=1),
              help="One run whole, its layers included, and the ratios to those that were measured "
              "side by side with it.")  # fmt: skip
@options.timed_output
def command(
    sources: tuple[str, ...],
    *,
    dims: Mapping[str, int],
    runtime: str | None,
    last: int | None,
    id_: int | None,
    output: Output,
) -> None:
    """List what `convcost measure` has kept, the newest first.

    With SOURCE, only runs of these networks: the same layers, shapes and types, whatever their
    names and wherever they were read from. CONVCOST_STORE names the file that they are kept in.
    """
    from convcost.cli.support.sources import command_line, networks, proposal
    from convcost.errors import UsageError
    from convcost.report.views.history import report, report_one
    from convcost.verbs import history

    if id_ is not None:
        if sources or runtime is not None or last is not None:
            raise UsageError("--run excludes SOURCE, --runtime and --last")
        found = history(run=id_)
        output.write(report_one(found, next_=command_line("history", [])))
        return
    nets = networks(sources, dims) if sources else ()
    found = history(*nets, runtime=runtime, last=last or _LAST)
    if found.runs:
        next_ = command_line("history", [], [("--run", found.runs[0].id)])
    else:
        usual = [("--runtime", runtime or "onnxruntime"), ("--quick", True)]
        next_ = proposal("measure", sources or ["zoo:seed000"], more=usual)
    everything = proposal("history", sources, more=[("--last", found.total)])
    chosen = bool(nets) or runtime is not None
    output.write(report(found, chosen=chosen, all_=everything, next_=next_))
