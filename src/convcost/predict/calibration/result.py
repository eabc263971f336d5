"""What a calibration did, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.result import Result

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.predict.profile import Band, Profile


@dataclass(frozen=True, kw_only=True)
class Calibration(Result):
    """What a calibration did.

    Attributes:
        profile: what it learned.
        path: where the profile is.
        seconds: that it ran networks.
        networks: that were run now; the others were there already.
        failed: networks that the framework could not run, and why.
        interrupted: Ctrl-C ended it early.
    """

    profile: Profile
    path: Path
    seconds: float
    networks: int
    failed: tuple[str, ...]
    interrupted: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the JSON contract: `convcost/calibrate/1`."""
        profile = self.profile
        return {
            "schema": "convcost/calibrate/1",
            "runtime": profile.setting.runtime,
            "training": profile.setting.training,
            "threads": profile.setting.threads,
            "machine": str(profile.machine),
            "versions": profile.versions,
            "networks": profile.networks,
            "new_networks": self.networks,
            "seconds": self.seconds,
            "failed": list(self.failed),
            "interrupted": self.interrupted,
            "verdict": "noisy" if profile.noise else "stable",
            "reasons": list(profile.noise),
            "whole": _band(profile.whole),
            "kinds": {name: _band(found) for name, found in profile.kinds.items()},
            "common": profile.common,
            "loops": {
                name: {"batch": loop.batch, "byte": loop.byte}
                for name, loop in profile.loops.items()
            },
            "path": str(self.path),
        }


def _band(found: Band) -> dict[str, float]:
    return {
        "low": found.low, "middle": found.middle, "high": found.high, "number": found.number
    }  # fmt: skip
