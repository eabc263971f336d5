"""The experiments of the posts that convcost grew from, measured on this machine.

    python benchmarks/seeds/experiments.py [--only 000 001 003] [--threads 2]

Each writes its measurements into results/<experiment>.json as it goes; an experiment that is there
already is not repeated. `pages.py` makes the tables and plots of docs/seeds from them.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import convcost

RESULTS = Path(__file__).parent / "results"
#: What is kept of a measured network.
KEPT = ("source", "runtime", "versions", "machine", "seconds", "verdict", "reasons", "layers",
        "layers_over_whole", "instrument", "peak_bytes")  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """Networks that are measured side by side.

    Attributes:
        name: of the result's file; it begins with the post's number.
        sources: networks, as on the command line.
        options: of `convcost.measure`.
        seconds: to measure.
    """

    name: str
    sources: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    seconds: float = 15.0


def evaluations() -> list[Experiment]:
    """Post 000: the test set of 12,630 images, with and without BatchNorm."""
    return [
        Experiment(
            f"000-evaluate-{number}",
            (f"zoo:seed000?convolutions={number}",
             f"zoo:seed000?convolutions={number}&batch_norm=no"),
            {"runtime": "keras-tensorflow", "loop": "evaluate", "samples": 12_630, "batch": 32},
        )
        for number in range(1, 7)
    ]  # fmt: skip


def epochs() -> list[Experiment]:
    """Post 001: an epoch of MNIST, MLP against CNN against small CNN."""
    networks = ("zoo:seed001-mlp", "zoo:seed001-cnn", "zoo:seed001-cnn4")
    return [
        Experiment(
            f"001-fit-{runtime}",
            networks,
            {"runtime": runtime, "loop": "fit", "samples": 60_000, "batch": 128,
             "optimizer": "rmsprop"},
        )
        for runtime in ("keras-tensorflow", "torch")
    ]  # fmt: skip


def steps() -> list[Experiment]:
    """Post 002: where a training step of AlexNet and of VGG-16 goes."""
    return [
        Experiment(
            f"002-{name}-{runtime}",
            (f"zoo:{name}",),
            {"runtime": runtime, "training": True, "batch": batch, "optimizer": "momentum"},
            45.0,
        )
        for runtime in ("torch", "keras-tensorflow")
        for name, batch in (("alexnet", 32), ("vgg16", 8))
    ]


def kernels() -> list[Experiment]:
    """Post 003: a training step by the size of the kernels; an epoch has 469 of them."""
    return [
        Experiment(
            f"003-step-{padding}",
            tuple(f"zoo:seed003?kernel={k}&padding={padding}" for k in (1, 3, 5, 7, 9, 11)),
            {"runtime": "keras-tensorflow", "training": True, "batch": 128, "optimizer": "rmsprop"},
            20.0,
        )
        for padding in ("same", "valid")
    ]  # fmt: skip


def main() -> None:
    """Run what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="beginnings of names")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    for experiment in (*evaluations(), *epochs(), *steps(), *kernels()):
        path = RESULTS / f"{experiment.name}.json"
        wanted = chosen.only is None or experiment.name.startswith(tuple(chosen.only))
        if wanted and not path.exists():
            print(experiment.name, file=sys.stderr, flush=True)
            path.write_text(json.dumps(run(experiment, chosen.threads), indent=1) + "\n")


def run(experiment: Experiment, threads: int) -> dict[str, Any]:
    """What was measured, and what the data sheet of this machine predicts."""
    networks = [convcost.read(source) for source in experiment.sources]
    found = convcost.measure(
        *networks, threads=threads, seconds=experiment.seconds, store=False, **experiment.options
    ).to_dict()
    for network in found["networks"]:
        network["seconds"].pop("samples")
    return {
        "sources": experiment.sources,
        "options": experiment.options,
        "networks": [
            {key: network[key] for key in KEPT}
            | {"predicted": predicted(given, experiment.options), "count": counted(given)}
            for given, network in zip(networks, found["networks"], strict=True)
        ],
        "ratios": found["ratios"],
    }


def counted(network: convcost.Network) -> dict[str, Any]:
    """Per sample: in all, and of each layer its op and the MACs of a training step."""
    total = convcost.count(network).total
    step = convcost.count(network, training=True)
    return {
        "parameters": total.parameters,
        "macs": total.forward.macs,
        "ops": {layer.name: layer.op for layer in step.layers},
        "step_macs": {layer.name: layer.step.macs for layer in step.layers if layer.step},
    }


def predicted(network: convcost.Network, options: dict[str, Any]) -> dict[str, float]:
    """Seconds of the forward pass of all samples, or of a batch, by this machine's data sheet."""
    found = convcost.predict(
        network, runtime=options["runtime"], batch=options["batch"], samples=options.get("samples")
    )
    seconds = found.plan.seconds if found.plan else found.seconds
    return {"value": seconds.value, "low": seconds.low, "high": seconds.high}


if __name__ == "__main__":
    main()
