"""Whether the times of layers add up to the time of the network.

For each runtime and network: runs with the instrument on and off in turn, then the sum of the
layers' spans over the median of the plain runs (goal 0.85 to 1.05, training to 1.10), and the
instrumented run over the plain one. Run it where PyTorch and ONNX Runtime are installed:

    python benchmarks/measure/layers_over_whole.py --threads 1
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

from convcost import zoo
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job, Loaded

NETWORKS = ("alexnet", "vgg16", "resnet18", "mobilenet", "googlenet")
#: Runtime, batch, training.
CASES = (
    ("onnxruntime", 1, False),
    ("onnxruntime", 8, False),
    ("torch", 1, False),
    ("torch", 8, False),
    ("torch", 8, True),
)
LEAST_ROUNDS, MOST_ROUNDS = 3, 31


def taken(loaded: Loaded) -> float:
    """Seconds of a plain run."""
    start = time.perf_counter()
    loaded.run()
    return time.perf_counter() - start


def measured(loaded: Loaded, seconds: float) -> tuple[int, float, float, float]:
    """Rounds; medians: seconds of a run, layers over it, the instrumented run over it.

    Each round has a plain run, a profile, and another plain run; the profile is compared with the
    mean of the two beside it: what slows down the machine for a while slows down all three.
    """
    loaded.run(), loaded.profile()
    plain, layers, whole = [], [], []
    end = time.perf_counter() + seconds
    while len(layers) < LEAST_ROUNDS or (time.perf_counter() < end and len(layers) < MOST_ROUNDS):
        before = taken(loaded)
        profile = loaded.profile()
        loaded.run()  # what the instrument left in the caches is gone
        after = taken(loaded)
        beside = (before + after) / 2
        plain += [before, after]
        spans = sum(span.seconds for span in profile.spans if span.phase != "loop")
        layers.append(spans / beside)
        whole.append(profile.seconds / beside)
    return len(layers), *map(statistics.median, (plain, layers, whole))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=12, help="per case, about")
    parser.add_argument("--only", nargs="*", default=NETWORKS, help="networks of the zoo")
    options = parser.parse_args()
    for name in ("onnxruntime", "torch"):
        print(name, dict(runner(name).versions()), f"threads {options.threads}", file=sys.stderr)
    print("| runtime | network | batch | run, ms | layers / run | profile / run | rounds | load |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for name, batch, training in CASES:
        for network in options.only:
            job = Job(
                batch=batch,
                training=training,
                optimizer="sgd" if training else None,
                threads=options.threads,
            )
            loaded = runner(name).load(zoo.load(network), job)
            rounds, run, layers, whole = measured(loaded, options.seconds)
            what = f"{name}, training" if training else name
            print(
                f"| {what} | {network} | {batch} | {1e3 * run:.1f} | {layers:.2f} | {whole:.2f} "
                f"| {rounds} | {os.getloadavg()[0]:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
