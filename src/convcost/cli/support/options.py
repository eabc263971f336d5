"""Arguments and options that several commands take, each with its meaning stated once."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from convcost.cli.support import completion
from convcost.cli.support.together import Decorator, together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.predict import Basis

#: Where the shapes of --input are kept for `convcost.cli.support.sources`.
INPUTS = "convcost.inputs"
#: Where the readings of --choose are.
CHOICES = "convcost.choices"


def _inputs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> None:
    del param
    shapes = []
    for value in values:
        sizes = value.split(",")
        if not all(size.strip().isascii() and size.strip().isdigit() for size in sizes):
            raise click.BadParameter(f"{value!r} is not a list of sizes; expected 3,224,224")
        shapes.append((1, *(int(size) for size in sizes)))
    ctx.meta[INPUTS] = tuple(shapes) or None


def _choices(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> None:
    ctx.meta[CHOICES] = _pairs(ctx, param, values)


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    """Pairs of a name and a whole number, such as NAME=SIZE."""
    found: dict[str, int] = {}
    for value in values:
        name, _, number = value.rpartition("=")
        digits = number.isascii() and number.isdigit() and len(number) <= 18
        if not name.strip() or not digits:
            what = f"{param.metavar} with a whole number"
            raise click.BadParameter(f"'{value}' is not {what}", ctx=ctx, param=param)
        if found.setdefault(name.strip(), int(number)) != int(number):
            raise click.BadParameter(f"'{name}' is given twice", ctx=ctx, param=param)
    return found


#: SOURCE...
sources: Decorator = click.argument(
    "sources", metavar="SOURCE...", nargs=-1, required=True, shell_complete=completion.sources
)

#: --dim, --input, --choose.
sizes = together(
    click.option("--dim", "dims", metavar="NAME=SIZE", multiple=True, callback=_pairs,
                 help="A size that the source leaves open: height=416; repeatable."),
    click.option("--input", metavar="SIZES", multiple=True, callback=_inputs, expose_value=False,
                 help="Shape of one sample of an input, for module:function and for files that "
                 "leave it open: 3,224,224; repeatable, one per input."),
    click.option("--choose", metavar="LAYER=NUMBER", multiple=True, callback=_choices,
                 expose_value=False,
                 help="Another reading of a layer than the one taken, by the number that its note "
                 "lists: conv2d_2=1; 0 is the one taken; repeatable."),
)  # fmt: skip


#: What --training asks for, where the backward pass is part of the answer.
TRAINING_STEP = "A training step: the forward pass as in training, and the backward pass."


def workload(
    batch: int | None,
    training: str = "The forward pass as in training; the backward pass is not timed.",
    many: str = "--samples",
) -> Decorator:
    """--batch with its default (None: by `many`), --training, --dtype, --dim, --input."""
    text = f"Samples per batch; by default 1, or 32 with {many}."
    return together(
        click.option("--batch", metavar="N", type=click.IntRange(min=1), default=batch,
                     show_default=batch is not None,
                     help=text if batch is None else "Samples per batch."),
        click.option("--training", is_flag=True, help=training),
        click.option("--dtype", metavar="NAME", shell_complete=completion.dtypes,
                     help="Type of the floating-point numbers; by default the source's."),
        sizes,
    )  # fmt: skip


#: --optimizer of verbs that take nothing else of a training step.
optimizer: Decorator = click.option(
    "--optimizer", metavar="NAME", shell_complete=completion.optimizers,
    help="What updates the parameters in a training step: sgd, adam ...",
)  # fmt: skip

#: --runtime.
runtime: Decorator = click.option(
    "--runtime", metavar="NAME", shell_complete=completion.runtimes,
    help="A name of `convcost runtimes`; by default the source's own framework.",
)  # fmt: skip

#: --device, --runtime.
where = together(
    click.option("--device", metavar="NAME", shell_complete=completion.devices,
                 help="A name of `convcost devices`, or a device file NAME.toml; by default this "
                 "machine."),
    runtime,
)  # fmt: skip


def runner(text: str, *, required: bool = False) -> Decorator:
    """--runtime, of what can be measured."""
    return click.option(
        "--runtime", metavar="NAME", required=required, shell_complete=completion.runners, help=text
    )


#: What times come from: as it is typed, and as it is called.
_BASES: Mapping[str, Basis] = {"calibrated": "calibrated", "data-sheet": "data sheet"}


def _basis(ctx: click.Context, param: click.Parameter, value: str | None) -> Basis | None:
    del ctx, param
    return None if value is None else _BASES[value]


#: --basis, as the verbs take it, and --profile.
basis = together(
    click.option("--basis", type=click.Choice([*_BASES]), callback=_basis,
                 help="What the times come from; by default the profile that `convcost calibrate` "
                 "made of this machine, or else the data sheet."),
    click.option("--profile", metavar="FILE", type=click.Path(dir_okay=False),
                 help="A profile that lies elsewhere."),
)  # fmt: skip


def samples(text: str) -> Decorator:
    """--samples."""
    return click.option("--samples", metavar="N", type=click.IntRange(min=1), help=text)


#: --measured, --samples.
measured = together(
    click.option("--measured", metavar="TIMES",
                 help="Times that you measured, one per network, in order: 4.6s,2.3s. They are for "
                 "one batch, or for the samples that --samples says. Default: progress lines below "
                 "pasted tables."),
    samples("How many samples the measured times are for."),
)  # fmt: skip


def verbose(text: str) -> Decorator:
    """-v."""
    return click.option("-v", "--verbose", is_flag=True, help=text)


_FORMATS = (
    "json, csv, parquet, markdown, html or table. In csv, a text that a spreadsheet would take for "
    "a formula gets an apostrophe in front. html is one page that needs nothing else."
)
_CHART = "svg and png are one of its charts."
_TRACE = "trace is a timeline for Perfetto (ui.perfetto.dev) and chrome://tracing."


def output(function: Callable[..., None]) -> Callable[..., None]:
    """--json, --format, -o, --force: together the argument ``output``, checked at once."""
    return _output(function, timed=False, drawn=False)


def charted_output(function: Callable[..., None]) -> Callable[..., None]:
    """The same for results that have charts: with the formats ``svg`` and ``png``, and --chart."""
    return _output(function, timed=False, drawn=True)


def timed_output(function: Callable[..., None]) -> Callable[..., None]:
    """The same for results that have steps in time too: with the format ``trace``."""
    return _output(function, timed=True, drawn=True)


def page_output(function: Callable[..., None]) -> Callable[..., None]:
    """The same with html where nothing else is asked for."""
    return _output(function, timed=True, drawn=True, usual="html")


def network_output(function: Callable[..., None]) -> Callable[..., None]:
    """The same as `output`, but that FILE may be one for a network."""
    return _output(function, timed=False, drawn=False, networks=True)


def _output(
    function: Callable[..., None],
    *,
    timed: bool,
    drawn: bool,
    usual: str = "table",
    networks: bool = False,
) -> Callable[..., None]:
    @wraps(function)
    def command(
        *args: Any, as_json: bool, format_: str | None, path: str | None, force: bool,
        chart: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        from convcost.cli.support.output import Output

        chosen = Output.chosen(
            format_=format_, as_json=as_json, path=path, force=force, chart=chart, timed=timed,
            drawn=drawn, usual=usual, networks=networks,
        )  # fmt: skip
        function(*args, output=chosen, **kwargs)

    return _of_output(timed=timed, drawn=drawn, usual=usual)(command)


def _of_output(*, timed: bool, drawn: bool, usual: str) -> Decorator:
    """--json, --format, --chart, -o, --force."""
    told = [_FORMATS, *([_CHART] if drawn else []), *([_TRACE] if timed else [])]
    charts = click.option("--chart", metavar="NAME", help="Only this chart, in html, svg or png; "
                          "a name that is not there gives an error that lists all.")  # fmt: skip
    return together(
        click.option("--json", "as_json", is_flag=True,
                     help="One JSON document, its schema versioned; the same as --format json."),
        click.option("--format", "format_", metavar="FORMAT",
                     shell_complete=completion.formats(timed=timed, drawn=drawn),
                     help=f"Default: {usual}; else {' '.join(told)}"),
        *([charts] if drawn else []),
        click.option("-o", "--output", "path", metavar="FILE",
                     help="Write to a file; its suffix (.json, .csv, .parquet, .md, .html"
                     f"{', .svg, .png' if drawn else ''}) chooses the format."),
        click.option("--force", is_flag=True, help="Overwrite FILE."),
    )  # fmt: skip
