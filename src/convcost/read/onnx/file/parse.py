"""A whole file: ModelProto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import SourceError
from convcost.read.onnx.file.external import Folder
from convcost.read.onnx.file.graphs import function, graph, opset
from convcost.read.onnx.file.messages import Model
from convcost.read.onnx.file.place import InFile, InMemory, mapped
from convcost.read.onnx.file.scan import Scan
from convcost.read.onnx.file.wire import LENGTH, VARINT, Damage, fields, key

if TYPE_CHECKING:
    from convcost.read.onnx.file.messages import Function, Graph
    from convcost.read.onnx.file.place import Place
    from convcost.read.onnx.file.wire import Data
    from convcost.read.reader import Source

_VERSION, _PRODUCER, _PRODUCER_VERSION, _GRAPH, _OPSET, _FUNCTION = (
    key(1, VARINT), *(key(number, LENGTH) for number in (2, 3, 7, 8, 25)),
)  # fmt: skip
#: What may stand before the graph, as all exporters write it.
_BEFORE = {_PRODUCER, _PRODUCER_VERSION, _OPSET, key(4, LENGTH), key(5, VARINT), key(6, LENGTH)}
_HINT = "copy or download it again; its size should equal the original's"


def looks_like_model(head: bytes) -> bool:
    """Whether a file that begins like this is a ModelProto, with a graph within reach.

    >>> looks_like_model(bytes([8, 8, 18, 1, 120, 58, 200, 1])), looks_like_model(b"Layer (type)")
    (True, False)
    """
    try:
        for number, (found, _, stop) in enumerate(fields(head, 0, 2**63)):
            if number == 0:
                if found != _VERSION:
                    return False
            elif found == _GRAPH or (found in _BEFORE and stop > len(head)):
                return True
            elif found not in _BEFORE:
                return False
    except Damage:
        pass
    return False


def parse(source: Source) -> Model:
    """The model in a file; tensor data is not read.

    Raises:
        SourceError: it is damaged; says at which byte, in which message.
        LimitError: it is above one of the limits of `convcost.read.limits`.
    """
    if source.path is None:
        return parse_bytes(source.data, source.where)
    with mapped(source) as data:
        return _parse(data, InFile(source), Folder(source.path.parent))


def parse_bytes(data: bytes, where: str) -> Model:
    """The model in these bytes, which has no external data; see `parse`."""
    return _parse(data, InMemory(data, where), Folder(None))


def _parse(data: Data, place: Place, folder: Folder) -> Model:
    scan = Scan(data, place, folder)
    try:
        return _model(scan, len(data))
    except Damage as damage:
        inside = f" (in {', '.join(damage.path)})" if damage.path else ""
        raise damage.error(
            f"{place.where}: cannot be read as an ONNX file: at byte {damage.at:,}{inside}: "
            f"{damage.what}",
            hint=_HINT if damage.error is SourceError else None,
        ) from None


def _model(scan: Scan, end: int) -> Model:
    main: Graph | None = None
    version = 0
    opsets: dict[str, int] = {}
    functions: dict[tuple[str, str], Function] = {}
    for found, at, stop in fields(scan.data, 0, end):
        if found == _GRAPH:
            if main is not None:
                raise Damage(at, "a second graph")
            main = scan.part(graph, at, stop, "graph")
        elif found == _FUNCTION:
            made = scan.part(function, at, stop, "function", len(functions))
            if functions.setdefault((made.domain, made.name), made) is not made:
                raise Damage(at, f"two functions are named '{made.name:.80}'")
        elif found == _OPSET:
            opsets.update([opset(scan, at, stop)])
        elif found == _VERSION:
            version = at
    if main is None:
        raise Damage(0, "there is no graph")
    return Model(main, opsets, functions, version)
