"""Networks as files, in the format that the file's name asks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from convcost.errors import NetworkError, UsageError
from convcost.write.save import save_bytes, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from convcost.network.network import Network


class Source(NamedTuple):
    """The ONNX file that a rewritten network comes from.

    Attributes:
        path: of the file.
        network: as it was read from it.
    """

    path: Path
    network: Network


def save_networks(
    networks: Sequence[Network],
    path: Path,
    *,
    force: bool = False,
    source: Source | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Path, ...]:
    """Write networks: ``.onnx`` and ``.keras`` are models, ``.json`` convcost's own format.

    ``.py`` is the code of a PyTorch module; its values are in an ``.npz`` file beside it.

    Args:
        networks: what to write.
        path: of the file.
        force: overwrite it.
        source: an ONNX model's: what was not rewritten stays as it is there.
        say: told why it does not, where that cannot be done.

    Returns:
        The files, the one that was asked for first.

    Raises:
        UsageError: the name ends in something else, a file exists, or a model is to hold several
            networks.
        NetworkError: a layer cannot be written to that format.
        MissingFramework: what writes the format is not installed.
        ConvcostError: the file cannot be written.
    """
    make = _FORMATS.get(path.suffix.lower())
    if make is None:
        raise UsageError(
            f"{path}: networks are not written as '{path.suffix}' files",
            hint=f"end the name in {' or '.join(_FORMATS)}",
        )
    if source is not None and make is _onnx:
        make = partial(_onnx, source=source, say=say)
    made = make(networks, path)
    for file in made:
        if file.exists() and not force:
            raise taken(file)
    for file, data in made.items():
        save_bytes(file, data, force=force)
    return tuple(made)


def is_format(suffix: str) -> bool:
    """Whether networks are written to files whose names end so.

    >>> is_format(".onnx"), is_format(".csv")
    (True, False)
    """
    return suffix.lower() in _FORMATS


def _exchange(networks: Sequence[Network], path: Path) -> dict[Path, bytes]:
    from convcost.write.exchange import to_text

    return {path: to_text(*networks).encode()}


def _onnx(
    networks: Sequence[Network],
    path: Path,
    source: Source | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[Path, bytes]:
    from convcost.write.onnx.model import onnx_model, serialized

    network = _one(networks, "an ONNX model")
    if source is not None:
        from convcost.write.onnx.graft import grafted_file

        try:
            return {path: serialized(grafted_file(source.path, source.network, network))}
        except NetworkError as error:
            why = error.message
        made = {path: serialized(onnx_model(network))}
        say(
            f"{path.name} is written from the network alone, without the names and notes of "
            f"{source.path.name}: {why}"
        )
        return made
    return {path: serialized(onnx_model(network))}


def _keras(networks: Sequence[Network], path: Path) -> dict[Path, bytes]:
    from convcost.write.keras.archive import archived
    from convcost.write.keras.model import keras_model

    return {path: archived(keras_model(_one(networks, "a Keras model")))}


def _python(networks: Sequence[Network], path: Path) -> dict[Path, bytes]:
    from io import BytesIO

    import numpy as np

    from convcost.write.torch.code import module_code

    beside = path.with_suffix(".npz")
    made = module_code(_one(networks, "a PyTorch module"), beside.name)
    file = BytesIO()
    np.savez(file, **made.state)
    return {path: made.text.encode(), beside: file.getvalue()}


def _one(networks: Sequence[Network], what: str) -> Network:
    """The only network.

    Raises:
        UsageError: there are several.
    """
    if len(networks) != 1:
        raise UsageError(
            f"{what} holds one network; here are {len(networks)}",
            hint="choose one: FILE#2 is the second network of a text",
        )
    return networks[0]


_FORMATS: Mapping[str, Callable[[Sequence[Network], Path], Mapping[Path, bytes]]] = {
    ".json": _exchange,
    ".onnx": _onnx,
    ".keras": _keras,
    ".py": _python,
}
