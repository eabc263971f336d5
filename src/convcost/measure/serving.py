"""What every process that works for another one does: reads orders, answers, ends with its parent.

It is fed one JSON line on stdin, what to load; then one line per command; it answers each with one
line on a private duplicate of stdout, so that what a framework prints cannot get between. It ends
when stdin closes, so nothing is left behind by a parent that is killed. What fails is answered with
{"error": {"kind", "message", "hint"}}.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import IO, TYPE_CHECKING, Any, TypeVar

from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.network import Network
    from convcost.runtime.runners.runner import Runner

T = TypeVar("T")

#: PR_SET_PDEATHSIG of <sys/prctl.h>.
_PARENT_DEATH_SIGNAL = 1


def serve(
    load: Callable[[Mapping[str, Any]], tuple[T, Mapping[str, str]]],
    do: Callable[[T, Mapping[str, Any]], Mapping[str, Any]],
) -> None:
    """Answer until stdin closes, or until told to stop.

    Args:
        load: what an order stands for, and the versions of what runs it.
        do: has a command done; its answer.
    """
    commands, answers = _private_streams()
    line = commands.readline()
    if not line:
        return
    command = {"load": json.loads(line)}
    loaded: T | None = None
    while "stop" not in command:
        try:
            if "load" in command:
                loaded = None  # its memory is free before the next one is made
                loaded, versions = load(command["load"])
                answer: Mapping[str, Any] = {"ready": {"versions": versions}}
            else:
                assert loaded is not None  # noqa: S101 - the first command loads
                answer = do(loaded, command)
        except Exception as error:  # noqa: BLE001 - whatever a framework raises is the answer
            _answer(answers, _failure(error))
            return
        _answer(answers, answer)
        line = commands.readline()
        if not line:
            return
        command = json.loads(line)


def ordered(
    order: Mapping[str, Any], load_runner: Callable[[str], Runner]
) -> tuple[Runner, Network, dict[str, str]]:
    """What runs an order's network, the network, and the versions of what runs.

    Args:
        order: as `convcost.measure.process.order_of` makes it.
        load_runner: the runner of a runtime's name.

    Raises:
        MissingFramework: it is not installed.
    """
    from convcost.read.exchange.document import networks_of

    runner = load_runner(order["runtime"])
    versions = {"python": sys.version.split()[0], **runner.versions()}
    (network,) = networks_of(order["network"].encode())
    return runner, network, versions


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


def _failure(error: Exception) -> dict[str, Any]:
    """An error of ours by its name; of anybody else by its text."""
    if isinstance(error, ConvcostError):
        found = {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
        return {"error": found}
    return {"error": {"kind": "", "message": f"{type(error).__name__}: {error}", "hint": None}}
