"""Runs: measurements that were stored, one by one and as a history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.measure.measurement import ratios
from convcost.measure.store.record import kept
from convcost.result import Result

if TYPE_CHECKING:
    from convcost.measure.measurement import Measurement, Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One network that was measured, as the store keeps it.

    Attributes:
        id: in this store; a later run has a larger one.
        session: the measurement it was part of: networks side by side have the same one.
        time: when it ended: UTC, ISO 8601.
        fingerprint: of the network: `convcost.measure.store.fingerprint`.
        convcost: the version that measured.
        measurement: what was measured.
    """

    id: int
    session: int
    time: str
    fingerprint: str
    convcost: str
    measurement: Measurement

    def __repr__(self) -> str:
        return f"<Run {self.id} of {self.time}: {self.measurement!r}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract, one of `runs` of `convcost/history/1`."""
        return {
            "run": self.id,
            "session": self.session,
            "time": self.time,
            "fingerprint": self.fingerprint,
            "convcost": self.convcost,
            **kept(self.measurement),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Result):
    """What was measured before.

    Attributes:
        store: the file.
        runs: the newest first.
        total: how many there are of what was asked for; `runs` may be the last of them.
        session: where one run was asked for, all that were measured side by side with it, in the
            order in which they were given.
    """

    store: str
    runs: tuple[Run, ...]
    total: int
    session: tuple[Run, ...] = ()

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """Of every later network of the session to its first one."""
        return ratios([run.measurement for run in self.session]) if self.session else ()

    def __repr__(self) -> str:
        return f"<History: {len(self.runs)} of {self.total} runs in {self.store}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: `convcost/history/1`.

        A list of runs has neither samples nor layers; a single run that was asked for has all.
        """
        found = [run.to_dict() for run in self.runs]
        if not self.session:
            for run in found:
                del run["layers"], run["seconds"]["samples"]
        return {
            "schema": "convcost/history/1",
            "store": self.store,
            "total": self.total,
            "runs": found,
            "ratios": [ratio.to_dict() for ratio in self.ratios],
        }
