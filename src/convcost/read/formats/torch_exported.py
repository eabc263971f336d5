"""Exported programs of PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.reader import ZIP_MARK, Reader

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options, Source

_MARKS = (b"archive_format", b"serialized_exported_program.json")


def _recognises(source: Source) -> bool:
    if not source.head.startswith(ZIP_MARK):
        return False
    return source.suffix == ".pt2" or any(mark in source.head for mark in _MARKS)


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.torch.module.exported import network_of

    return (network_of(source, options),)


READER = Reader("PyTorch exported program (.pt2)", _recognises, _read)
