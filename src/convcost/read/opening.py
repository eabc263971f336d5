"""Where a source's bytes come from: a file, a folder, standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from convcost.errors import LimitError, SourceError
from convcost.read.limits import MAX_CONFIG_BYTES
from convcost.read.reader import HEAD_BYTES, Rank, Source, readers

HINT = "give a file with a pasted model.summary(), or paste it into `convcost count -`"


def source_at(path: Path) -> Source:
    """The file or folder there, with its first bytes.

    Raises:
        SourceError: there is none, or it cannot be read.
    """
    suffix = path.suffix.lower()
    try:
        if path.is_dir():
            return Source(str(path), suffix, b"", path, folder=True)
        with path.open("rb") as file:
            return Source(str(path), suffix, file.read(HEAD_BYTES), path)
    except FileNotFoundError:
        unseen = Source(str(path), suffix, b"")
        named = any(r.rank != Rank.TEXT and r.recognises(unseen) for r in readers())
        hint = "check the path" if named else HINT
        raise SourceError(f"{path}: there is no such file", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{path}: cannot be read: {reason}", hint=HINT) from None


def standard_input() -> bytes:
    """All of it.

    Raises:
        LimitError: it is larger than what is kept in memory.
    """
    data = sys.stdin.buffer.read(MAX_CONFIG_BYTES + 1)
    if len(data) > MAX_CONFIG_BYTES:
        raise LimitError(
            f"standard input: is larger than {MAX_CONFIG_BYTES // 2**20} MiB, the limit for "
            "streams",
            hint="give the file itself: convcost count model.onnx",
        )
    return data


def split_number(source: str) -> tuple[Path, int | None]:
    """``FILE#2`` as the file and the number, unless a file has that very name."""
    base, mark, tail = source.rpartition("#")
    if mark and tail.isascii() and tail.isdigit() and not exists(Path(source)):
        return Path(base), int(tail[:9])
    return Path(source), None


def exists(path: Path) -> bool:
    """Whether there is something, as far as one can tell."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def refuse_blank(source: Source) -> None:
    """Refuse a source that holds nothing but white space.

    Raises:
        SourceError: it does.
    """
    with source.open() as file:
        while block := file.read(HEAD_BYTES):
            if block.strip():
                return
    raise SourceError(
        f"{source.where}: is empty; expected a pasted model.summary()",
        hint="paste the whole table that model.summary() prints, its header included",
    )
