"""Damaged files: each has to end in a network or in one clear error, in bounded time and memory.

    python benchmarks/fuzz/fuzz.py [--runs 1000] [--seed 0] FILE ...

Each file is damaged `runs` times (see `damage.py`) and then read, counted, and all of its numbers
loaded. That runs in a process of its own with a limit on memory, so that a crash of a library is
seen and named as well, and in a folder of its own: opening any file outside of it is a finding,
Python's own modules excepted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from damage import mutation

SECONDS = 10
#: Address space, which is never smaller than resident memory.
MEMORY = 2 * 2**30


class Watch:
    """Notes which files are opened, outside of what Python itself is made of."""

    def __init__(self, folder: str) -> None:
        own = {sys.prefix, sys.base_prefix, *sys.path, "/proc/self", "/dev/null"}
        self._allowed = tuple(os.path.realpath(path) + os.sep for path in {folder, *own} if path)
        self.active = False
        self.opened: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: Any) -> None:
        if event != "open" or not self.active or isinstance(arguments[0], int):
            return
        self.active = False
        path = os.path.realpath(os.fsdecode(arguments[0])) + os.sep
        if not path.startswith(self._allowed):
            self.opened.append(path)
        self.active = True


def read(path: str) -> str:
    """The outcome of reading a file: its kind, or the error that should not have been."""
    import convcost
    from convcost.errors import ConvcostError

    try:
        for network in convcost.read_all(path):
            convcost.count(network).to_dict()
            for parameter in network.table.values():
                if parameter.values is not None:
                    parameter.values()
    except ConvcostError as error:
        return "clear error" if len(error.message) >= 30 else f"TERSE {error.message!r}"
    return "read"


def work(data: bytes, suffix: str, seeds: range, pipe: Any) -> None:
    """Try some seeds, and say before each which one it is."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"damaged{suffix}"
        watch = Watch(folder)
        for seed in seeds:
            pipe.send(("begin", seed))
            path.write_bytes(mutation(data, suffix, seed))
            began = time.perf_counter()
            signal.alarm(SECONDS)
            watch.active = True
            try:
                outcome = read(str(path))
            except BaseException as error:  # noqa: BLE001 - any other error is a finding
                outcome = f"FAULT {type(error).__name__}: {str(error)[:100]}"
            signal.alarm(0)
            watch.active = False
            if watch.opened:
                outcome = f"OPENED {watch.opened.pop()}"
                watch.opened.clear()
            pipe.send(("end", (seed, outcome, time.perf_counter() - began, peak())))


def peak() -> float:
    """Largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def fuzz(path: Path, seeds: range) -> bool:
    """Damage one file by all seeds and print what happened; True where all went well."""
    outcomes: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    slowest, memory = (0.0, 0), 0.0
    while seeds:
        ours, theirs = multiprocessing.Pipe()
        arguments = (path.read_bytes(), path.suffix, seeds, theirs)
        process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
        process.start()
        theirs.close()
        current = seeds[0]
        try:
            while True:
                if not ours.poll(3 * SECONDS):
                    # inside a library, where no signal reaches Python
                    process.kill()
                    bad.append((current, "HANG"))
                    break
                kind, value = ours.recv()
                if kind == "begin":
                    current = value
                    continue
                seed, outcome, seconds, used = value
                slowest, memory = max(slowest, (seconds, seed)), max(memory, used)
                if outcome in ("read", "clear error"):
                    outcomes[outcome] += 1
                else:
                    bad.append((seed, outcome))
        except EOFError:
            pass
        process.join()
        if process.exitcode and (not bad or bad[-1][0] != current):
            bad.append((current, f"CRASH with exit code {process.exitcode}"))
        seeds = range(current + 1, seeds.stop)
    outcomes.update(outcome.split()[0] for _, outcome in bad)
    print(
        f"{path.name}: {dict(outcomes)}; slowest {slowest[0]:.2f} s (seed {slowest[1]}), "
        f"{memory:.0f} MB"
    )
    for seed, outcome in bad[:20]:
        print(f"  seed {seed}: {outcome}")
    return not bad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + given.runs)
    well = [fuzz(path, seeds) for path in given.files]
    sys.exit(not all(well))


if __name__ == "__main__":
    main()
