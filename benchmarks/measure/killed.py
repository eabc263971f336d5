"""Whether `convcost measure` that is killed loses earlier runs, or leaves processes behind.

Each time the real command measures a small network in ONNX Runtime, and is killed (SIGKILL) at a
random moment: up to `--within` seconds after a random stage of it has begun. Then SQLite checks the
store, all earlier runs have to be in it, and no process of the measurement may be left.

    python benchmarks/measure/killed.py --times 50
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from support.killing import STAGES, killed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--within", type=float, default=2.0, help="seconds")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - no secret
    stages: Counter[str] = Counter()
    finished = lost = damaged = orphans = 0
    workers, gone = [], []
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "measurements.sqlite"
        known: frozenset[int] = frozenset()
        for number in range(options.times):
            stage, delay = chance.choice(STAGES), chance.uniform(0, options.within)
            left = killed(store, stage, delay)
            stages[stage] += 1
            finished += left.finished
            damaged += left.intact != "ok"
            lost += len(known - left.ids) + (left.finished and left.ids <= known)
            orphans += left.gone is None
            workers.append(left.workers)
            gone += [] if left.gone is None else [left.gone]
            known = left.ids
            print(f"{number + 1}: {delay:.2f} s after '{stage}': {left}", file=sys.stderr)
    for name, count in stages.items():
        print(f"killed after '{name}': {count} times")
    print(f"came to its end before: {finished}")
    print(f"a worker lived when it was killed: {sum(map(bool, workers))} times")
    print(f"runs in the store at the end: {len(known)}")
    print(f"runs lost: {lost}")
    print(f"damaged stores: {damaged}")
    print(f"processes left behind: {orphans}")
    print(
        f"seconds until all were gone: median {statistics.median(gone):.3f}, most {max(gone):.3f}"
    )
    return int(lost + damaged + orphans > 0)


if __name__ == "__main__":
    sys.exit(main())
