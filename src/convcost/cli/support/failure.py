"""An error as the command line prints it."""

from __future__ import annotations

from typing import IO, Any

import click


class Failure(click.ClickException):
    """A message, what to do next, and the exit code.

    Both texts may quote a source, so they are made visible: a source must not move the cursor.
    """

    def __init__(self, message: str, *, hint: str | None = None, exit_code: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = exit_code

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click reads it from the instance
        """What the process ends with."""
        return self.code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it to stderr."""
        lines = [f"error: {_block(self.message)}"]
        if self.hint:
            lines.append(f"  next: {_block(self.hint)}")
        click.echo("\n".join(lines), file=file, err=file is None)


def _block(text: str) -> str:
    """Several lines stay several lines: an error may show the line of the source it is about."""
    from convcost.report.text import visible

    return "\n".join(map(visible, text.split("\n")))
