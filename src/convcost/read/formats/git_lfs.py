"""Git LFS pointers: what a clone without ``git lfs pull`` has in place of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from convcost.errors import SourceError
from convcost.read.reader import Rank, Reader

if TYPE_CHECKING:
    from convcost.read.reader import Options, Source


def _recognises(source: Source) -> bool:
    return source.head.startswith(b"version https://git-lfs.github.com/spec/")


def _read(source: Source, options: Options) -> NoReturn:
    del options
    raise SourceError(
        f"{source.where}: is a Git LFS pointer; the model itself was not downloaded",
        hint="run 'git lfs pull' in its repository",
    )


READER = Reader("Git LFS pointer", _recognises, _read, rank=Rank.POINTER)
