"""Probing this machine: what the system says, and a bandwidth that is measured.

The result is kept as JSON in the user's cache directory, one file per processor, core count and
convcost schema; the measurement takes about a second and runs once.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from convcost.device import machine
from convcost.device.device import THIS_MACHINE, CacheLevel, Device, Figure
from convcost.kept.place import cache_of
from convcost.write.save import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

_SCHEMA = 1  # part of the cache's key: raised when the meaning of a figure changes
_MEBIBYTE = 2**20


class Passes(NamedTuple):
    """What passes over memory reached, in bytes per second read plus written.

    Attributes:
        streaming: y = 2 x over arrays larger than the caches.
        copying: A copy of the same arrays, which may write past the caches.
        cached: y = 2 x over arrays that stay in the L2 caches; 0 where their size is unknown.
        array_bytes: Bytes of the two large arrays together.
        rounds: Times that the streaming pass ran.
    """

    streaming: float
    copying: float
    cached: float
    array_bytes: int
    rounds: int


def probe(
    *,
    refresh: bool = False,
    seconds: float = 1.0,
    most_bytes: int = 768 * _MEBIBYTE,
    cache_directory: Path | None = None,
) -> Device:
    """This machine as a device.

    Args:
        refresh: Measure again even if a cached result is there.
        seconds: About how long the bandwidth is measured.
        most_bytes: Bound of the memory that the measurement uses.
        cache_directory: Where results are kept; see `default_cache_directory`.

    Returns:
        The device; a cache that is corrupt, of another schema or read-only costs one more
        measurement and never an error.
    """
    found = machine.describe()
    identity = (_SCHEMA, found.model, found.cores.value, found.features)
    digest = hashlib.sha256(repr(identity).encode()).hexdigest()[:16]
    folder = default_cache_directory() if cache_directory is None else cache_directory
    path = folder / f"device-{digest}.json"
    if not refresh:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode(path.read_bytes(), type=Device)
    device = _build(found, seconds, most_bytes)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.encode(device))
    return device


def default_cache_directory() -> Path:
    """CONVCOST_CACHE, or `convcost` in the user's cache directory as the system has it."""
    return cache_of("CONVCOST_CACHE")


def _build(found: machine.Machine, seconds: float, most_bytes: int) -> Device:
    cores, lanes, units, clock = (
        figure.value
        for figure in (found.cores, found.vector_lanes, found.fma_units, found.clock_hertz)
    )
    sizes = {level: int(figure.value) for level, figure in found.caches.items()}
    last = max(sizes.values(), default=0)
    passes = measure_bandwidth(
        threads=int(cores),
        last_level_cache=last,
        second_level_cache=sizes.get("L2", 0),
        seconds=seconds,
        most_bytes=most_bytes,
    )
    return Device(
        name=THIS_MACHINE,
        title=f"this machine: {found.model}, {cores} cores",
        kind="cpu",
        peak_flops={
            "float32": Figure(
                cores * lanes * 2 * units * clock,
                f"{cores} cores x {lanes} lanes x 2 FLOP x {units} FMA units x "
                f"{clock / 1e9:.2f} GHz ({found.clock_hertz.source})",
            )
        },
        memory_bandwidth=Figure(passes.streaming, _story(passes, last), "measured"),
        cache_bandwidth=Figure(
            passes.cached,
            "best of several passes y = 2 x over half of the L2 caches, read plus written",
            "measured",
        )
        if passes.cached
        else None,
        cores=found.cores,
        clock_hertz=found.clock_hertz,
        vector_lanes=found.vector_lanes,
        fma_units=found.fma_units,
        caches={cast("CacheLevel", level): figure for level, figure in found.caches.items()},
    )


def _story(passes: Passes, last_level_cache: int) -> str:
    """The source of the bandwidth, which says when a cache may have been measured."""
    story = (
        f"best of {passes.rounds} passes y = 2 x over {passes.array_bytes // _MEBIBYTE} MiB, "
        f"read plus written; a copy reached {passes.copying / 1e9:.1f} GB/s"
    )
    if last_level_cache == 0:
        return f"{story}; the size of the caches is unknown, so a part may have come from a cache"
    times = passes.array_bytes / last_level_cache
    story += f"; {times:.1f} x the last-level cache of {last_level_cache // _MEBIBYTE} MiB"
    return story if times >= 2 else f"{story}, so a part may have come from that cache"


def measure_bandwidth(
    *,
    threads: int,
    last_level_cache: int,
    second_level_cache: int,
    seconds: float,
    most_bytes: int,
) -> Passes:
    """Pass over two arrays with all threads at once.

    The pass is an ordinary one, as a framework's ReLU or scaling: a CPU reads a line before it
    writes it, which a copy can avoid, so a copy alone would promise more than any layer gets.

    Args:
        threads: How many, each on its own part of the arrays.
        last_level_cache: Bytes; the arrays are four times as large where the bound allows.
        second_level_cache: Bytes of all L2 caches; 0 leaves `cached` out.
        seconds: About how long; every pass runs at least twice.
        most_bytes: Bound of both arrays together.
    """
    import numpy as np

    wanted = max(4 * last_level_cache, 64 * _MEBIBYTE)
    # A quarter of the free memory: a small container must survive a probe.
    total = min(wanted, most_bytes, _available_memory() // 4)
    count = max(total // 8 // threads, 1) * threads
    source, target = np.empty(count, np.float32), np.empty(count, np.float32)
    factor = np.float32(2)

    def parts(elements: int) -> list[slice]:
        bounds = [i * elements // threads for i in range(threads + 1)]
        return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]

    def fill(part: slice) -> None:  # touches every page before the clock runs
        source[part] = 1.0
        target[part] = 0.0

    def stream(part: slice) -> None:
        np.multiply(source[part], factor, out=target[part])

    def copy(part: slice) -> None:
        np.copyto(target[part], source[part])

    small = min(second_level_cache // 16, count)  # both arrays fill half of the caches
    repeats = max(1, 4 * _MEBIBYTE // max(small // threads, 1))  # hides the start of the threads

    def stay(part: slice) -> None:
        for _ in range(repeats):
            stream(part)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, parts(count)))
        streaming = _passes(pool, stream, parts(count), seconds * 0.6)
        copying = _passes(pool, copy, parts(count), seconds * 0.25)
        moved = 8 * count
        cached = 0.0
        if small:
            cached = 8 * small * repeats / min(_passes(pool, stay, parts(small), seconds * 0.15))
    return Passes(moved / min(streaming), moved / min(copying), cached, moved, len(streaming))


def _passes(
    pool: ThreadPoolExecutor, work: Callable[[slice], Any], parts: list[slice], seconds: float
) -> list[float]:
    """Seconds of each pass; the best of them is free of interference, as STREAM reports it."""
    taken: list[float] = []
    while len(taken) < 2 or (sum(taken) < seconds and len(taken) < 200):
        start = time.perf_counter()
        list(pool.map(work, parts))
        taken.append(time.perf_counter() - start)
    return taken


def _available_memory() -> int:
    """Bytes that may be used now; 4 GiB where the system does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
                with contextlib.suppress(OSError, ValueError):
                    limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")
                    used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii")
                    free = min(free, max(int(limit) - int(used), 32 * _MEBIBYTE))
                return free
    return 4096 * _MEBIBYTE
