"""ONNX files, and models of the onnx package in the running program."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from convcost.errors import SourceError
from convcost.read.reader import LiveReader, Reader, naming_source

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options, Source

#: Of the format's version, which all exporters write first.
_FIRST_KEY = b"\x08"


def _recognises(source: Source) -> bool:
    if source.folder:
        return False
    if source.suffix == ".onnx":
        return True
    if not source.head.startswith(_FIRST_KEY):
        return False
    from convcost.read.onnx.file.parse import looks_like_model

    return looks_like_model(source.head)


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.onnx.file.parse import parse
    from convcost.read.onnx.graph import network_of_model

    with naming_source(source.where):
        name = "model" if source.path is None else PurePath(source.where).stem
        return (network_of_model(parse(source), name, options),)


def _is_proto(source: object) -> bool:
    return any(
        kind.__name__ == "ModelProto" and kind.__module__.split(".")[0] == "onnx"
        for kind in type(source).__mro__
    )


def _read_proto(source: Any, options: Options) -> Network:
    from convcost.read.onnx.file.parse import parse_bytes
    from convcost.read.onnx.graph import network_of_model

    where = "the ModelProto"
    try:
        data = source.SerializeToString()
    except Exception as error:  # noqa: BLE001 - protobuf's own types; its limit is 2 GiB
        raise SourceError(
            f"{where}: cannot be serialised: {error}",
            hint="save it with onnx.save(model, 'model.onnx', save_as_external_data=True) and read "
            "that file",
        ) from None
    with naming_source(where):
        name = str(source.graph.name) or "model"
        return network_of_model(parse_bytes(data, where), name, options)


READER = Reader("ONNX (.onnx)", _recognises, _read)
LIVE = LiveReader("onnx.ModelProto", _is_proto, _read_proto)
