"""`convcost serve`: a page to paste into, and the same as an API."""

from __future__ import annotations

from pathlib import Path

import click

from convcost.cli.support.command import Command

_PACKAGES = frozenset({"starlette", "uvicorn", "python_multipart"})


@click.command(
    "serve",
    cls=Command,
    short_help="A page in the browser to paste networks into, and a JSON API.",
    examples=(
        "convcost serve",
        "convcost serve --open",
        "convcost serve --port 0 --workers 1",
        "convcost serve --host 0.0.0.0 --port 80 --store /srv/convcost",
    ),
)
@click.option("--host", metavar="NAME", default="127.0.0.1", show_default=True,
              help="A name or an address of this machine to listen on; 0.0.0.0 for all, so that "
              "others reach it.")  # fmt: skip
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), default=8765,
              show_default=True, help="0 for any that is free.")  # fmt: skip
@click.option("--open", "open_", is_flag=True, help="Open the page in the browser.")
@click.option("--workers", metavar="N", type=click.IntRange(1, 64),
              help="Processes that answer, each one question at a time; by default one per "
              "processor.")  # fmt: skip
@click.option("--store", metavar="FOLDER", type=click.Path(file_okay=False),
              help="Where questions, files and answers are kept, so that links stay; by default "
              "CONVCOST_SERVE, or a folder of the user's.")  # fmt: skip
def command(*, host: str, port: int, open_: bool, workers: int | None, store: str | None) -> None:
    """Serve a page to paste networks into.

    Summaries, code and model files are pasted or dropped; the page answers as `convcost report`,
    `rewrite` and `sweep` do, with a permanent link. /api/v1 gives the same as JSON. Nothing of a
    source is run. Ends with Ctrl-C.
    """
    from convcost.errors import MissingFramework

    try:
        from convcost.serve.running import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        raise MissingFramework(
            f"the server needs {error.name}", hint="pip install 'convcost[web]'"
        ) from None
    from convcost.serve.settings import Settings, usual_workers
    from convcost.serve.store import default_folder

    def started(address: str) -> None:
        click.echo(f"convcost is at {address} (Ctrl-C ends it)", err=True)
        if open_:
            click.launch(address)

    settings = Settings(
        store=default_folder() if store is None else Path(store),
        host=host,
        port=port,
        workers=workers or usual_workers(),
    )
    run(settings, started=started)
