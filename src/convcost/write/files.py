"""Networks as files, in the format that the file's name asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.write import save_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from convcost.network.network import Network


def save_networks(networks: Sequence[Network], path: Path, *, force: bool = False) -> None:
    """Write networks: an ONNX model where the name ends in ``.onnx``, else convcost's own format.

    Raises:
        UsageError: the file exists, or an ONNX model is to hold several networks.
        NetworkError: a layer cannot be written to that format.
        ConvcostError: the file cannot be written.
    """
    onnx = path.suffix.lower() == ".onnx"
    save_bytes(path, _onnx(networks) if onnx else _exchange(networks), force=force)


def _exchange(networks: Sequence[Network]) -> bytes:
    from convcost.write.exchange import to_text

    return to_text(*networks).encode()


def _onnx(networks: Sequence[Network]) -> bytes:
    from convcost.write.onnx.model import onnx_model, serialized

    if len(networks) != 1:
        raise UsageError(
            f"an ONNX model holds one network; here are {len(networks)}",
            hint="choose one: FILE#2 is the second network of a text",
        )
    return serialized(onnx_model(networks[0]))
