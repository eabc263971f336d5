"""Networks as files, in the format that the file's name asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.write import save_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from convcost.network.network import Network


def save_networks(networks: Sequence[Network], path: Path, *, force: bool = False) -> None:
    """Write networks: ``.onnx`` and ``.keras`` are models, ``.json`` convcost's own format.

    Raises:
        UsageError: the name ends in something else, the file exists, or a model is to hold several
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
    save_bytes(path, make(networks), force=force)


def _exchange(networks: Sequence[Network]) -> bytes:
    from convcost.write.exchange import to_text

    return to_text(*networks).encode()


def _onnx(networks: Sequence[Network]) -> bytes:
    from convcost.write.onnx.model import onnx_model, serialized

    return serialized(onnx_model(_one(networks, "an ONNX model")))


def _keras(networks: Sequence[Network]) -> bytes:
    from convcost.write.keras.archive import archived
    from convcost.write.keras.model import keras_model

    return archived(keras_model(_one(networks, "a Keras model")))


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


_FORMATS: Mapping[str, Callable[[Sequence[Network]], bytes]] = {
    ".json": _exchange,
    ".onnx": _onnx,
    ".keras": _keras,
}
