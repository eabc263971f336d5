"""The entry point: a group of commands that are imported when they are needed."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from convcost import cli, folder
from convcost._version import __version__
from convcost.cli.support.command import COMMAND, INTERRUPTED
from convcost.cli.support.failure import Failure
from convcost.collector import wait_longer
from convcost.errors import ConvcostError

_NAME = "convcost"


class Commands(click.Group):
    """A module of `convcost.cli` that is not a package is a command of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the modules; none is imported."""
        del ctx
        return sorted(folder.names(cli.__name__) - {"main"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"{cli.__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - each module says so
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words of the command line: a page tells how it was made."""
        ctx.meta[COMMAND] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors become a message and an exit code."""
        try:
            return super().invoke(ctx)
        except ConvcostError as error:
            raise Failure(error.message, hint=error.hint, exit_code=error.exit_code) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("CONVCOST_DEBUG"):
                raise
            raise Failure(
                f"internal: {type(error).__name__}: {error}",
                hint="this is a fault of convcost: please report it with the source that causes it "
                "and the traceback that CONVCOST_DEBUG=1 shows",
            ) from error


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""
    \b
    Examples:
      convcost count zoo:vgg16
      convcost explain zoo:seed001-mlp zoo:seed001-cnn
      convcost COMMAND --help           what a SOURCE is, options, exit codes

    \b
    Completion of names and paths in the shell; zsh and fish likewise:
      eval "$(_CONVCOST_COMPLETE=bash_source convcost)"
    """,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def group() -> None:
    """What a convolutional network costs, why, and what would make it cheaper.

    convcost reads a network from a pasted model.summary(), the code of a model, a Keras or ONNX
    file or a live model, counts it exactly, tells its memory, predicts its time on a device, and
    explains where the time goes.
    """


def main() -> None:
    """Run the command line of this process."""
    wait_longer()  # a command keeps what it makes
    for stream in (sys.stdout, sys.stderr):
        # a name that the terminal's encoding lacks must not lose the whole answer
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(group.main(prog_name=_NAME, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
