"""`convcost read`: any source as a file, in convcost's own format, or as an ONNX or Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from convcost.cli.support import options
from convcost.cli.support.command import Command

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(
    "read",
    cls=Command,
    short_help="Write networks as files: JSON that any command reads back, ONNX, Keras, PyTorch.",
    sources=True,
    examples=(
        "convcost read zoo:seed000",
        "convcost read summary.txt -o net.json",
        "convcost read summary.txt -o model.onnx",
        "convcost read network.onnx -o model.keras",
        "convcost read zoo:seed004 --dim X=32 --dim K=3",
        "convcost read zoo:seed001-mlp zoo:seed001-cnn",
    ),
)
@options.sources
@options.sizes
@click.option("-o", "--output", "path", metavar="FILE", help="Write to a file.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def command(
    sources: tuple[str, ...], *, dims: Mapping[str, int], path: str | None, force: bool
) -> None:
    """Write networks as JSON that any command reads back: net.json, or net.json#2.

    All networks of all sources go into one file, in order. It has every layer with its
    attributes, shapes and parameters, and what was noted while reading, one line each; the values
    of the parameters are not in it.

    Where FILE ends in .onnx or .keras, one network is written as an ONNX or a Keras model, with the
    source's values or, where it has none, random ones of sensible size; where it ends in .py, as
    the code of a PyTorch module with its values in an .npz file beside it.
    """
    from convcost.cli.support.output import print_text, target
    from convcost.cli.support.sources import networks
    from convcost.cli.support.written import save_networks

    file = target(path, force=force)
    nets = networks(sources, dims)
    if file is None:
        from convcost.write.exchange import to_text

        print_text(to_text(*nets))
    else:
        save_networks(nets, file, force=force)
