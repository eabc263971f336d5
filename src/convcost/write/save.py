"""Files, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from convcost.errors import ConvcostError, UsageError


def save_text(path: Path, text: str, *, force: bool = False) -> None:
    """Write a file in UTF-8; errors as `save_bytes`."""
    save_bytes(path, text.encode(), force=force)


def save_bytes(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a file.

    Raises:
        UsageError: it exists, and is not to be overwritten.
        ConvcostError: it cannot be written.
    """
    try:
        if not force:
            path.open("xb").close()  # from here on the name is ours
        try:
            write_whole(path, data)
        except BaseException:
            if not force:
                path.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise taken(path) from None
    except OSError as error:
        raise ConvcostError(f"{path} cannot be written: {error.strerror}") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that others see as it was or whole, also where this is interrupted.

    A link stays one. Pipes and devices, and files of a folder that is not ours to write, are
    written straight.

    Raises:
        OSError: it cannot be written.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not (path.is_file() and os.access(path.parent, os.W_OK)):
        path.write_bytes(data)
        return
    beside = path.with_name(f".{path.name[:100]}.{os.urandom(4).hex()}.part")
    try:
        beside.write_bytes(data)
        if path.exists():
            beside.chmod(path.stat().st_mode)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def taken(path: Path) -> UsageError:
    """The error of a file that is not to be overwritten."""
    return UsageError(f"{path} exists", hint="add --force to overwrite it")
