"""Calibrate: run drawn networks for some minutes, fit, and say how good the fit is.

A fifth of the networks at a time is held out of the fit and predicted by the rest. What comes out
of that are the bands of the profile; the model in it is fitted to all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from tempfile import TemporaryFile
from time import monotonic
from typing import TYPE_CHECKING

from convcost.device.machine import cores
from convcost.errors import ConvcostError, SourceError, UsageError
from convcost.kept.place import told
from convcost.measure.statistics import DISTURBED, disturbed
from convcost.predict.calibration.choosing import seeds, worst
from convcost.predict.calibration.design import drawn
from convcost.predict.calibration.fit import check, fitted, held_out, runs_of
from convcost.predict.calibration.loops import loop_costs
from convcost.predict.calibration.records import About, Record, Records
from convcost.predict.calibration.result import Calibration
from convcost.predict.calibration.sampling import Sampler
from convcost.predict.profile import Profile, Setting, band, in_common
from convcost.predict.profile_file import ELSEWHERE, file_name, folder, load, save
from convcost.predict.profiles import this_machine
from convcost.runtime import runtimes
from convcost.runtime.runners.registry import runner, runners
from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from convcost.predict.profile import LoopCost, Refined

#: Networks that a profile needs at least: a band of 90 % has 19 residuals behind it.
FEWEST = 25
#: When blocks that were predicted badly begin to be drawn more often, as shares of the time.
_LOOKS = (0.4, 0.7)
#: Seconds from one line about the progress to the next.
_EVERY = 5.0
#: Failures in a row that end a calibration: it is not the network's fault then.
_FAILURES = 5


@dataclass(slots=True)
class _Session:
    """What happens while networks are run."""

    setting: Setting
    records: Records
    sampler: Sampler
    start: float
    limit: float
    say: Callable[[str], None]
    new: int = 0
    failed: list[str] = field(default_factory=list)
    told: float = 0.0

    @property
    def left(self) -> float:
        return self.limit - (monotonic() - self.start)

    def tell(self) -> None:
        """Where it stands, every few seconds."""
        if self.new and monotonic() - self.told < _EVERY:
            return
        self.told = monotonic()
        left = format_seconds(max(self.left, 0.0))
        number = len(self.records.found)
        self.say(f"networks: {number}, {left} left; Ctrl-C keeps what is there")


def setting(runtime: str, *, training: bool, threads: int | None) -> Setting:
    """What to calibrate.

    Args:
        runtime: its name.
        training: training steps, not inference.
        threads: of the framework; default: the physical cores.

    Raises:
        UsageError: nothing runs that runtime, nothing is known of its kernels, or it does not
            train.
    """
    found = runner(runtime)
    if runtime not in runtimes():
        able = ", ".join(name for name in runners() if name in runtimes())
        raise UsageError(
            f"{runtime} can be measured, but how it runs layers is not known: nothing could be "
            "predicted", hint=f"what can be calibrated: {able}",
        )  # fmt: skip
    if training and not found.trains:
        able = ", ".join(name for name, each in runners().items() if each.trains)
        raise UsageError(f"{runtime} does not train", hint=f"what trains: {able}")
    return Setting(runtime=runtime, training=training, threads=threads or cores())


def calibrate(
    setting: Setting,
    *,
    seconds: float,
    fresh: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Calibration:
    """Learn how long a runtime's kernels take on this machine.

    Args:
        setting: of what.
        seconds: to run networks for, or until there are `FEWEST`; those of an earlier calibration
            that was interrupted, or is to be improved, are kept and used too.
        fresh: begin anew.
        say: told what is going on.

    Raises:
        MissingFramework: the runtime, or LightGBM, is not installed.
        ConvcostError: networks cannot be run, or nothing can be kept.
        KeyboardInterrupt: too few networks were run for a profile; they are kept.
    """
    check()
    path = folder() / file_name(setting)
    samples = path.with_suffix(".samples")
    _check_writable(path.parent)
    start, interrupted = monotonic(), False
    loops: dict[str, LoopCost] = {}
    sampler = Sampler(setting)
    try:
        first = _first(setting, sampler, say)
        if fresh:  # now that networks can be run
            with told(samples, hint=ELSEWHERE):
                samples.unlink(missing_ok=True)
        about = About(setting=setting, machine=this_machine(), versions=sampler.versions)
        with Records(samples, about) as records:
            run = _Session(setting, records, sampler, start, seconds, say)
            if first.seed not in {record.seed for record in records.found}:
                records.append(first)
                run.new += 1
            try:
                loops = loop_costs(setting, say=say)
                _sample(run)
            except KeyboardInterrupt:
                if len(records.found) < FEWEST:
                    raise
                interrupted = True
            found = records.found
    finally:
        sampler.close()
    ran = monotonic() - start
    say(f"fitting to {len(found)} networks")
    profile = replace(
        _profile(about, found), loops=loops, refined=_refined(path, about, fresh=fresh)
    )
    save(profile, path)
    return Calibration(
        profile=profile, path=path, seconds=ran, networks=run.new,
        failed=tuple(run.failed), interrupted=interrupted,
    )  # fmt: skip


def _check_writable(folder: Path) -> None:
    """Refuse to begin what could not be kept in the end.

    Raises:
        ConvcostError: nothing can be written there.
    """
    with told(folder, hint=ELSEWHERE):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def _refined(path: Path, about: About, *, fresh: bool) -> tuple[Refined, ...]:
    """What was measured itself with the same versions on this machine: it stays valid."""
    if fresh:
        return ()
    try:
        old = load(path)
    except SourceError:  # there is none, or another version of convcost made it
        return ()
    same = (old.machine, old.versions) == (about.machine, about.versions)
    return old.refined if same else ()


def _first(setting: Setting, sampler: Sampler, say: Callable[[str], None]) -> Record:
    """The network of seed 0: by running it the versions are known."""
    say(f"starting {setting.runtime}")
    chosen = drawn(0)
    return Record(0, chosen.blocks, sampler.sample(chosen))


def _sample(run: _Session) -> None:
    """Run networks until the time is over, and there are enough of them."""
    looks = [run.limit * (1 - share) for share in _LOOKS]
    blocks: tuple[str, ...] | None = None
    failures = 0
    for seed in seeds(run.records):
        if run.left <= 0 and len(run.records.found) >= FEWEST:
            return
        if looks and run.left < looks[0] and len(run.records.found) >= FEWEST:
            looks.pop(0)
            blocks = worst(run.records.found, run.setting)
        chosen = drawn(seed) if blocks is None else drawn(seed, blocks)
        run.tell()
        try:
            sample = run.sampler.sample(chosen)
        except ConvcostError as error:
            run.failed.append(error.message)
            failures += 1
            if failures == _FAILURES:
                raise
            continue
        failures = 0
        run.records.append(Record(seed, chosen.blocks, sample))
        run.new += 1


def _profile(about: About, found: Sequence[Record]) -> Profile:
    runs = runs_of([record.sample for record in found], about.setting)
    residuals = held_out(runs)
    return Profile(
        setting=about.setting,
        machine=about.machine,
        versions=about.versions,
        date=datetime.now(UTC).date().isoformat(),
        networks=len(found),
        model=fitted(runs),
        whole=band(residuals.whole),
        kinds={name: band(values) for name, values in sorted(residuals.kinds.items())},
        common=in_common(residuals.halves),
        noise=_noise(found),
    )


def _noise(found: Sequence[Record]) -> tuple[str, ...]:
    """Whether many networks met a slow moment of the machine."""
    share = sum(disturbed([record.sample.probe for record in found])) / len(found)
    if share <= DISTURBED:
        return ()
    return (f"{format_percent(share)} of the networks met slow moments of the machine",)
