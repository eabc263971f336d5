"""Whether the times of layers add up to the time of the network.

Each network is measured as `convcost measure` does it, and the table has what its answer says: the
layers, loss and update over the whole (goal 0.85 to 1.05, training to 1.10), the same with the row
of the framework's loop (Keras: goal 0.85 to 1.10), how much longer a run with the instrument took,
and whether the layers' times were scaled for that. Run it where the runtimes are installed:

    python benchmarks/measure/layers_over_whole.py --threads 1 [--runtimes torch]
"""

from __future__ import annotations

import argparse
import os

import convcost

NETWORKS = ("alexnet", "vgg16", "resnet18", "mobilenet", "googlenet")
KERAS_NETWORKS = ("mobilenet", "resnet50")
#: Runtime, batch, training, networks.
CASES = (
    ("onnxruntime", 1, False, NETWORKS),
    ("onnxruntime", 8, False, NETWORKS),
    ("torch", 1, False, NETWORKS),
    ("torch", 8, False, NETWORKS),
    ("torch", 8, True, NETWORKS),
    ("keras-tensorflow", 1, False, KERAS_NETWORKS),
    ("keras-tensorflow", 8, False, KERAS_NETWORKS),
    ("keras-tensorflow", 8, True, KERAS_NETWORKS),
)
HEAD = ("runtime", "network", "batch", "a run", "layers_over_whole", "with the loop",
        "with the instrument", "scaled", "verdict", "load")  # fmt: skip


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=12, help="per case, about")
    parser.add_argument("--runtimes", nargs="*", help="only these")
    options = parser.parse_args()
    print(f"| {' | '.join(HEAD)} |\n|---|---|---:|---:|---:|---:|---:|---|---|---:|")
    for runtime, batch, training, networks in CASES:
        if options.runtimes and runtime not in options.runtimes:
            continue
        for network in networks:
            found = convcost.measure(
                convcost.read(f"zoo:{network}"), runtime=runtime, batch=batch, training=training,
                optimizer="sgd" if training else None, threads=options.threads,
                seconds=options.seconds, store=False,
            ).networks[0].to_dict()  # fmt: skip
            instrument = found["instrument"]
            row = (
                f"{runtime}, training" if training else runtime,
                network,
                str(batch),
                f"{1e3 * found['seconds']['median']:.1f} ms",
                f"{found['layers_over_whole']:.3f}",
                f"{sum(layer['share'] for layer in found['layers']):.3f}",
                f"{1 + instrument['overhead']:.2f}",
                "yes" if instrument["scaled"] else "",
                found["verdict"],
                f"{os.getloadavg()[0]:.1f}",
            )
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
