"""Whether the intervals of `convcost measure` hold what they promise, and whether noise is noticed.

    python benchmarks/measure/repeats.py [--times 10] [--seconds 10]

Each case is measured ten times, one after the other, with a store of its own, as the command keeps
what it measures: each interval knows the runs before it. It is held against the median of the ten
medians: at least nine should contain it; so many would by the run itself. Then once more beside
processes that are busy for a second and idle for a second, and once beside processes that are busy
all the time: the verdict of the run itself should be noisy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import convcost
from convcost.measure.statistics import of_processes

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Network, runtime, batch, training.
CASES = (
    ("zoo:seed000", "onnxruntime", 32, False),
    ("zoo:resnet18", "onnxruntime", 1, False),
    ("zoo:seed001-cnn", "torch", 32, False),
    ("zoo:seed001-mlp", "torch", 128, True),
)
_BUSY = """
import time
while True:
    end = time.monotonic() + {busy}
    while time.monotonic() < end: pass
    time.sleep({idle})
"""


@contextmanager
def busy(seconds: float, idle: float) -> Iterator[None]:
    """As many busy processes as there are processors."""
    command = [sys.executable, "-c", _BUSY.format(busy=seconds, idle=idle)]
    count = len(os.sched_getaffinity(0))
    processes = [subprocess.Popen(command) for _ in range(count)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0, help="per measurement")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    print("| network | runtime | batch | median of medians | spread of medians | intervals "
          "that contain it | of the run itself | stable | busy now and then | "
          "busy all the time |")  # fmt: skip
    print("|---|---|---:|---:|---:|---:|---:|---:|---|---|")
    for source, runtime, batch, training in CASES:
        network = convcost.read(source)

        def once(store: Path | bool = False) -> convcost.Measurements:
            return convcost.measure(
                network, runtime=runtime, batch=batch, training=training,  # noqa: B023
                threads=chosen.threads, seconds=chosen.seconds, store=store,
            )  # fmt: skip

        with TemporaryDirectory() as folder:
            path = Path(folder) / "store.sqlite"
            found = [once(path).networks[0] for _ in range(chosen.times)]
        medians = [one.seconds.median for one in found]
        middle = statistics.median(medians)
        inside = sum(one.seconds.low <= middle <= one.seconds.high for one in found)
        own = [of_processes(one.samples, one.processes) for one in found]
        alone = sum(one.low <= middle <= one.high for one in own)
        stable = sum(one.verdict.name == "stable" for one in found)
        with busy(1.0, 1.0):
            sometimes = once().networks[0].verdict
        with busy(1.0, 0.0):
            always = once().networks[0].verdict
        what = f"{source}, training" if training else source
        print(
            f"| {what} | {runtime} | {batch} | {1e3 * middle:.3f} ms | "
            f"{100 * (max(medians) / min(medians) - 1):.1f} % | {inside} of {chosen.times} | "
            f"{alone} of {chosen.times} | {stable} of {chosen.times} | {sometimes.name} | "
            f"{always.name} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
