"""Profiles: what calibration learned about a runtime on a machine, as portable data."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from convcost.errors import SourceError
from convcost.measure.store.place import place_of
from convcost.predict.columns import SIZES, TERMS
from convcost.predict.model import Model
from convcost.predict.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SCHEMA = "convcost/profile/1"
#: Of bands.
LEVEL = 0.9


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is calibrated: networks that a runtime runs on a machine.

    Attributes:
        runtime: its name.
        training: training steps, not inference.
        threads: of the framework.
    """

    runtime: str
    training: bool = False
    threads: int = 1


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tells two machines apart.

    Attributes:
        model: the processor's own name.
        cores: physical ones that this process may use.
        features: instruction sets that decide the width of vectors.
    """

    model: str
    cores: int
    features: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.model}, {self.cores} cores"


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Measured over predicted time of what was held out of the fit, as logarithms.

    Attributes:
        low: 5 % are below.
        middle: the median.
        high: 5 % are above.
        number: of what was held out.
    """

    low: float
    middle: float
    high: float
    number: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What calibration learned.

    Attributes:
        setting: of what.
        machine: on which.
        versions: of what ran.
        date: ISO 8601.
        networks: that were run.
        model: seconds of works.
        whole: of networks that were held out.
        kinds: of works that were held out, by their key.
        noise: why the machine was too noisy for a good profile; empty where it was not.
    """

    setting: Setting
    machine: Machine
    versions: dict[str, str]
    date: str
    networks: int
    model: Model
    whole: Band
    kinds: dict[str, Band]
    noise: tuple[str, ...] = ()


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
    noise: tuple[str, ...]
    sizes: tuple[str, ...]
    terms: tuple[str, ...]
    factors: dict[str, tuple[float, ...]]
    fallback: dict[str, tuple[float, ...]]
    trees: _Trees


def band(residuals: Sequence[float]) -> Band:
    """The band that a new residual falls into with the probability `LEVEL`.

    Split conformal prediction (Vovk et al., Algorithmic Learning in a Random World): of n residuals
    and a new one, each is the largest with the same probability, so that the k-th smallest with
    ``k = ceil((n + 1) * q)`` is above the new one with probability q. Where k is above n the
    largest one has to do.

    >>> band([0.3, -0.1, 0.1, 0.0, -0.3])
    Band(low=-0.3, middle=0.0, high=0.3, number=5)
    """
    ordered = sorted(residuals)
    number = len(ordered)
    place = min(number, math.ceil((number + 1) * (1 + LEVEL) / 2))
    middle = (ordered[(number - 1) // 2] + ordered[number // 2]) / 2
    return Band(ordered[-place], middle, ordered[place - 1], number)


def folder() -> Path:
    """CONVCOST_PROFILES, or `convcost/profiles` in the user's data folder.

    Raises:
        ConvcostError: this user has no such folder.
    """
    hint = "name one: CONVCOST_PROFILES=FOLDER"
    return place_of("profiles", "CONVCOST_PROFILES", what="profiles", hint=hint)


def file_name(setting: Setting) -> str:
    """Of a setting's profile: ``torch-training-2.json``."""
    mode = "training" if setting.training else "inference"
    safe = re.sub(r"[^a-z0-9-]", "_", f"{setting.runtime}-{mode}-{setting.threads}".lower())
    return f"{safe}.json"


def save(profile: Profile, path: Path) -> None:
    """Write a profile; the file is whole or as before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_bytes(msgspec.json.encode(_as_file(profile)) + b"\n")
    beside.replace(path)


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
    if (file.schema, file.sizes, file.terms) != (_SCHEMA, SIZES, TERMS):
        raise SourceError(
            f"{path}: another version of convcost made it ({file.schema})", hint="calibrate again"
        )
    _check(file, path)
    trees = Trees(*(getattr(file.trees, name) for name in _Trees.__struct_fields__))
    return Profile(
        setting=file.setting, machine=file.machine, versions=file.versions, date=file.date,
        networks=file.networks, model=Model(file.factors, file.fallback, trees), whole=file.whole,
        kinds=file.kinds, noise=file.noise,
    )  # fmt: skip


def _check(file: _File, path: Path) -> None:
    """Refuse trees that lead nowhere, and rows of another length.

    Raises:
        SourceError: what is wrong.
    """
    trees, number = file.trees, len(file.trees.left)
    places = (*trees.roots, *trees.left, *trees.right)
    lengths = {len(x) for x in (trees.features, trees.thresholds, trees.right, trees.values)}
    onward = all(
        child == node or child > node
        for children in (trees.left, trees.right)
        for node, child in enumerate(children)
    )
    rows = (*file.factors.values(), *file.fallback.values())
    if not (
        lengths <= {number}
        and all(0 <= place < number for place in places)
        and onward
        and all(0 <= feature < 2 * len(SIZES) for feature in trees.features)
        and all(len(row) == len(TERMS) for row in rows)
    ):
        raise SourceError(f"{path} is no profile: its model is damaged", hint="calibrate again")


def _as_file(profile: Profile) -> _File:
    model = profile.model
    trees: dict[str, Any] = {name: getattr(model.trees, name) for name in _Trees.__struct_fields__}
    return _File(
        schema=_SCHEMA, setting=profile.setting, machine=profile.machine,
        versions=profile.versions, date=profile.date, networks=profile.networks,
        whole=profile.whole, kinds=profile.kinds, noise=profile.noise, sizes=SIZES, terms=TERMS,
        factors=dict(model.factors), fallback=dict(model.fallback), trees=_Trees(**trees),
    )  # fmt: skip
