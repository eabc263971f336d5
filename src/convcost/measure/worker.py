"""The process that runs one network: `python -m convcost.measure.worker`.

Lines are passed as `convcost.measure.serving` has it.

    {"network": TEXT, "runtime": NAME, "job": {...}}    {"ready": {"versions": {...}}}
    {"run": 3}        {"seconds": [three], "probes": [before, after]}
    {"profile": 2}    {"plain": [two], "profiled": [two], "spans": [two lists of spans]}
    {"peak": 1}       {"peak_bytes": number or null}
    {"load": {...}}   the next network, in the place of this one; answered as the first line
    {"stop": true}    ends
"""

from __future__ import annotations

import sys
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
    from convcost.read.exchange.document import networks_of
    from convcost.runtime.runners.runner import Job

    runner = load_runner(order["runtime"])
    versions = {"python": sys.version.split()[0], **runner.versions()}
    (network,) = networks_of(order["network"].encode())
    return runner.load(network, Job(**order["job"])), versions


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
