"""`convcost report`: one page of all that is known of networks, or of runs that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from convcost.cli.support import completion, options
from convcost.cli.support.command import INTERRUPTED, Command
from convcost.cli.support.measuring import effort, measuring, say, warn
from convcost.cli.support.training import training_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output

_DEFAULT_BATCH = 32
#: How a result begins that another command wrote with --json.
_RESULT = b'{\n  "schema": "convcost/'


@click.command(
    "report",
    cls=Command,
    short_help="One page of all that is known of networks, or of runs that were measured.",
    sources=True,
    examples=(
        "convcost report zoo:googlenet -o googlenet.html",
        "convcost report zoo:seed000 'zoo:seed000?batch_norm=no' --device laptop-cpu -o both.html",
        "convcost report zoo:seed001-cnn --verify --time 1s -o measured.html",
        "convcost report 1 -o run.html",
        "convcost report zoo:alexnet --training --device a100 --chart roofline -o roofline.svg",
    ),
)
@click.argument(
    "sources", metavar="SOURCE|RUN...", nargs=-1, required=True, shell_complete=completion.sources
)
@options.workload(
    batch=_DEFAULT_BATCH,
    training="A training step: its time where the runtime is calibrated for training, else that of "
    "its forward pass; and what it consists of.",
)
@training_step
@options.where
@options.basis
@click.option("--verify", is_flag=True,
              help="Measure the networks too, as `explain --verify` does.")  # fmt: skip
@measuring("--verify")
@click.option("--no-store", is_flag=True,
              help="With --verify: do not keep the measurement for `history`.")  # fmt: skip
@click.option("--measured", metavar="TIMES",
              help="Times that you measured, one per network, in order: 4.6s,2.3s; as for "
              "`explain`.")  # fmt: skip
@options.samples("How many samples the measured times are for.")
@options.page_output
@click.pass_context
def command(
    ctx: click.Context,
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
    threads: int | None,
    time: str | None,
    quick: bool,
    timeout: str | None,
    no_store: bool,
    measured: str | None,
    samples: int | None,
    output: Output,
) -> None:
    """Put all that is known on one page that needs nothing else.

    Of networks: the verdict, where the time goes (predicted, with --verify measured too), every
    layer, findings, roofline, memory over a pass, time by batch, and how all of it was found.

    Of runs: RUN is the number that `convcost history` shows, or a file that `convcost measure
    --json` wrote; several are put beside each other. A network whose file is called 12 is ./12.
    """
    from convcost.cli.support.sources import command_line, dim_options, networks
    from convcost.errors import UsageError
    from convcost.report.views import runs as runs_view
    from convcost.report.views import whole
    from convcost.units import parse_times
    from convcost.verbs.reports import report, runs

    found = [source for source in sources if _is_run(source)]
    if found:
        if len(found) < len(sources):
            raise UsageError("networks and runs do not go on one page", hint="make two pages")
        _refuse(ctx)
        output.write(runs_view.report(runs(found), next_=command_line("history", [])))
        return
    if not verify and (quick or no_store or time is not None or timeout is not None):
        text = "--time, --quick, --timeout and --no-store are for measuring"
        raise UsageError(text, hint="add --verify")
    wanted = effort(time=time, quick=quick, timeout=timeout) if verify else False
    seconds = parse_times(measured) if measured else ()
    nets = networks(sources, dims)
    overview = report(
        *nets, device=device, runtime=runtime, batch=batch, training=training, dtype=dtype,
        optimizer=optimizer, loss=loss, freeze=freeze, input_gradient=input_gradient,
        samples=samples, measured=seconds,
        profile=profile, basis=options.BASES[basis] if basis else None, verify=wanted,
        threads=threads, say=say, store=not no_store, warn=warn,
    )  # fmt: skip
    chosen: list[tuple[str, object]] = [("--device", device), ("--runtime", runtime)]
    chosen += [("--batch", batch), ("--training", training), ("--dtype", dtype)]
    assumed = frozenset(name for name in ("device", "runtime", "batch") if not _given(ctx, name))
    proposal = command_line("explain", sources, [*chosen, *dim_options(dims)])
    output.write(whole.report(overview, assumed=assumed, next_=proposal))
    if overview.explanation.interrupted:
        ctx.exit(INTERRUPTED)


def _is_run(source: str) -> bool:
    """Whether it is the number of a run, or a file with a result."""
    from convcost.verbs.reports import is_number

    if is_number(source):
        return True
    path = Path(source)
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_RESULT)) == _RESULT


def _refuse(ctx: click.Context) -> None:
    """Runs are what they are.

    Raises:
        UsageError: an option would change them.
    """
    from convcost.errors import UsageError

    ours = {"sources", "output", "path", "format_", "as_json", "force", "chart", "dims"}
    for parameter in ctx.command.params:
        if parameter.name not in ours and _given(ctx, parameter.name or ""):
            option = max(parameter.opts, key=len)
            raise UsageError(f"{option} is for networks; runs are as they were measured")


def _given(ctx: click.Context, name: str) -> bool:
    left_open = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
    return ctx.get_parameter_source(name) not in left_open
