"""The process that runs one network: `python -m convcost.measure.worker`.

Lines are passed as `convcost.measure.serving` has it.

    {"network": TEXT, "runtime": NAME, "job": {...}}    {"ready": {"versions": {...}}}
    {"run": 3}        {"seconds": [three], "probes": [before, after]}
    {"watch": 2}      {"plain": [two], "watched": [two], "spans": [two lists of spans]}
    {"peak": 1}       {"peak_bytes": number or null}
    {"load": {...}}   the next network, in the place of this one; answered as the first line
    {"stop": true}    ends
"""

from __future__ import annotations

from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING, Any

from convcost.measure import serving
from convcost.measure.serving import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.runtime.runners.runner import Loaded, Runner

__all__ = ["die_with_parent", "serve"]

#: About a millisecond of plain Python: long against the clock, short against what disturbs.
_PROBE = range(50_000)
#: Bytes of the largest block that raises glibc's thresholds, its own header left out.
_LARGEST_KEPT = 32 * 2**20 - 8192


def serve(load_runner: Callable[[str], Runner]) -> None:
    """Answer until stdin closes.

    Args:
        load_runner: the runner of a runtime's name.
    """
    serving.serve(lambda order: _loaded(order, load_runner), _done)


def _loaded(
    order: Mapping[str, Any], load_runner: Callable[[str], Runner]
) -> tuple[Loaded, dict[str, str]]:
    from convcost.runtime.runners.runner import Job

    runner, network, versions = serving.ordered(order, load_runner)
    return runner.load(network, Job(**order["job"])), versions


def _done(loaded: Loaded, command: Mapping[str, int]) -> dict[str, Any]:
    if "watch" in command:
        return _watched(loaded, command["watch"])
    if "peak" in command:
        return {"peak_bytes": loaded.peak_bytes()}
    before = _timed(_probe)
    seconds = [_timed(loaded.run) for _ in range(command["run"])]
    return {"seconds": seconds, "probes": [before, _timed(_probe)]}


def _watched(loaded: Loaded, number: int) -> dict[str, Any]:
    """Runs with the instrument, each beside one without it: the difference is the instrument's."""
    loaded.watch()  # sets the instrument up
    plain, watched = [], []
    for _ in range(number):
        loaded.run()  # what the instrument left in the caches is gone
        plain.append(_timed(loaded.run))
        watched.append(loaded.watch())
    return {
        "plain": plain,
        "watched": [each.seconds for each in watched],
        "spans": [[asdict(span) for span in each.spans] for each in watched],
    }


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _probe() -> int:
    return sum(_PROBE)


def settle_allocator() -> None:
    """Have C's allocator keep what is freed, as it does in a process that has worked for a while.

    glibc gives a block back to the system when it is freed, and the end of its heap when that
    grows, above thresholds that rise with the largest block freed so far, up to one of 32 MiB
    (``M_MMAP_THRESHOLD`` of mallopt(3)). What is given back has to be cleared and mapped again,
    page by page: the same network of PyTorch takes up to twice as long in a process that has freed
    no such block yet, and which one has depends on what else it did.
    """
    import numpy as np

    block = np.empty(_LARGEST_KEPT, np.uint8)
    del block


if __name__ == "__main__":
    die_with_parent()  # before anything that takes long
    settle_allocator()

    from convcost.runtime.runners.registry import runner

    serve(runner)
