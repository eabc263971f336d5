"""Calibrations: how good the predictions of a profile are, for networks and kinds of kernels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from convcost.report.document import Document, Lines, Report, Section, Table
from convcost.report.figures import number_column, plural, signed_percent, text_column
from convcost.units import format_seconds

if TYPE_CHECKING:
    from convcost.predict.calibration.result import Calibration
    from convcost.predict.profile import Band
    from convcost.report.document import Row

_COLUMNS = (
    text_column("what", "what"),
    number_column("number", "held out", str),
    number_column("low", "5 % below", signed_percent),
    number_column("middle", "median", signed_percent),
    number_column("high", "95 % below", signed_percent),
)
_FOOTNOTES = (
    (
        "measured over predicted time less 100 %, of networks that the fit had not seen: each "
        "fifth of them was predicted by a model of the others."
    ),
    (
        "a prediction's range is that of the networks around their median, which is taken into "
        "account."
    ),
)


def report(found: Calibration, *, next_: str = "") -> Report:
    """A calibration as a report."""
    profile = found.profile
    rows = (_row("networks", profile.whole), *(_row(*item) for item in profile.kinds.items()))
    table = Table(columns=_COLUMNS, rows=rows)
    return Report(
        Document(
            answers=(_answer(found),),
            sections=(Section("", (table, Lines("of what", _circumstances(found)))),),
            records=table,
            footnotes=_FOOTNOTES,
            next=next_,
        ),
        found.to_dict(),
    )


def _answer(found: Calibration) -> str:
    profile, whole = found.profile, found.profile.whole
    mode = "training" if profile.setting.training else "inference"
    low, high = (signed_percent(_share(x - whole.middle)) for x in (whole.low, whole.high))
    return (
        f"{profile.setting.runtime}, {mode}: nine of ten networks take {low} to {high} of what is "
        f"predicted ({plural(profile.networks, 'network')}, "
        f"{'noisy machine' if profile.noise else 'stable'})"
    )


def _circumstances(found: Calibration) -> tuple[str, ...]:
    profile = found.profile
    versions = ", ".join(f"{name} {version}" for name, version in profile.versions.items())
    now = f"{plural(found.networks, 'network')} run now, in {format_seconds(found.seconds)}"
    lines = [
        f"{profile.machine}, {plural(profile.setting.threads, 'thread')}, {versions}",
        f"{now}; {profile.networks - found.networks} were there before",
        f"the profile is in {found.path}",
        *profile.noise,
    ]
    lines += [
        f"the loop '{name}' adds {format_seconds(loop.batch)} to a batch, and "
        f"{format_seconds(1e6 * loop.byte)} per MB that is fed"
        for name, loop in profile.loops.items()
    ]
    if found.interrupted:
        lines.append("interrupted: the same command goes on with what is there")
    if found.failed:
        lines.append(f"{plural(len(found.failed), 'network')} could not be run: {found.failed[0]}")
    return tuple(lines)


def _row(name: str, band: Band) -> Row:
    return (name, band.number, *(_share(value) for value in (band.low, band.middle, band.high)))


def _share(logarithm: float) -> float:
    return math.exp(logarithm) - 1
