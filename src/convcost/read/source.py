"""The front door: find out what a source is, and have it read.

Sources are untrusted: sizes are bounded, nothing is evaluated or unpickled.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from convcost.errors import LimitError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.network import Network

#: Largest text that is read.
MAX_TEXT_BYTES = 4 * 2**20

_KEPT_FOR_LATER = {
    ".keras": "a Keras model file",
    ".h5": "a Keras or HDF5 weights file",
    ".hdf5": "a Keras or HDF5 weights file",
    ".onnx": "an ONNX model",
    ".pt2": "a PyTorch exported program",
    ".tflite": "a TensorFlow Lite model",
    ".pb": "a TensorFlow graph",
    ".pt": "a pickled PyTorch file",
    ".pth": "a pickled PyTorch file",
    ".pkl": "a pickle",
}


def read_source(source: str, *, dims: Mapping[str, int] | None = None) -> tuple[Network, ...]:
    """Every network of a source, in order.

    Args:
        source: a path, ``PATH#2`` for the second network of a text, ``-`` for standard input,
            ``zoo:NAME?parameter=value``, or the text of a summary itself (anything with a line
            break).
        dims: values for sizes that the source leaves open (``{"height": 416}``).

    Raises:
        SourceError: it cannot be read, or holds no network.
        LimitError: it is above `MAX_TEXT_BYTES`.
    """
    if source.startswith("zoo:"):
        from convcost import zoo

        networks: tuple[Network, ...] = (zoo.load(source.removeprefix("zoo:")),)
    elif source == "-":
        networks = _of_bytes(sys.stdin.buffer.read(MAX_TEXT_BYTES + 1), "standard input")
    elif "\n" in source:
        networks = _of_bytes(source.encode(), "the text")
    else:
        networks = _of_path(source)
    return tuple(network.bind(dict(dims)) for network in networks) if dims else networks


def _of_path(source: str) -> tuple[Network, ...]:
    path, number = _split_number(source)
    networks = _of_bytes(_read(path), str(path))
    if number is None:
        return networks
    if not 1 <= number <= len(networks):
        raise SourceError(
            f"{path}: there is no network {number}; the text holds {len(networks)}",
            hint=f"write {path}#1" + (f" to {path}#{len(networks)}" if len(networks) > 1 else ""),
        )
    return (networks[number - 1],)


def _split_number(source: str) -> tuple[Path, int | None]:
    """``FILE#2`` as the file and the number, unless a file has that very name."""
    base, mark, tail = source.rpartition("#")
    if mark and tail.isascii() and tail.isdigit() and not _exists(Path(source)):
        return Path(base), int(tail[:9])
    return Path(source), None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _read(path: Path) -> bytes:
    hint = "give a file with a pasted model.summary(), or paste it into `convcost count -`"
    try:
        if path.is_dir():
            raise SourceError(f"{path}: is a directory, not a file", hint=hint)
        with path.open("rb") as file:
            return file.read(MAX_TEXT_BYTES + 1)
    except FileNotFoundError:
        raise SourceError(f"{path}: there is no such file", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{path}: cannot be read: {reason}", hint=hint) from None


def _of_bytes(data: bytes, where: str) -> tuple[Network, ...]:
    hint = "paste the whole table that model.summary() prints, its header included"
    if not data.strip():
        raise SourceError(f"{where}: is empty; expected a pasted model.summary()", hint=hint)
    suffix = Path(where).suffix.lower()
    if suffix in _KEPT_FOR_LATER:
        raise SourceError(
            f"{where}: is {_KEPT_FOR_LATER[suffix]}; this version reads pasted summaries and code",
            hint="paste what model.summary() prints into a text file and read that",
        )
    if len(data) > MAX_TEXT_BYTES:
        raise LimitError(
            f"{where}: is larger than {MAX_TEXT_BYTES // 2**20} MiB, the limit for texts",
            hint="cut out the part with the model.summary() tables",
        )
    return networks_of_text(_decoded(data, where), where)


def _decoded(data: bytes, where: str) -> str:
    """Text in UTF-8, or UTF-16 with its mark."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in data:
        raise SourceError(
            f"{where}: is a binary file, not text",
            hint="paste what model.summary() prints into a text file and read that",
        )
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if sum(byte > 127 for byte in data) * 3 > len(data):
            raise SourceError(
                f"{where}: is neither UTF-8 nor UTF-16 text",
                hint="save it as UTF-8, or paste what model.summary() prints",
            ) from None
        return data.decode("utf-8", errors="replace")


def networks_of_text(text: str, where: str) -> tuple[Network, ...]:
    """The networks of a pasted text: its tables; without tables, its code.

    Code that builds the same layers as a table is read beside it: it resolves what the table leaves
    open.

    Raises:
        SourceError: there is neither.
    """
    from convcost.read import keras_model, keras_summary
    from convcost.read.pasted_code import find_models
    from convcost.read.summary.find import find_tables

    tables = find_tables(text)
    models = find_models(text)
    if tables:
        names = _names([table.title for table in tables])
        networks = []
        for table, name in zip(tables, names, strict=True):
            code = next((m for m in models if keras_summary.matches(table, m)), None)
            networks.append(keras_summary.network_of(table, name, code))
        return tuple(networks)
    if models:
        names = _names([model.name for model in models])
        pairs = zip(models, names, strict=True)
        return tuple(keras_model.network_of(model, name) for model, name in pairs)
    raise _nothing_found(text, where)


def _names(titles: list[str | None]) -> list[str]:
    """Titles where they tell the networks apart, numbers otherwise."""
    if len(titles) == 1:
        return [titles[0] or "the network"]
    distinct = len(set(titles)) == len(titles) and None not in titles
    return [
        str(title) if distinct else f"network {number}"
        for number, title in enumerate(titles, start=1)
    ]


def _nothing_found(text: str, where: str) -> SourceError:
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        return SourceError(
            f"{where}: is a web page without a model.summary() table in its text",
            hint="copy the table from the page as the browser shows it",
        )
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    shown = first if len(first) <= 60 else f"{first[:57]}..."
    return SourceError(
        f"{where}: holds no model.summary() table and no Keras code; its first line is {shown!r}",
        hint="expected rows such as 'conv2d_1 (Conv2D)  (None, 32, 32, 32)  896'",
    )
