"""The seeds' ratios, predicted before they are measured.

    convcost calibrate --runtime torch --training        # and the others
    python benchmarks/accuracy/ratios.py [--runtimes torch onnxruntime keras-tensorflow]

Of each post the networks that it compares: predicted from this machine's profile one by one, then
measured side by side in one run. Keras runs them in its own loops, as the posts do. What is done is
in results/ratios.json: a run that was ended goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import convcost

RESULTS = Path(__file__).parent / "results" / "ratios.json"
SEED_000 = ("seed000?batch_norm=false", "seed000")
SEED_001 = ("seed001-mlp", "seed001-cnn", "seed001-cnn4")
SEED_003 = tuple(f"seed003?kernel={size}" for size in (3, 1, 5, 7, 9, 11))
INFERENCE: dict[str, Any] = {"batch": 32}
TRAINING: dict[str, Any] = {"batch": 128, "training": True, "optimizer": "rmsprop"}
#: Runtime, post, networks (the others are compared with the first), workload, samples in a loop.
CASES: tuple[tuple[str, str, tuple[str, ...], dict[str, Any], int | None], ...] = (
    ("onnxruntime", "000", SEED_000, INFERENCE, None),
    ("onnxruntime", "001", SEED_001, INFERENCE, None),
    ("onnxruntime", "003", SEED_003, INFERENCE, None),
    ("torch", "000", SEED_000, INFERENCE, None),
    ("torch", "001", SEED_001, TRAINING, None),
    ("torch", "003", SEED_003, TRAINING, None),
    ("keras-tensorflow", "000", SEED_000, INFERENCE, 6400),
    ("keras-tensorflow", "001", SEED_001, TRAINING, 12800),
    ("keras-tensorflow", "003", SEED_003, TRAINING, None),
)
HEAD = ("runtime", "post", "network / first", "predicted", "measured", "predicted / measured")


def main() -> None:
    """Predict, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtimes", nargs="*", help="only these")
    parser.add_argument("--seconds", type=float, default=10.0, help="per network, about")
    chosen = parser.parse_args()
    done: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    for runtime, post, names, workload, samples in CASES:
        key = f"{runtime}, {post}"
        if key in done or (chosen.runtimes and runtime not in chosen.runtimes):
            continue
        print(key, file=sys.stderr, flush=True)
        done[key] = one(runtime, names, workload, samples, chosen.seconds)
        RESULTS.write_text(json.dumps(done, indent=1) + "\n")
    print(f"| {' | '.join(HEAD)} |\n|---|---|---|---:|---:|---:|")
    for key, rows in done.items():
        runtime, post = key.split(", ")
        for name, row in rows["ratios"].items():
            measured = row["measured"]
            print(f"| {runtime} | {post} | {name} | {row['predicted']:.2f} | "
                  f"{measured['median']:.2f} ({measured['low']:.2f} to {measured['high']:.2f}) | "
                  f"{row['predicted'] / measured['median']:.2f} |")  # fmt: skip


def one(
    runtime: str, names: tuple[str, ...], workload: dict[str, Any], samples: int | None, each: float
) -> dict[str, Any]:
    """The networks of a post in a runtime: predicted first, then measured."""
    networks = [convcost.read(f"zoo:{name}") for name in names]
    predicted = []
    for network in networks:
        found = convcost.predict(
            network, runtime=runtime, **workload, samples=samples, basis="calibrated"
        )
        predicted.append(found.plan.seconds.value if found.plan else found.seconds.value)
    loop = "step" if samples is None else "fit" if workload.get("training") else "evaluate"
    found = convcost.measure(
        *networks, runtime=runtime, **workload, samples=samples, loop=loop,
        seconds=each * len(networks), store=False,
    )  # fmt: skip
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": dict(found.networks[0].machine),
        "versions": dict(found.networks[0].versions),
        "seconds": [network.seconds.median for network in found.networks],
        "predicted": predicted,
        "verdicts": [network.verdict.name for network in found.networks],
        "ratios": {
            name: {
                "predicted": seconds / predicted[0],
                "measured": ratio.times.to_dict(),
            }
            for name, seconds, ratio in zip(names[1:], predicted[1:], found.ratios, strict=True)
        },
    }  # fmt: skip


if __name__ == "__main__":
    main()
