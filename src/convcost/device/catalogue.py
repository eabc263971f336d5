"""The devices that convcost knows: a library of data sheets, and this machine."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from convcost.device.device import THIS_MACHINE, Device
from convcost.errors import SourceError, unknown_name

_LIBRARY = Path(__file__).with_name("library")


def names() -> tuple[str, ...]:
    """The devices that `load` knows, this machine first.

    >>> names()[:3]
    ('this-machine', 'a100', 'gtx-1080-ti')
    """
    return (THIS_MACHINE, *sorted(path.stem for path in _LIBRARY.glob("*.toml")))


def load(name: str, *, refresh: bool = False) -> Device:
    """The device of that name.

    Args:
        name: One of `names()`; case, spaces and underscores do not matter. A path that ends in
            `.toml` is read as a device file of the user's own.
        refresh: Probe this machine again instead of using what the last probe found.

    Raises:
        UsageError: No device has this name; the hint says the nearest ones.
        SourceError: A device file cannot be read or does not fit the schema.

    >>> load("GTX 1080 Ti").peak_flops["float32"].value
    11339800000000.0
    """
    if name.endswith(".toml"):
        return read(Path(name))
    key = re.sub(r"[\s_]+", "-", name.strip().lower())
    if key == THIS_MACHINE:
        from convcost.device.probe import probe

        return probe(refresh=refresh)
    known = names()
    if key not in known:
        raise unknown_name("device", name, known)
    return _from_library(key)


@functools.cache
def _from_library(name: str) -> Device:
    return read(_LIBRARY / f"{name}.toml")


def read(path: Path) -> Device:
    """The device that a TOML file describes.

    Raises:
        SourceError: The file is missing, is not TOML, or has a field that is wrong, missing or
            unknown; the message names the field.
    """
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(raw, Device)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: not a TOML file: {error}") from error
    except msgspec.ValidationError as error:
        raise SourceError(
            f"{path}: {error}",
            hint=f"compare it with {_LIBRARY / 'gtx-1080-ti.toml'}",
        ) from error
