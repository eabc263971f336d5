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
import contextlib
import io
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
OURS = "convcost, .onnx"


def ours(path: Path) -> Callable[[], int]:
    """Read and count a file."""
    import convcost

    return lambda: int(convcost.count(convcost.read(path)).total.forward.macs)


def onnx_tool(path: Path) -> Callable[[], int]:
    """The counter of ONNX files."""
    import numpy as np
    import onnx_tool as tool

    image = np.zeros((1, 3, 224, 224), np.float32)

    def run() -> int:
        model = tool.Model(str(path))
        model.graph.shape_infer({"image": image})
        model.graph.profile()
        return int(model.graph.macs[0])

    return run


def fvcore() -> Callable[[], int]:
    from fvcore.nn import FlopCountAnalysis

    module, image = module_and_image()

    def run() -> int:
        analysis = FlopCountAnalysis(module, image).unsupported_ops_warnings(enabled=False)
        return int(analysis.uncalled_modules_warnings(enabled=False).total())

    return run


def torchinfo() -> Callable[[], int]:
    from torchinfo import summary

    module, image = module_and_image()
    return lambda: summary(module, input_size=tuple(image.shape), verbose=0).total_mult_adds


def ptflops() -> Callable[[], int]:
    from ptflops import get_model_complexity_info

    module, image = module_and_image()
    options = {"as_strings": False, "print_per_layer_stat": False}
    return lambda: int(get_model_complexity_info(module, tuple(image.shape[1:]), **options)[0])


def thop() -> Callable[[], int]:
    from thop import profile

    module, image = module_and_image()
    return lambda: int(profile(module, inputs=(image,), verbose=False)[0])


def flop_counter() -> Callable[[], int]:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    module, image = module_and_image()

    def run() -> int:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(image)
        return counter.get_total_flops() // 2

    return run


def module_and_image() -> tuple[Any, Any]:
    import torch
    from resnet50 import IMAGE, resnet50

    return resnet50(), torch.zeros(IMAGE)


def counters(folder: Path) -> dict[str, Callable[[], Callable[[], int]]]:
    """What is timed, by name: what prepares it, and gives what is timed."""
    return {
        OURS: lambda: ours(folder / "resnet50.onnx"),
        "convcost, .keras": lambda: ours(folder / "resnet50.keras"),
        "onnx-tool": lambda: onnx_tool(folder / "resnet50.onnx"),
        "fvcore": fvcore,
        "torchinfo": torchinfo,
        "ptflops": ptflops,
        "thop": thop,
        "FlopCounterMode": flop_counter,
    }


@contextlib.contextmanager
def quiet() -> Any:
    """Leave out what the peers print and warn about."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


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
    names = [f"{OURS}, command line", *counters(folder)]
    wall: dict[str, list[float]] = {name: [] for name in names}
    cpu: dict[str, list[float]] = {name: [] for name in names}
    counts: dict[str, int | None] = {}
    for round_ in range(rounds + 1):
        for name in names:
            command = [sys.executable, __file__, "--folder", str(folder), "--one", name]
            if name.endswith("command line"):
                command = [sys.executable, "-m", "convcost", "count", f"{folder}/resnet50.onnx"]
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
    from convcost.read.onnx.parse import parse
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
    from resnet50 import write_keras, write_onnx

    for suffix, write in ((".onnx", write_onnx), (".keras", write_keras)):
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
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--chain", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    if given.one:
        with quiet():
            count = counters(given.folder)[given.one]()()
        print(count)
    elif given.chain:
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
