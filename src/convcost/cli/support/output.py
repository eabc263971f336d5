"""Printing a report: to the terminal, a pipe or a file."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from convcost.cli.support.command import COMMAND
from convcost.errors import UsageError
from convcost.network.dataclass import replace
from convcost.write.files import is_format
from convcost.write.save import save_bytes, save_text, taken

if TYPE_CHECKING:
    from convcost.report import Report, Surface

#: Formats that have charts; they are markup, or bytes.
_WITH_CHARTS = ("html", "svg", "png")
#: Suffixes of files that say nothing of what is in them.
_PLAIN = ("", ".txt")


@dataclass(frozen=True, slots=True)
class Output:
    """Where a result goes, checked before anything is computed.

    Attributes:
        format: of the renderers.
        path: of a file; None is standard output.
        force: overwrite the file.
        chart: the only one that is wanted; None for the whole.
        printed: the format on standard output, where the file is for something else.
    """

    format: str
    path: Path | None = None
    force: bool = False
    chart: str | None = None
    printed: str = "table"

    @classmethod
    def chosen(
        cls,
        *,
        format_: str | None,
        as_json: bool,
        path: str | None,
        force: bool,
        chart: str | None = None,
        timed: bool = False,
        drawn: bool = False,
        usual: str = "table",
        networks: bool = False,
    ) -> Output:
        """The output that the options ask for.

        Args:
            format_: of --format.
            as_json: whether --json is given.
            path: of -o.
            force: whether --force is given.
            chart: of --chart.
            timed: the results can be shown in time.
            drawn: the results have charts.
            usual: the format where none is asked for.
            networks: the file may be one for a network.

        Raises:
            UsageError: the format is unknown or given twice, the results do not have it, or it is
                not for terminals; the file exists, or its suffix is of nothing that is written.
            MissingFramework: what the format is printed with is not installed.
        """
        from convcost.report import check, format_of_suffix

        if as_json and format_ not in (None, "json"):
            raise UsageError(f"--json and --format {format_} exclude each other")
        file = target(path, force=force)
        asked = "json" if as_json else format_
        if file is not None and asked is None and not (networks and is_format(file.suffix)):
            check_suffix(file, drawn=drawn)
        chosen = asked or (None if file is None else format_of_suffix(file.suffix))
        if chosen is not None and not as_json:
            check(chosen, timed=timed, drawn=drawn)
        chosen = chosen or usual
        _check_terminal(chosen, file)
        if chart is not None and chosen not in _WITH_CHARTS:
            raise UsageError(
                "--chart is for formats that draw", hint=f"--format {', '.join(_WITH_CHARTS)}"
            )
        return cls(chosen, file, force, chart, asked or usual)

    def beside(self) -> Output:
        """On standard output: the file is for a network."""
        return replace(self, path=None, format=self.printed)

    def write(self, report: Report) -> None:
        """Print or save a report.

        Raises:
            UsageError: it has no such chart, or none, or several where one is to be drawn.
            ConvcostError: the file cannot be written.
        """
        from convcost.report import render

        document = report.document if self.chart is None else report.document.only(self.chart)
        report = replace(report, document=replace(document, command=_command()))
        if self.path is not None:
            save(self.path, render(report, self.format), force=self.force)
        else:
            print_text(render(report, self.format, _surface()))


def target(path: str | None, *, force: bool) -> Path | None:
    """The file of -o; None is standard output.

    Raises:
        UsageError: it exists, and is not to be overwritten.
    """
    file = None if path in (None, "-") else Path(str(path))
    if file is not None and file.exists() and not force:
        raise taken(file)
    return file


def check_suffix(file: Path, *, drawn: bool) -> None:
    """Refuse a file whose name says that something else is in it than a result.

    Args:
        file: of -o.
        drawn: whether the result has charts.

    Raises:
        UsageError: that is so.
    """
    from convcost.report import suffixes

    known = suffixes(drawn=drawn)
    if file.suffix.lower() not in (*known, *_PLAIN):
        raise UsageError(
            f"{file}: results are not written as '{file.suffix}' files",
            hint=f"end the name in {', '.join(known)} or .txt, or add --format; networks are "
            "written by convcost read -o",
        )


def _check_terminal(format_: str, file: Path | None) -> None:
    """Refuse bytes and markup on a terminal.

    Raises:
        UsageError: that is where they would go.
    """
    from convcost.report import is_binary

    if file is None and (format_ in _WITH_CHARTS or is_binary(format_)) and sys.stdout.isatty():
        raise UsageError(
            f"the format '{format_}' is not for terminals", hint="write it to a file: -o FILE"
        )


def _command() -> str:
    """The command line as it was typed; a pasted text is told as standard input."""
    from convcost.cli.support.sources import name_of

    context = click.get_current_context(silent=True)
    words = context.meta.get(COMMAND, ()) if context is not None else ()
    return shlex.join(["convcost", *map(name_of, words)]) if words else ""


def _surface() -> Surface:
    from convcost.report import Surface

    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return Surface()
    import shutil

    colour = not os.environ.get("NO_COLOR")
    return Surface(width=shutil.get_terminal_size().columns, colour=colour)


def print_text(text: str | bytes) -> None:
    """Print a result. A reader that stops early (`| head`) is no error."""
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still buffered would fail once more when Python exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


def save(path: Path, result: str | bytes, *, force: bool) -> None:
    """Write a result to a file, and say so.

    Raises:
        UsageError: it exists, and is not to be overwritten.
        ConvcostError: it cannot be written.
    """
    if isinstance(result, str):
        save_text(path, result, force=force)
    else:
        save_bytes(path, result, force=force)
    click.echo(f"wrote {path}", err=True)
