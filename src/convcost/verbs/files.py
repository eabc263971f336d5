"""Verbs that read and write networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.network.collector import without_collecting

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from convcost.network.network import Network


def read(source: Any, **options: Any) -> Network:
    """The first network of a source: a path, ``zoo:NAME``, or the text of a pasted summary.

    Raises:
        SourceError: the source cannot be read.
    """
    return read_all(source, **options)[0]


def read_all(source: Any, **options: Any) -> tuple[Network, ...]:
    """Every network of a source, in order.

    Raises:
        SourceError: the source cannot be read.
    """
    with without_collecting():
        from convcost.read import read_source
    return read_source(source, **options)


def write(
    nets: Network | Sequence[Network], path: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Write networks to a file that `read` and `read_all` take.

    Args:
        nets: one network or several.
        path: of the file. Where it ends in ``.onnx`` or ``.keras``, an ONNX or a Keras model of one
            network, with the source's values or random ones; else JSON with everything but the
            parameters' values.
        force: overwrite it.

    Raises:
        UsageError: the file exists.
        NetworkError: a layer has no counterpart in ONNX.
    """
    from pathlib import Path

    from convcost.network.network import Network
    from convcost.write.files import save_networks

    save_networks((nets,) if isinstance(nets, Network) else nets, Path(path), force=force)
