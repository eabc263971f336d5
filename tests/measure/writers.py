"""Processes that write to a store at the same time: `python writers.py STORE`.

Each line of stdin has the names of writers to start and how many measurements, of two networks
each, each of them writes. What they say, a line each:

    NAME pid 123
    NAME wrote 0 7 8       the first measurement has the ids 7 and 8
    NAME ended -9          as its exit code, or minus the signal
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from convcost.measure.store.store import Store
from support.stored import measurement


def say(*words: object) -> None:
    """In one piece, whoever else is speaking."""
    os.write(1, f"{' '.join(map(str, words))}\n".encode())


def write(path: Path, name: str, number: int) -> None:
    say(name, "pid", os.getpid())
    with Store(path) as store:
        for turn in range(number):
            pair = [measurement(source=f"{name} {turn} {side}") for side in "ab"]
            say(name, "wrote", turn, *store.add(pair, [f"{name} a", f"{name} b"]))


def main(path: Path) -> None:
    for line in sys.stdin:
        *names, number = line.split()
        children = {}
        for name in names:
            pid = os.fork()
            if not pid:
                write(path, name, int(number))
                os._exit(0)
            children[pid] = name
        while children:
            pid, status = os.wait()
            say(children.pop(pid), "ended", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
