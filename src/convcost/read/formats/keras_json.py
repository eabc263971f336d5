"""Architectures in JSON: what ``model.to_json()`` of Keras 1, 2 and 3 returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.reader import Reader

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options, Source


def _recognises(source: Source) -> bool:
    if source.suffix == ".json":
        return not source.folder
    head = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    # a JSON text within a JSON string is what json.dump(model.to_json(), file) writes
    return head.startswith((b"{", b'"{')) and b"class_name" in head


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.keras.files.reading import network_of
    from convcost.read.keras.serial.stored import Nothing
    from convcost.read.limits import MAX_CONFIG_BYTES

    hint = "no real model needs as much: check where the file comes from"
    data = source.read(MAX_CONFIG_BYTES, "JSON", hint)
    return (network_of(data.removeprefix(b"\xef\xbb\xbf"), Nothing(), source, options),)


READER = Reader("Keras architecture (.json)", _recognises, _read)
