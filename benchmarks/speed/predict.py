"""How long predictions by a profile take, in a process that has made one before.

    python benchmarks/speed/predict.py [--runtime onnxruntime] [--network resnet50] [--times 30]

Needs a profile of this machine (`convcost calibrate`). One prediction of another batch each time:
what is remembered of the network does not depend on it. Then a thousand variants at once; the same
by data sheet.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import convcost
from convcost.count import Workload
from convcost.device import THIS_MACHINE
from convcost.device import load as device
from convcost.predict import predict
from convcost.predict.profiles import chosen
from convcost.predict.variants import variants
from convcost.runtime import load as runtime

if TYPE_CHECKING:
    from collections.abc import Callable

VARIANTS = 1000


def main() -> None:
    """Time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtime", default="onnxruntime")
    parser.add_argument("--network", default="resnet50")
    parser.add_argument("--times", type=int, default=30)
    given = parser.parse_args()
    network, by = convcost.read(f"zoo:{given.network}"), runtime(given.runtime)
    here = device(THIS_MACHINE)
    profile = chosen(by, training=False, device=None, basis="calibrated", path=None)
    batches = np.arange(1, VARIANTS + 1)
    print("| basis | one prediction | 1,000 variants |\n|---|---:|---:|")
    for basis, used in (("calibrated", profile), ("data sheet", None)):
        options: dict[str, Any] = {"device": here, "runtime": by, "profile": used}
        number = iter(range(1, 10_000))
        one = timed(
            lambda: predict(network, Workload(batch=next(number)), **options),  # noqa: B023
            given.times,
        )
        many = timed(lambda: variants(network, {"N": batches}, **options), 5)  # noqa: B023
        print(f"| {basis} | {one} | {many} |")


def timed(work: Callable[[], object], times: int) -> str:
    """The median and the quartiles, in milliseconds, after one call that does not count."""
    work()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    low, middle, high = statistics.quantiles(seconds, n=4)
    return f"{1e3 * middle:.1f} ({1e3 * low:.1f} to {1e3 * high:.1f}) ms"


if __name__ == "__main__":
    main()
