"""The file of a profile: where it is kept, written and read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from convcost.errors import SourceError
from convcost.kept.place import place_of, told
from convcost.predict.columns import COLUMNS, TERMS
from convcost.predict.model import Model
from convcost.predict.profile import Band, LoopCost, Machine, Profile, Refined, Setting
from convcost.predict.trees import Trees
from convcost.write.save import write_whole

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = "convcost/profile/1"
#: What to do where profiles cannot be kept.
ELSEWHERE = "name another folder: CONVCOST_PROFILES=FOLDER"


class _Trees(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    roots: tuple[int, ...]
    features: tuple[int, ...]
    thresholds: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    values: tuple[float, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    schema: str
    setting: Setting
    machine: Machine
    versions: dict[str, str]
    date: str
    networks: int
    whole: Band
    kinds: dict[str, Band]
    common: float
    noise: tuple[str, ...]
    columns: tuple[str, ...]
    terms: tuple[str, ...]
    loops: dict[str, LoopCost]
    refined: tuple[Refined, ...]
    factors: dict[str, tuple[float, ...]]
    fallback: dict[str, tuple[float, ...]]
    trees: _Trees


def folder() -> Path:
    """CONVCOST_PROFILES, or `convcost/profiles` in the user's data folder.

    Raises:
        ConvcostError: this user has no such folder.
    """
    return place_of("profiles", "CONVCOST_PROFILES", what="profiles", hint=ELSEWHERE)


def file_name(setting: Setting) -> str:
    """Of a setting's profile: ``torch-training-2.json``."""
    mode = "training" if setting.training else "inference"
    safe = re.sub(r"[^a-z0-9-]", "_", f"{setting.runtime}-{mode}-{setting.threads}".lower())
    return f"{safe}.json"


def save(profile: Profile, path: Path) -> None:
    """Write a profile; the file is whole or as before.

    Raises:
        ConvcostError: it cannot be written.
    """
    with told(path, hint=ELSEWHERE):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.encode(_as_file(profile)) + b"\n")


def load(path: Path) -> Profile:
    """Read a profile.

    Raises:
        SourceError: it is damaged, or of another version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"{path}: {error.strerror}", hint="`convcost calibrate` makes one"
        ) from None
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is no profile: {error}", hint="calibrate again") from None
    if (file.schema, file.columns, file.terms) != (_SCHEMA, COLUMNS, TERMS):
        raise SourceError(
            f"{path}: another version of convcost made it ({file.schema})", hint="calibrate again"
        )
    try:
        trees = Trees(*(getattr(file.trees, name) for name in _Trees.__struct_fields__))
        _check(file)
    except ValueError as error:
        raise SourceError(
            f"{path} is no profile: its model is damaged: {error}", hint="calibrate again"
        ) from None
    return Profile(
        setting=file.setting, machine=file.machine, versions=file.versions, date=file.date,
        networks=file.networks, model=Model(file.factors, file.fallback, trees), whole=file.whole,
        kinds=file.kinds, common=file.common, noise=file.noise, loops=file.loops,
        refined=file.refined,
    )  # fmt: skip


def _check(file: _File) -> None:
    """Refuse rows of another length, and columns that there are none of.

    Raises:
        ValueError: what is wrong.
    """
    rows = (*file.factors.values(), *file.fallback.values())
    if any(len(row) != len(TERMS) for row in rows):
        raise ValueError(f"a mechanistic time has {len(TERMS)} terms")
    if any(not 0 <= feature < len(COLUMNS) for feature in file.trees.features):
        raise ValueError(f"trees look at {len(COLUMNS)} columns")


def _as_file(profile: Profile) -> _File:
    model = profile.model
    trees: dict[str, Any] = {name: getattr(model.trees, name) for name in _Trees.__struct_fields__}
    return _File(
        schema=_SCHEMA, setting=profile.setting, machine=profile.machine,
        versions=profile.versions, date=profile.date, networks=profile.networks,
        whole=profile.whole, kinds=profile.kinds, common=profile.common, noise=profile.noise,
        loops=profile.loops, refined=profile.refined, columns=COLUMNS, terms=TERMS,
        factors=dict(model.factors), fallback=dict(model.fallback), trees=_Trees(**trees),
    )  # fmt: skip
