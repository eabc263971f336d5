"""The store of measurements: one SQLite file, a row per measured network.

A measurement is written in one transaction when it is done: a process that is killed leaves what
was written before, whole. Several processes may write at the same time.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from convcost._version import __version__
from convcost.errors import ConvcostError, UsageError
from convcost.kept.database import Database
from convcost.kept.place import place_of
from convcost.measure.store import database
from convcost.measure.store.record import kept, restored
from convcost.measure.store.runs import Run

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from convcost.measure.measurement import Measurement

#: Of SQLite's integers.
_LARGEST = 2**63 - 1

_SELECT = (
    "SELECT runs.id, session, time, fingerprint, convcost, result "
    "FROM runs JOIN sessions ON sessions.id = session "
)
_COUNT = "SELECT COUNT(*) FROM runs "
#: What is None is not asked for.
_WHERE = (
    "WHERE (:fingerprints IS NULL OR fingerprint IN (SELECT value FROM json_each(:fingerprints))) "
    "AND (:runtime IS NULL OR runtime = :runtime) "
)


def default_path() -> Path:
    """CONVCOST_STORE, or `convcost/measurements.sqlite` in the user's data folder.

    Raises:
        ConvcostError: this user has no such folder.
    """
    return place_of(
        "measurements.sqlite", "CONVCOST_STORE", what="measurements", hint=database.ELSEWHERE
    )


def is_there(path: Path) -> bool:
    """Whether there is a store; True where that cannot be seen: opening it will tell why."""
    try:
        return path.exists()
    except OSError:
        return True


class Store:
    """An open store; it is made where there is none.

    Args:
        path: the file.

    Raises:
        ConvcostError: the file cannot be opened, is something else, or comes from a newer convcost.
            Every method raises it as well where the file cannot be read or written any more.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, database.FORMAT, timeout=database.TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def add(self, measured: Sequence[Measurement], fingerprints: Sequence[str]) -> tuple[int, ...]:
        """Write networks that were measured side by side, all or none.

        Args:
            measured: in the order in which they were given.
            fingerprints: of the networks, in the same order.

        Returns:
            Their ids, once they are written.
        """
        time = datetime.now(tz=UTC).isoformat(timespec="seconds")
        results = [json.dumps(kept(one), allow_nan=False) for one in measured]
        into = self._database.one
        with self._database.transaction():
            session = into(
                "INSERT INTO sessions (time, convcost) VALUES (:time, :convcost) RETURNING id",
                time=time,
                convcost=__version__,
            )
            return tuple(
                into(
                    "INSERT INTO runs (session, fingerprint, result) "
                    "VALUES (:session, :fingerprint, :result) RETURNING id",
                    session=session,
                    fingerprint=fingerprint,
                    result=result,
                )
                for fingerprint, result in zip(fingerprints, results, strict=True)
            )

    def runs(
        self,
        fingerprints: Collection[str] | None = None,
        *,
        runtime: str | None = None,
        last: int | None = None,
    ) -> tuple[Run, ...]:
        """Runs, the newest first.

        Args:
            fingerprints: of networks; None for all.
            runtime: that ran them; None for all.
            last: at most so many; None for all.
        """
        limit = -1 if last is None else min(last, _LARGEST)
        return self._read(
            f"{_SELECT}{_WHERE} ORDER BY runs.id DESC LIMIT :limit",
            limit=limit,
            **_asked(fingerprints, runtime),
        )

    def number(
        self, fingerprints: Collection[str] | None = None, *, runtime: str | None = None
    ) -> int:
        """How many runs there are; arguments as of `runs`."""
        return int(self._database.one(_COUNT + _WHERE, **_asked(fingerprints, runtime)))

    def run(self, id_: int) -> Run:
        """The run of that id.

        Raises:
            UsageError: there is none.
        """
        found = self._read(f"{_SELECT} WHERE runs.id = :id", id=min(id_, _LARGEST))
        if not found:
            what = f"no run {id_} in {self._database.path}"
            raise UsageError(what, hint="`convcost history` lists them")
        return found[0]

    def session(self, id_: int) -> tuple[Run, ...]:
        """The networks that were measured side by side, in the order in which they were given."""
        return self._read(f"{_SELECT} WHERE session = :id ORDER BY runs.id", id=id_)

    def last(self, fingerprint: str, like: Measurement) -> Run | None:
        """The newest run of a network that a measurement can be compared with; None without one.

        That is one of the same workload, in the same runtime, on the same model of processor, with
        as many threads.
        """
        runs = self.runs([fingerprint], runtime=like.runtime)
        return next((run for run in runs if _comparable(run.measurement, like)), None)

    def like(self, fingerprint: str, like: Measurement, *, most: int) -> tuple[Run, ...]:
        """Runs that should have come out as a measurement has: `last`, with the same versions.

        Args:
            fingerprint: of the network.
            like: the measurement; runs that were interrupted are not like it.
            most: so many, the newest first.
        """
        runs = self.runs([fingerprint], runtime=like.runtime)
        same = (
            run
            for run in runs
            if _comparable(run.measurement, like)
            and run.measurement.versions == like.versions
            and not run.measurement.interrupted
        )
        return tuple(islice(same, most))

    def _read(self, query: str, **values: object) -> tuple[Run, ...]:
        return tuple(map(self._run, self._database.rows(query, **values)))

    def _run(self, row: tuple[Any, ...]) -> Run:
        *columns, result = row
        names = ("id", "session", "time", "fingerprint", "convcost")
        try:
            measurement = restored(json.loads(result), run=columns[0])
        except (TypeError, ValueError, ConvcostError) as error:
            what = f"run {columns[0]} makes no sense ({error})"
            raise self._database.error(what, database.ANEW) from error
        return Run(**dict(zip(names, columns, strict=True)), measurement=measurement)


def _asked(fingerprints: Collection[str] | None, runtime: str | None) -> dict[str, str | None]:
    """The values of `_WHERE`."""
    listed = None if fingerprints is None else json.dumps(list(fingerprints))
    return {"fingerprints": listed, "runtime": runtime}


def _comparable(a: Measurement, b: Measurement) -> bool:
    """Whether the workload and what matters of the machine are the same."""
    machine = all(a.machine.get(key) == b.machine.get(key) for key in ("model", "threads"))
    return machine and a.workload == b.workload and a.loop == b.loop
