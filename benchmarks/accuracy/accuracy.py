"""How good calibrated predictions are: networks that calibration never saw, predicted and measured.

    convcost calibrate --runtime torch
    python benchmarks/accuracy/accuracy.py --runtime torch [--training] [--seconds 10]
    python benchmarks/accuracy/report.py

Each network is predicted from this machine's profile, by data sheet, and then measured as `convcost
measure` does it. What is done is in results/, a file per runtime and mode: one that was ended goes
on. Networks of keras.applications are read where Keras is installed, ONNX files from --onnx.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import convcost
from convcost.errors import ConvcostError

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results"
#: Small inputs: batches of 1, 8 and 32; the others 1 and 8.
SMALL = ("seed000", "seed001-mlp", "seed001-cnn", "seed001-cnn4", "seed003?kernel=5")
LARGE = ("alexnet", "vgg16", "resnet18", "resnet50", "mobilenet", "googlenet", "inception-v3",
         "xception")  # fmt: skip
APPLICATIONS = ("DenseNet121", "EfficientNetB0", "MobileNetV2")


def networks(onnx: Path | None) -> Iterator[tuple[str, convcost.Network, tuple[int, ...]]]:
    """Names, networks and batches."""
    for name in SMALL:
        yield name, convcost.read(f"zoo:{name}"), (1, 8, 32)
    for name in LARGE:
        yield name, convcost.read(f"zoo:{name}"), (1, 8)
    try:
        import keras
    except ImportError:
        print("keras.applications left out: Keras is not installed", file=sys.stderr)
    else:
        for name in APPLICATIONS:
            model = getattr(keras.applications, name)(weights=None)
            yield f"keras.applications.{name}", convcost.read(model), (1, 8)
    if onnx is None:
        print("ONNX files left out: name their folder with --onnx", file=sys.stderr)
        return
    for path in sorted(onnx.rglob("*.onnx")):
        yield path.stem, convcost.read(path), (1,)


def main() -> None:
    """Predict and measure what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runtime", required=True)
    parser.add_argument("--training", action="store_true")
    parser.add_argument("--seconds", type=float, default=10.0, help="per network and batch, about")
    parser.add_argument("--only", nargs="*", help="networks")
    parser.add_argument("--onnx", type=Path, help="folder of light ONNX files")
    chosen = parser.parse_args()
    mode = "training" if chosen.training else "inference"
    path = RESULTS / f"{chosen.runtime}-{mode}.json"
    path.parent.mkdir(exist_ok=True)
    done = json.loads(path.read_text()) if path.exists() else {}
    for name, network, batches in networks(chosen.onnx):
        for batch in batches:
            key = f"{name}, batch {batch}"
            if key in done or (chosen.only and name not in chosen.only):
                continue
            print(key, file=sys.stderr, flush=True)
            try:
                done[key] = one(network, batch, chosen)
            except ConvcostError as error:
                done[key] = {"refused": error.message}
            path.write_text(json.dumps(done, indent=1) + "\n")


def one(network: convcost.Network, batch: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """A network and batch: predicted first, then measured."""
    optimizer = "sgd" if chosen.training else None
    options = {"runtime": chosen.runtime, "batch": batch, "training": chosen.training}
    predicted = convcost.predict(network, **options, optimizer=optimizer, basis="calibrated")
    sheet = convcost.predict(network, **options, basis="data sheet")
    total = convcost.count(network, batch=batch).total.forward
    found = convcost.measure(
        network, **options, optimizer=optimizer, seconds=chosen.seconds, store=False
    ).networks[0]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": dict(found.machine),
        "versions": dict(found.versions),
        "measured": {
            "median": found.seconds.median, "low": found.seconds.low, "high": found.seconds.high,
            "verdict": found.verdict.name, "reasons": list(found.verdict.reasons),
        },
        "layers": [[list(layer.layers), layer.seconds] for layer in found.layers],
        "predicted": predicted.seconds.to_dict(),
        "predicted_layers": {layer.name: layer.seconds for layer in predicted.layers},
        "data_sheet": sheet.seconds.value,
        "macs": total.macs,
        "activations": total.write_bytes,
    }  # fmt: skip


if __name__ == "__main__":
    main()
