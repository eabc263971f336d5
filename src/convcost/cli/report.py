"""`convcost report`: one page of all that is known of networks, or of runs that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from convcost.cli.support import completion, options
from convcost.cli.support.command import INTERRUPTED, Command, assumed, typed
from convcost.cli.support.measuring import say, verification, verified, verifying, warn
from convcost.cli.support.training import training_step
from convcost.verbs.named import BATCH_OF_MANY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.cli.support.output import Output
    from convcost.predict import Basis

#: How a result begins that another command wrote with --json.
_RESULT = b'{\n  "schema": "convcost/'
#: Parameters of how a result is shown.
_SHOWN = frozenset({"path", "format_", "as_json", "force", "chart"})


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
    batch=BATCH_OF_MANY,
    training="A training step: its time where the runtime is calibrated for training, else that of "
    "its forward pass; and what it consists of.",
)
@training_step
@options.where
@options.basis
@verified
@verifying
@options.measured
@options.page_output
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
    from convcost.cli.support.sources import command_line, networks, proposal
    from convcost.errors import UsageError
    from convcost.report.views import runs as runs_view
    from convcost.report.views import whole
    from convcost.units import parse_times
    from convcost.verbs.reports import report, runs

    found = [source for source in sources if _is_run(source)]
    if found:
        if len(found) < len(sources):
            raise UsageError("networks and runs do not go on one page", hint="make two pages")
        _refuse()
        output.write(runs_view.report(runs(found), next_=command_line("history", [])))
        return
    wanted = verification(verify, time=time, quick=quick, timeout=timeout, no_store=no_store)
    seconds = parse_times(measured) if measured else ()
    nets = networks(sources, dims)
    overview = report(
        *nets, device=device, runtime=runtime, batch=batch, training=training, dtype=dtype,
        optimizer=optimizer, loss=loss, freeze=freeze, input_gradient=input_gradient,
        samples=samples, measured=seconds, profile=profile, basis=basis, verify=wanted,
        threads=threads, say=say, store=not no_store, warn=warn,
    )  # fmt: skip
    next_ = proposal("explain", sources)
    left = assumed("device", "runtime", "batch")
    output.write(whole.report(overview, assumed=left, next_=next_))
    if overview.explanation.interrupted:
        raise click.exceptions.Exit(INTERRUPTED)


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


def _refuse() -> None:
    """Runs are what they are.

    Raises:
        UsageError: an option would change them.
    """
    from convcost.errors import UsageError

    for name, (option, _) in typed().items():
        if name not in _SHOWN:
            longest = max(option.opts, key=len)
            raise UsageError(f"{longest} is for networks; runs are as they were measured")
