"""convcost's own files: what `convcost read` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.exchange.names import HEAD
from convcost.read.reader import Rank, Reader, naming_source

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options, Source


def _recognises(source: Source) -> bool:
    return HEAD.match(source.head) is not None


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.exchange.document import networks_of
    from convcost.read.limits import MAX_EXCHANGE_BYTES

    del options
    hint = "no real network needs as much: look where it comes from"
    data = source.read(MAX_EXCHANGE_BYTES, "networks", hint)
    with naming_source(source.where):
        return networks_of(data)


READER = Reader("convcost network (.json)", _recognises, _read, rank=Rank.OWN, takes_inputs=False)
