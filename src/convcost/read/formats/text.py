"""Texts: pasted summaries and model code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import LimitError, SourceError
from convcost.read.limits import MAX_TEXT_BYTES, MAX_TEXT_LINES
from convcost.read.reader import Rank, Reader

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options, Source

_MARKS = (b"\xff\xfe", b"\xfe\xff")


def _recognises(source: Source) -> bool:
    return not source.folder and (source.head[:2] in _MARKS or b"\0" not in source.head)


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.pasted_text import networks_of_text

    del options
    hint = "cut out the part with the model.summary() tables"
    text = _decoded(source.read(MAX_TEXT_BYTES, "texts", hint), source.where)
    if text.count("\n") > MAX_TEXT_LINES:
        raise LimitError(
            f"{source.where}: has more than {MAX_TEXT_LINES:,} lines, the limit for texts",
            hint=hint,
        )
    return networks_of_text(text, source.where)


def _decoded(data: bytes, where: str) -> str:
    """Text in UTF-8, or UTF-16 with its mark."""
    encoding = "utf-16" if data[:2] in _MARKS else "utf-8-sig"
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


READER = Reader("pasted text", _recognises, _read, rank=Rank.TEXT, takes_inputs=False)
