"""Measurements from the file that `convcost measure --json` wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from convcost.errors import ConvcostError, LimitError, SourceError
from convcost.measure.measurement import SCHEMA, ratios
from convcost.measure.store.record import written

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.measure.measurement import Measurement

#: Bytes: some thousand networks of a thousand layers.
_MOST = 256 * 2**20
_HINT = (
    "convcost measure SOURCE --json -o FILE writes such a file; -o FILE.html makes a page at once"
)


def measurements(path: Path) -> tuple[Measurement, ...]:
    """All networks of a file, which were measured side by side.

    Raises:
        SourceError: it cannot be read, or is something else.
        LimitError: it is too large.
    """
    try:
        if path.stat().st_size > _MOST:
            raise LimitError(f"{path}: above {_MOST // 2**20} MiB", hint=_HINT)
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path}: not JSON: {error}", hint=_HINT) from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise SourceError(f"{path}: expected a file of '{SCHEMA}', got {schema!r}", hint=_HINT)
    try:
        networks = tuple(map(written, found["networks"]))
        # which were taken in turns: as many samples of each
        ratios(networks)
    except (ValueError, TypeError, KeyError, ArithmeticError, ConvcostError) as error:
        raise SourceError(
            f"{path}: not as `convcost measure --json` writes it: {error}", hint=_HINT
        ) from error
    return networks
