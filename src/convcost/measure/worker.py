"""The process that runs one network: `python -m convcost.measure.worker`.

It is fed one JSON line on stdin, what to load; then one line per command; it answers each with one
line on a private duplicate of stdout, so that what a framework prints cannot get between. It ends
when stdin closes, so nothing is left behind by a parent that is killed.

    {"network": TEXT, "runtime": NAME, "job": {...}}    {"ready": {"versions": {...}}}
    {"run": 3}        {"seconds": [three], "probes": [before, after]}
    {"profile": 2}    {"plain": [two], "profiled": [two], "spans": [two lists of spans]}
    {"peak": 1}       {"peak_bytes": number or null}
    {"load": {...}}   the next network, in the place of this one; answered as the first line
    {"stop": true}    ends

What fails is answered with {"error": {"kind", "message", "hint"}}.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from dataclasses import asdict
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any

from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.runtime.runners.runner import Loaded, Runner

#: About a millisecond of plain Python: long against the clock, short against what disturbs.
_PROBE = range(50_000)
#: PR_SET_PDEATHSIG of <sys/prctl.h>.
_PARENT_DEATH_SIGNAL = 1


def serve(load_runner: Callable[[str], Runner]) -> None:
    """Answer until stdin closes.

    Args:
        load_runner: the runner of a runtime's name.
    """
    commands, answers = _private_streams()
    line = commands.readline()
    if not line:
        return
    command = {"load": json.loads(line)}
    loaded: Loaded | None = None
    while "stop" not in command:
        try:
            if "load" in command:
                loaded = None  # its memory is free before the next one is made
                loaded, versions = _loaded(command["load"], load_runner)
                answer = {"ready": {"versions": versions}}
            else:
                assert loaded is not None  # noqa: S101 - the first command loads
                answer = _done(loaded, command)
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is the answer
            _answer(answers, _failure(error))
            return
        _answer(answers, answer)
        line = commands.readline()
        if not line:
            return
        command = json.loads(line)


def die_with_parent() -> None:
    """Have Linux end this process with its parent, also in the middle of a run."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _private_streams() -> tuple[IO[str], IO[str]]:
    """The parent's lines, out of the framework's reach: it reads nothing, and prints to stderr."""
    commands = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, answers


def _answer(answers: IO[str], value: Mapping[str, Any]) -> None:
    """One line; a parent that is gone needs none."""
    try:
        answers.write(json.dumps(value) + "\n")
        answers.flush()
    except BrokenPipeError:
        os._exit(0)


def _loaded(
    order: Mapping[str, Any], load_runner: Callable[[str], Runner]
) -> tuple[Loaded, dict[str, str]]:
    from convcost.read.exchange.document import networks_of
    from convcost.runtime.runners.runner import Job

    runner = load_runner(order["runtime"])
    versions = {"python": sys.version.split()[0], **runner.versions()}
    (network,) = networks_of(order["network"].encode())
    return runner.load(network, Job(**order["job"])), versions


def _failure(error: Exception) -> dict[str, Any]:
    """An error of ours by its name; of anybody else by its text."""
    if isinstance(error, ConvcostError):
        found = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
        return {"error": found}
    return {"error": {"kind": "", "message": f"{type(error).__name__}: {error}", "hint": None}}


def _done(loaded: Loaded, command: Mapping[str, int]) -> dict[str, Any]:
    if "profile" in command:
        return _profiled(loaded, command["profile"])
    if "peak" in command:
        return {"peak_bytes": loaded.peak_bytes()}
    before = _timed(_probe)
    seconds = [_timed(loaded.run) for _ in range(command["run"])]
    return {"seconds": seconds, "probes": [before, _timed(_probe)]}


def _profiled(loaded: Loaded, number: int) -> dict[str, Any]:
    """Runs with the instrument, each beside one without it: the difference is the instrument's."""
    loaded.profile()  # sets the instrument up
    plain, profiles = [], []
    for _ in range(number):
        loaded.run()  # what the instrument left in the caches is gone
        plain.append(_timed(loaded.run))
        profiles.append(loaded.profile())
    return {
        "plain": plain,
        "profiled": [profile.seconds for profile in profiles],
        "spans": [[asdict(span) for span in profile.spans] for profile in profiles],
    }


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _probe() -> int:
    return sum(_PROBE)


if __name__ == "__main__":
    die_with_parent()  # before anything that takes long

    from convcost.runtime.runners.registry import runner

    serve(runner)
