"""Damaged Keras files: each has to end in a network or in one clear error, in bounded time.

    python benchmarks/fuzz/keras_files.py [--runs 2000] [--seed 0] FILE ...

Each file is damaged `runs` times: bytes flipped, cut, repeated or zeroed, and, where a model's JSON
can be found, values of it replaced by ones of other types, then packed again. Reading runs in a
process of its own with a limit on memory, so that a crash of a library is seen and named as well.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

SECONDS = 5
MEMORY = 4 * 2**30
#: What a value of a configuration is replaced by.
STRANGE = [
    *(None, True, False, 0, 1, -1, 3, 2**31, 2**63, 10**30, 1.5, float("nan"), float("inf")),
    *("", "x", "same", "channels_first", "\x1b[31m", "</script>", "a" * 5_000, [], [[]], {}),
    *(
        [0],
        [-1, -1],
        [None],
        ["x", 0, 0],
        {"class_name": "Dense"},
        {"class_name": "Dense", "config": []},
    ),
]


def flipped(data: bytes, draw: random.Random) -> bytes:
    """Bytes damaged in one of the usual ways."""
    damaged = bytearray(data)
    kind = draw.randrange(5)
    for _ in range(draw.choice((1, 1, 2, 8, 64))):
        at = draw.randrange(len(damaged)) if draw.random() < 0.5 else draw.randrange(
            min(len(damaged), 4096))  # fmt: skip
        if kind == 0:
            damaged[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            damaged[at] = draw.choice((0, 255, 127, draw.randrange(256)))
        elif kind == 2:
            damaged[at : at + draw.randrange(1, 64)] = b""
        elif kind == 3:
            end = at + draw.randrange(1, 512)
            damaged[at:end] = bytes(len(damaged[at:end]))
        else:
            damaged[at:at] = damaged[: draw.randrange(1, 256)]
        if not damaged:
            break
    if draw.random() < 0.1:
        del damaged[draw.randrange(len(damaged) + 1) :]
    return bytes(damaged)


def confused(document: Any, draw: random.Random) -> Any:
    """A configuration with some values of other types, lost or doubled."""
    for _ in range(draw.choice((1, 1, 2, 5))):
        places: list[tuple[Any, Any]] = []
        waiting = [document]
        while waiting:
            value = waiting.pop()
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in items:
                places.append((value, key))
                if isinstance(item, dict | list):
                    waiting.append(item)
        if not places:
            return document
        holder, key = draw.choice(places)
        kind = draw.random()
        if kind < 0.7:
            holder[key] = draw.choice(STRANGE)
        elif kind < 0.85:
            del holder[key]
        else:
            other, place = draw.choice(places)
            holder[key] = json.loads(json.dumps(other[place]))
    return document


def mutation(data: bytes, suffix: str, seed: int) -> bytes:
    """The file as the given seed damages it."""
    draw = random.Random(seed)  # noqa: S311 - damage is no secret
    if draw.random() < 0.4:
        return flipped(data, draw)
    if suffix == ".json":
        return json.dumps(confused(json.loads(data), draw)).encode()
    result = io.BytesIO()
    if suffix == ".keras":
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(result, "w") as new:
            for name in old.namelist():
                member = old.read(name)
                if name == "config.json":
                    member = json.dumps(confused(json.loads(member), draw)).encode()
                elif name.endswith(".h5") and draw.random() < 0.3:
                    member = flipped(member, draw)
                new.writestr(name, member)
        return result.getvalue()
    import h5py

    result.write(data)
    with h5py.File(result, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(confused(config, draw))
    return result.getvalue()


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
        for seed in seeds:
            pipe.send(("begin", seed))
            path.write_bytes(mutation(data, suffix, seed))
            began = time.perf_counter()
            signal.alarm(SECONDS)
            try:
                outcome = read(str(path))
            except BaseException as error:  # noqa: BLE001 - any other error is a finding
                outcome = f"FAULT {type(error).__name__}: {str(error)[:100]}"
            signal.alarm(0)
            pipe.send(("end", (seed, outcome, time.perf_counter() - began)))


def fuzz(path: Path, seeds: range) -> bool:
    """Damage one file by all seeds and print what happened; True where all went well."""
    outcomes: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    slowest = (0.0, 0)
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
                    outcomes["HANG"] += 1
                    break
                kind, value = ours.recv()
                if kind == "begin":
                    current = value
                    continue
                seed, outcome, seconds = value
                slowest = max(slowest, (seconds, seed))
                outcomes[outcome.split()[0] if outcome.isupper() else outcome.split(":")[0]] += 1
                if outcome not in ("read", "clear error"):
                    bad.append((seed, outcome))
        except EOFError:
            pass
        process.join()
        if process.exitcode and (not bad or bad[-1][0] != current):
            bad.append((current, f"CRASH with exit code {process.exitcode}"))
            outcomes["CRASH"] += 1
        seeds = range(current + 1, seeds.stop)
    print(f"{path.name}: {dict(outcomes)}; slowest {slowest[0]:.2f} s (seed {slowest[1]})")
    for seed, outcome in bad[:20]:
        print(f"  seed {seed}: {outcome}")
    return not bad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + given.runs)
    sys.exit(not all(fuzz(path, seeds) for path in given.files))


if __name__ == "__main__":
    main()
