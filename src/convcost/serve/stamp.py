"""By what an answer was made: an answer by anything else is made anew from its question."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from convcost._version import __version__
from convcost.errors import ConvcostError
from convcost.serve.question import SCHEMA


def stamp() -> str:
    """The version of convcost, that of the contract, and this machine's profiles as they are."""
    from convcost.predict.profile_file import folder

    profiles = []
    with suppress(ConvcostError, OSError):  # there is no such folder
        profiles = sorted((path.name, path.stat().st_mtime_ns) for path in folder().glob("*.json"))
    digest = hashlib.sha256(repr(profiles).encode()).hexdigest()[:16]
    return f"convcost {__version__}, {SCHEMA}, profiles {digest}"
