"""The profiles of this machine: which there is for a runtime and a mode, and whether it fits."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import metadata
from typing import TYPE_CHECKING

from convcost.device import THIS_MACHINE
from convcost.device.machine import describe
from convcost.errors import UsageError
from convcost.predict.profile import Machine, Profile, Setting
from convcost.predict.profile_file import file_name, folder, load
from convcost.runtime import default_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from convcost.runtime import Runtime

#: Names of packages under which a framework's version is found, besides its own.
_PACKAGES = {"tensorflow": ("tensorflow", "tensorflow-cpu")}


@cache
def this_machine() -> Machine:
    """What tells this machine from others."""
    found = describe()
    return Machine(found.model, int(found.cores.value), found.features)


def chosen(
    runtime: Runtime | str | None,
    *,
    training: bool,
    device: str | None,
    basis: str | None,
    path: Path | None,
) -> Profile | None:
    """The profile to predict with; None for the data sheet.

    Args:
        runtime: that runs the network, or the framework that it comes from.
        training: for training steps.
        device: by name; None, or ``this-machine``, for this one: profiles are of no other.
        basis: ``calibrated``, ``data sheet``, or None for the best that there is.
        path: of the profile; None for this machine's own.

    Raises:
        SourceError: the file is damaged, or is not there.
        UsageError: there is no profile where one is asked for, or it does not fit.
    """
    here = device in (None, THIS_MACHINE)
    if basis == "data sheet" or (not here and basis is None and path is None):
        return None
    if not here:
        raise UsageError(
            f"a profile is of the machine that it was made on, not of {device}",
            hint="leave out --device, or predict by --basis data-sheet",
        )
    by = default_for(runtime) if runtime is None or isinstance(runtime, str) else runtime
    machine = this_machine()
    setting = Setting(runtime=by.name, training=training, threads=machine.cores)
    path = path or folder() / file_name(setting)
    if basis is None and not path.exists():
        return None
    return given(path, setting)


def given(path: Path, setting: Setting) -> Profile:
    """The profile in a file.

    Args:
        path: of the file.
        setting: what it has to be of; the number of threads is the profile's own affair.

    Raises:
        SourceError: the file cannot be read, or is damaged.
        UsageError: it is of another runtime or mode, or was made on another machine.
    """
    profile = _loaded(path, path.stat().st_mtime_ns if path.exists() else 0)
    there = profile.setting
    if (there.runtime, there.training) != (setting.runtime, setting.training):
        raise UsageError(
            f"{path} is a profile of {_what(there)}; asked was {_what(setting)}",
            hint=f"convcost calibrate {options_of(setting)}",
        )
    machine = this_machine()
    if profile.machine != machine:
        raise UsageError(
            f"{path} was made on another machine ({profile.machine}); this is {machine}",
            hint=f"convcost calibrate {options_of(setting)}, or --basis data-sheet",
        )
    return profile


def changes(profile: Profile) -> Iterator[str]:
    """What has another version now than when the profile was made."""
    for name, then in profile.versions.items():
        now = _version(name)
        if now is not None and now != then:
            yield f"the profile is of {name} {then}, installed is {now}: calibrate again"


@lru_cache(maxsize=16)
def _loaded(path: Path, _changed: int) -> Profile:
    return load(path)


def _what(setting: Setting) -> str:
    return f"{setting.runtime}, {'training' if setting.training else 'inference'}"


def options_of(setting: Setting) -> str:
    """What `convcost calibrate` is given for it, but for the threads."""
    return f"--runtime {setting.runtime}" + (" --training" if setting.training else "")


@cache
def _version(name: str) -> str | None:
    """That which is installed; None where that cannot be told."""
    for package in _PACKAGES.get(name, (name,)):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return None
