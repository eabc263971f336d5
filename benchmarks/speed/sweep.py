"""How long a sweep of a million variants takes, counted and predicted by data sheet.

    taskset -c 0 python benchmarks/speed/sweep.py [--times 5]

Beside it a thousand of them one by one.
"""

from __future__ import annotations

import argparse
import statistics
import time

import convcost
from convcost.count import Workload, count
from convcost.device import load as device
from convcost.predict import predict
from convcost.runtime import load as runtime
from convcost.runtime.memory import memory
from convcost.sweep import parse, sweep
from convcost.sweep.sweep import network_at

VARY = ("batch=1..100:1", "conv*.filters=1..100:1", "dense*.units=1..100:1")
ONE_BY_ONE = 100


def main() -> None:
    """Time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    network, varies = convcost.read("zoo:seed001-cnn"), [parse(text) for text in VARY]
    here, by = device("laptop-cpu"), runtime("keras-tensorflow")
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        found = sweep(network, varies, device=here, runtime=by)
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    for place in range(0, len(found), len(found) // ONE_BY_ONE):
        workload = Workload(batch=found.row(place)["batch"])
        one = network_at(found, network, place)
        count(one, workload)
        memory(one, workload, runtime=by)
        predict(one, workload, device=here, runtime=by)
    each = (time.perf_counter() - start) / ONE_BY_ONE
    print(f"{len(found):,} variants: {statistics.median(seconds):.2f} s "
          f"({min(seconds):.2f} to {max(seconds):.2f}); one by one {1e3 * each:.1f} ms each: "
          f"{each * len(found) / statistics.median(seconds):,.0f} times as long")  # fmt: skip


if __name__ == "__main__":
    main()
