"""Printing a report: to the terminal, a pipe or a file."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from convcost.errors import UsageError
from convcost.write import save_text, taken

if TYPE_CHECKING:
    from convcost.report import Report, Surface


@dataclass(frozen=True, slots=True)
class Output:
    """Where a result goes, checked before anything is computed.

    Attributes:
        format: of the renderers.
        path: of a file; None is standard output.
        force: overwrite the file.
    """

    format: str
    path: Path | None = None
    force: bool = False

    @classmethod
    def chosen(
        cls,
        *,
        format_: str | None,
        as_json: bool,
        path: str | None,
        force: bool,
        timed: bool = False,
    ) -> Output:
        """The output that the options ask for; `timed`: the results can be shown in time.

        Raises:
            UsageError: the format is unknown or given twice, or the results do not have it; the
                file exists.
        """
        from convcost.report import check, format_of_suffix

        if as_json and format_ not in (None, "json"):
            raise UsageError(f"--json and --format {format_} exclude each other")
        if format_ is not None:
            check(format_, timed=timed)
        file = target(path, force=force)
        of_file = None if file is None else format_of_suffix(file.suffix)
        return cls("json" if as_json else format_ or of_file or "table", file, force)

    def write(self, report: Report) -> None:
        """Print or save a report.

        Raises:
            ConvcostError: the file cannot be written.
        """
        from convcost.report import render

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


def _surface() -> Surface:
    from convcost.report import Surface

    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return Surface()
    import shutil

    colour = not os.environ.get("NO_COLOR")
    return Surface(width=shutil.get_terminal_size().columns, colour=colour)


def print_text(text: str) -> None:
    """Print a result. A reader that stops early (`| head`) is no error."""
    try:
        click.echo(text, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still buffered would fail once more when Python exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


def save(path: Path, text: str, *, force: bool) -> None:
    """Write a result to a file, and say so.

    Raises:
        UsageError: it exists, and is not to be overwritten.
        ConvcostError: it cannot be written.
    """
    save_text(path, text, force=force)
    click.echo(f"wrote {path}", err=True)
