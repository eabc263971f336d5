"""convcost's own files: what `convcost read` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import UsageError
from convcost.read.exchange.names import HEAD
from convcost.read.reader import Reader, naming

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.read.reader import Options, Source


def _recognises(source: Source) -> bool:
    return HEAD.match(source.head) is not None


def _read(source: Source, options: Options) -> tuple[Network, ...]:
    from convcost.read.exchange.document import networks_of
    from convcost.read.limits import MAX_CONFIG_BYTES, MAX_EXCHANGE_BYTES

    if options.inputs is not None or options.batch_axis != 0:
        raise UsageError(
            f"{source.where}: 'inputs' and 'batch_axis' are for models; this network has its sizes",
            hint="give open sizes by name: dims={'height': 416, 'width': 416}",
        )
    # the front door takes no more of a stream than this
    limit = MAX_EXCHANGE_BYTES if source.path is not None else MAX_CONFIG_BYTES
    data = source.read(limit, "networks", "no real network needs as much: look where it comes from")
    with naming(source.where):
        return networks_of(data)


#: Before the reader of Keras's JSON, which takes every file of that ending.
READER = Reader("convcost network (.json)", _recognises, _read, rank=-5)
