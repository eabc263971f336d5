"""The networks that were run, on disk: one line each, so that a killed calibration goes on.

The first line says what was run where; every other line is a network with its times. A line that
was not finished is cut off when the file is opened again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

import msgspec

from convcost.errors import SourceError
from convcost.kept.place import told
from convcost.predict.calibration.sampling import Part, Sample
from convcost.predict.profile import Machine, Setting  # noqa: TC001 - msgspec reads annotations
from convcost.predict.profile_file import ELSEWHERE
from convcost.predict.profiles import options_of
from convcost.read.exchange.document import networks_of
from convcost.write.exchange import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from convcost.runtime.runners.runner import RunPhase

_SCHEMA = "convcost/samples/1"

T = TypeVar("T")


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was run where.

    Attributes:
        setting: what is calibrated.
        machine: that ran it.
        versions: of what ran.
    """

    setting: Setting
    machine: Machine
    versions: dict[str, str]
    schema: str = _SCHEMA


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    seed: int
    blocks: tuple[str, ...]
    batch: int
    optimizer: str | None
    seconds: float
    probe: float
    parts: tuple[tuple[tuple[str, ...], str, float], ...]
    network: str


@dataclass(frozen=True, slots=True)
class Record:
    """A network that was run.

    Attributes:
        seed: it was drawn from.
        blocks: kinds of blocks that it was drawn from.
        sample: what was measured.
    """

    seed: int
    blocks: tuple[str, ...]
    sample: Sample


class Records:
    """A file of them, open for more.

    Args:
        path: of the file; it is made where there is none.
        about: what is run where.

    Attributes:
        found: what the file holds.

    Raises:
        SourceError: the file is damaged, or of other circumstances.
        ConvcostError: it cannot be written.
    """

    def __init__(self, path: Path, about: About) -> None:
        self._path = path
        with told(path, hint=ELSEWHERE):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b")
        try:
            self._file.seek(0)
            whole, _, rest = self._file.read().rpartition(b"\n")
            if rest:
                self._file.truncate(len(whole) + bool(whole))
            lines = whole.split(b"\n") if whole else []
            self.found = self._records(lines, about)
            if not lines:
                self._write(about)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def append(self, record: Record) -> None:
        """Keep a network; it is on the disk when this returns."""
        sample = record.sample
        self._write(
            _Line(
                seed=record.seed,
                blocks=record.blocks,
                batch=sample.batch,
                optimizer=sample.optimizer,
                seconds=sample.seconds,
                probe=sample.probe,
                parts=tuple((part.layers, part.phase, part.seconds) for part in sample.parts),
                network=to_text(sample.network),
            )
        )
        self.found = (*self.found, record)

    def _write(self, line: msgspec.Struct) -> None:
        with told(self._path, hint=ELSEWHERE):
            self._file.write(msgspec.json.encode(line) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def _records(self, lines: Sequence[bytes], about: About) -> tuple[Record, ...]:
        if not lines:
            return ()
        there = self._decoded(lines[0], About, 1)
        if there != about:
            raise SourceError(
                f"{self._path}: the networks in it were run under other circumstances: "
                f"{'; '.join(_differences(there, about))}",
                hint=f"convcost calibrate {options_of(about.setting)} --fresh begins anew",
            )
        decoded = (self._decoded(line, _Line, n) for n, line in enumerate(lines[1:], 2))
        return tuple(map(_record, decoded))

    def _decoded(self, line: bytes, kind: type[T], number: int) -> T:
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SourceError(
                f"{self._path}: line {number} is damaged: {error}",
                hint="delete the file: calibration begins anew",
            ) from None


def _differences(then: About, now: About) -> Iterator[str]:
    """What is not as it was, for a sentence."""
    there, here = _circumstances(then), _circumstances(now)
    for name in dict.fromkeys((*there, *here)):
        if there.get(name) != here.get(name):
            yield f"{name} {there.get(name, 'none')} then, {here.get(name, 'none')} now"


def _circumstances(about: About) -> dict[str, object]:
    """All of them in one flat table."""
    return {
        "schema": about.schema,
        **msgspec.structs.asdict(about.setting),
        **msgspec.structs.asdict(about.machine),
        **about.versions,
    }


def _record(line: _Line) -> Record:
    (network,) = networks_of(line.network.encode())
    parts = tuple(
        Part(layers, cast("RunPhase", phase), seconds) for layers, phase, seconds in line.parts
    )
    sample = Sample(
        network=network, batch=line.batch, optimizer=line.optimizer, seconds=line.seconds,
        probe=line.probe, parts=parts,
    )  # fmt: skip
    return Record(line.seed, line.blocks, sample)
