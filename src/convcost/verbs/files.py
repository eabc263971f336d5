"""Verbs that read and write networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.collector import without_collecting

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Network


def read(
    source: Any,
    *,
    inputs: Any = None,
    batch_axis: int | tuple[int, ...] | None = 0,
    dims: Mapping[str, int] | None = None,
    choices: Mapping[str, int] | None = None,
) -> Network:
    """The first network of a source: a path, ``zoo:NAME``, or the text of a pasted summary.

    Args:
        source: as in `read_all`.
        inputs: as in `read_all`.
        batch_axis: as in `read_all`.
        dims: as in `read_all`.
        choices: as in `read_all`.

    Raises:
        UsageError: a layer to choose a reading of, or an open size, is not there.
        SourceError: the source cannot be read.
        MissingFramework: something has to be installed to read it.

    >>> import convcost
    >>> convcost.read("zoo:seed001-cnn")
    <Network seed001-cnn (keras): 7 layers, 6 stored tensors>
    """
    return read_all(source, inputs=inputs, batch_axis=batch_axis, dims=dims, choices=choices)[0]


def read_all(
    source: Any,
    *,
    inputs: Any = None,
    batch_axis: int | tuple[int, ...] | None = 0,
    dims: Mapping[str, int] | None = None,
    choices: Mapping[str, int] | None = None,
) -> tuple[Network, ...]:
    """Every network of a source, in order.

    Args:
        source: a path, ``PATH#2`` for the second network of a text, ``-`` for standard input,
            ``zoo:NAME?parameter=value``, ``zoo:resnet*`` for several, the text of a summary itself
            (anything with a line break), ``module:function`` (which runs that code), or a model of
            Keras, PyTorch or ONNX.
        inputs: example arrays or shapes of a model's inputs, the batch axis included.
        batch_axis: the batch axis of the inputs, one per input, or None: the whole is one sample.
        dims: values for sizes that the source leaves open (``{"height": 416}``).
        choices: for layers that can be read in several ways, the number of the reading that their
            note lists (``{"conv2d_2": 1}``).

    Raises:
        UsageError: a layer to choose a reading of, or an open size, is not there.
        SourceError: the source cannot be read.
        MissingFramework: something has to be installed to read it.

    >>> import convcost
    >>> [net.name for net in convcost.read_all("zoo:seed001-*")]
    ['seed001-cnn', 'seed001-cnn4', 'seed001-mlp']
    """
    with without_collecting():
        from convcost.read import read_source
    return read_source(source, inputs=inputs, batch_axis=batch_axis, dims=dims, choices=choices)


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
