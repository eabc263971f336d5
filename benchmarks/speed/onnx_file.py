"""Reading and counting ResNet-50 from a file, against counters of PyTorch modules and ONNX files.

    python benchmarks/speed/onnx_file.py [--rounds 15] [--cold 5] [--nodes 10000 100000 1000000]

Three parts, each interleaved round by round so that a neighbour's load hits all alike:

- warm: CPU seconds in one process on one thread, everything imported. The peers that count a module
  have it built already; convcost and onnx-tool read the file each time.
- cold: wall and CPU seconds of a whole process, from its start to the printed count. Modules are
  built without initialising weights.
- growth: a process per size, reading and counting chains of nodes.

Printed is Markdown; benchmarks/speed/onnx_file.md is such a run.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from counters import ARCHITECTURE, OURS, counters, quiet

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
#: What the command line is given; beside each the row of the same in Python.
COMMANDS = {f"{OURS}, command line": ".onnx", f"{ARCHITECTURE}, command line": ".json"}


def warm(folder: Path, rounds: int) -> None:
    import torch

    torch.set_num_threads(1)
    with quiet():
        ready = {name: prepare() for name, prepare in counters(folder).items()}
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    counts = {}
    for round_ in range(rounds + 1):
        for name, run in ready.items():
            began = time.process_time()
            with quiet():
                counts[name] = run()
            if round_:
                seconds[name].append(time.process_time() - began)
    show(f"Warm, CPU time, median of {rounds}", seconds, counts)


def cold(folder: Path, rounds: int) -> None:
    names = [*COMMANDS, *counters(folder)]
    wall: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    counts: dict[str, int | None] = {}
    for round_ in range(rounds + 1):
        for name in names:
            command = [sys.executable, str(HERE / "counters.py"), str(folder), name]
            if name in COMMANDS:
                path = f"{folder}/resnet50{COMMANDS[name]}"
                command = [sys.executable, "-m", "convcost", "count", path]
            began, used = time.perf_counter(), children()
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            if round_:
                wall[name].append(time.perf_counter() - began)
                cpu[name].append(children() - used)
            last = done.stdout.split()[-1]
            counts[name] = int(last) if last.isdigit() else None
    show(f"Cold, wall time of a process, median of {rounds}", wall, counts)
    show(f"Cold, CPU time of a process, median of {rounds}", cpu, counts)


def children() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(title: str, seconds: Mapping[str, list[float]], counts: Mapping[str, int | None]) -> None:
    """A table: median, quartiles, times ours, what was counted."""
    own = statistics.median(seconds[OURS])
    print(f"\n{title}\n")
    print("| counter | median ms | quartiles ms | x ours | MACs counted |")
    print("|---|---:|---:|---:|---:|")
    for name, values in seconds.items():
        median = statistics.median(values)
        low, _, high = (1e3 * v for v in statistics.quantiles(values, n=4))
        count = counts[name]
        shown = "" if count is None else f"{count:,}"
        print(
            f"| {name} | {1e3 * median:.1f} | {low:.1f} to {high:.1f} | {median / own:.1f} | "
            f"{shown} |"
        )


def growth(folder: Path, sizes: list[int]) -> None:
    from chains import write_chain

    print("\nGrowth: one process per size\n")
    print("| nodes | file MB | scan s | read s | count s | us per node | peak memory MB |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for size in sizes:
        path = folder / f"chain{size}.onnx"
        write_chain(path, size)
        command = [sys.executable, __file__, "--chain", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        scan, read, count, memory = map(float, done.stdout.split())
        print(
            f"| {size:,} | {path.stat().st_size / 1e6:.1f} | {scan:.2f} | {read:.2f} | "
            f"{count:.2f} | {(read + count) / size * 1e6:.1f} | {memory:.0f} |"
        )
        path.unlink()


def one_chain(path: Path) -> None:
    """Seconds of scanning alone, of reading and of counting; then the peak of memory in MB."""
    import convcost
    from convcost.read.onnx.file.parse import parse
    from convcost.read.reader import Source

    began = time.perf_counter()
    parse(Source(str(path), path.suffix, b"", path))
    scanned = time.perf_counter()
    network = convcost.read(path)
    read = time.perf_counter()
    convcost.count(network)
    counted = time.perf_counter()
    # not from getrusage, whose peak is inherited from the process that started this one
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    memory = int(peak[1]) * 1024 / 1e6 if peak else float("nan")
    print(scanned - began, read - scanned, counted - read, memory)


def files(folder: Path) -> None:
    """Write the network's files where they are not there yet."""
    from resnet50 import write_architecture, write_keras, write_onnx

    writers = {".onnx": write_onnx, ".keras": write_keras, ".json": write_architecture}
    for suffix, write in writers.items():
        path = folder / f"resnet50{suffix}"
        if not path.exists():
            with quiet():
                write(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cold", type=int, default=5)
    parser.add_argument("--nodes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="keeps the files of the network")
    parser.add_argument("--chain", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    if given.chain:
        one_chain(given.chain)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            folder = given.folder or Path(temporary)
            folder.mkdir(exist_ok=True)
            files(folder)
            warm(folder, given.rounds)
            cold(folder, given.cold)
            growth(folder, given.nodes)


if __name__ == "__main__":
    main()
