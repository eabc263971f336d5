"""Networks as files: one module per target format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import ConvcostError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


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
        with path.open("wb" if force else "xb") as file:
            file.write(data)
    except FileExistsError:
        raise taken(path) from None
    except OSError as error:
        raise ConvcostError(f"{path} cannot be written: {error.strerror}") from error


def taken(path: Path) -> UsageError:
    """The error of a file that is not to be overwritten."""
    return UsageError(f"{path} exists", hint="add --force to overwrite it")
