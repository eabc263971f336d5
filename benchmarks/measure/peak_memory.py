"""Predicted peak memory beside PyTorch's own record, and where the rest lies.

    python benchmarks/measure/peak_memory.py [--batch 4] [NETWORK ...]

Prints the table of peak_memory.md. The rest is what is alive at the measured peak and was made and
given back within one operator: copies in another layout, intermediate results. The prediction knows
tensors of the network, and none of these but a few that its rules name.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import convcost
from convcost import zoo
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job

if TYPE_CHECKING:
    from collections.abc import Iterable

NETWORKS = ("seed000", "seed001-mlp", "seed001-cnn", "alexnet", "vgg16", "resnet18",
            "resnet50-keras", "mobilenet", "googlenet", "inception-v3", "xception")  # fmt: skip
OPTIMIZER = "momentum"
#: What PyTorch does where a value is needed in another order of axes: no tensor of the network.
COPY = "clone"
#: A rest below this share of the peak is not named.
NAMED = 0.002


def main() -> None:
    """Measure, predict, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--batch", type=int, default=4)
    chosen = parser.parse_args()
    print("| network | pass | predicted | measured | predicted / measured | not predicted |")
    print("|---|---|---:|---:|---:|---|")
    for name in chosen.networks:
        for training in (False, True):
            print(row(name, chosen.batch, training=training), flush=True)


def row(name: str, batch: int, *, training: bool) -> str:
    """One line of the table."""
    network = zoo.load(name)
    options: dict[str, Any] = {"optimizer": OPTIMIZER, "loss": "cross-entropy"} if training else {}
    job = Job(batch=batch, training=training, threads=2, **options)
    before, events = runner("torch").load(network, job).memory_trace()
    found = convcost.memory(network, batch=batch, training=training, runtime="torch", **options)
    held, temporary = at_the_peak(events)
    measured = before + held
    rest = ", ".join(
        f"{bytes_ / 1e6:.2f} MB in {operator}"
        for operator, bytes_ in sorted(temporary.items(), key=lambda item: -item[1])
        if bytes_ > NAMED * measured
    )
    what = "training" if training else "inference"
    return (
        f"| {name} | {what} | {found.peak:,} | {measured:,} | "
        f"{found.peak / measured:.3f} | {rest} |"
    )


def at_the_peak(events: Iterable[dict[str, Any]]) -> tuple[int, dict[str, int]]:
    """The most bytes in use at one time, and those of them that an operator gave back itself."""
    events = list(events)
    changes = sorted((e for e in events if e.get("name") == "[memory]"), key=lambda e: e["ts"])
    operators = sorted((e for e in events if e.get("cat") == "cpu_op"), key=lambda e: e["ts"])
    alive: dict[str, tuple[int, float]] = {}
    now = most = 0
    then: dict[str, tuple[int, float]] = {}
    peak_time = 0.0
    for change in changes:
        bytes_, address = change["args"]["Bytes"], change["args"]["Addr"]
        now += bytes_
        if bytes_ > 0:
            alive[address] = (bytes_, change["ts"])
        else:
            alive.pop(address, None)
        if now > most:
            most, then, peak_time = now, dict(alive), change["ts"]
    ends = {
        change["args"]["Addr"]: change["ts"]
        for change in reversed(changes)
        if change["args"]["Bytes"] < 0 and change["ts"] > peak_time
    }
    temporary: defaultdict[str, int] = defaultdict(int)
    for address, (bytes_, start) in then.items():
        around = [o for o in operators if o["ts"] <= start <= o["ts"] + o["dur"]]
        inside = around and start <= ends.get(address, 0.0) <= around[0]["ts"] + around[0]["dur"]
        if inside or (around and leaf(around) == COPY):
            temporary[leaf(around)] += bytes_
    return most, dict(temporary)


def leaf(around: list[dict[str, Any]]) -> str:
    """The operator that made it, allocation itself left out."""
    names = [o["name"].removeprefix("aten::") for o in around]
    makers = [n for n in names if not n.startswith(("empty", "autograd::")) and n != "resize_"]
    return makers[-1] if makers else names[-1]


if __name__ == "__main__":
    main()
