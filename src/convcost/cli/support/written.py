"""Saying what was written to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from convcost.network.network import Network
    from convcost.write.files import Source


def save_networks(
    nets: Sequence[Network], file: Path, *, force: bool, source: Source | None = None
) -> None:
    """Write networks, and say so; arguments as of `convcost.write.files.save_networks`.

    Raises:
        ConvcostError: as `convcost.write.files.save_networks`.
    """
    from convcost.write import files

    made = files.save_networks(nets, file, force=force, source=source, say=_note)
    click.echo(f"wrote {' and '.join(map(str, made))}{_invented(nets, file)}", err=True)


def _note(text: str) -> None:
    click.echo(f"note: {text}", err=True)


def _invented(nets: Sequence[Network], file: Path) -> str:
    """What is said of a model whose values the source does not have."""
    if file.suffix.lower() == ".json":
        return ""
    table = [parameter for net in nets for parameter in net.table.values()]
    absent = sum(parameter.values is None for parameter in table)
    if not absent:
        return ""
    of = "all" if absent == len(table) else f"{absent:,} of {len(table):,}"
    return f"; {of} parameters have random values: the source has none for them"
