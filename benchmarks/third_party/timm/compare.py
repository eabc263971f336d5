"""Compare counts of timm's networks with the table that its authors publish.

    python benchmarks/third_party/timm/compare.py TABLE.csv.gz -o results.csv

TABLE has a row per network and image size with ``params_m``, ``gmacs`` and ``macts`` (huggingface's
pytorch-image-models, folder results). The networks are made on the meta device, read, and counted;
rows that the output has already are skipped, so that a run can be interrupted and continued.

Their columns are rounded to two digits. ``gmacs`` is fvcore's count, which adds 2 per element of a
BatchNorm, 5 of a layer or group normalisation (one less without scale and shift) and 1 per value
that an average reads: column ``gmacs_theirs`` charges our layers the same way. ``macts`` are the
outputs of convolutions, dense layers and matrix products. Where even the module's own parameters
(column ``own``) are others than the table's, the library has changed since: ``changed``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import time
import warnings
from pathlib import Path

import torch

import convcost

FIELDS = ("model", "img_size", "verdict", "params_m", "parameters", "own", "gmacs", "macs",
          "gmacs_theirs", "macts", "activations", "unknown", "seconds")  # fmt: skip
NORM_CHARGES = {"batch_norm": 2, "layer_norm": 5, "group_norm": 5, "rms_norm": 4}


def rows_of(table: Path) -> list[dict[str, str]]:
    """One row per network and image size."""
    opened = gzip.open if table.suffix == ".gz" else open
    with opened(table, "rt", newline="") as file:
        found = {(r["model"], r["img_size"]): r for r in csv.DictReader(file) if r["gmacs"]}
    return [found[key] for key in sorted(found, key=lambda key: (int(key[1]), key[0]))]


def compare(row: dict[str, str]) -> dict[str, object]:
    """Read one network, and set its counts beside theirs."""
    import timm

    size = int(row["img_size"])
    result: dict[str, object] = {name: row.get(name, "") for name in FIELDS}
    try:
        with torch.device("meta"):
            model = timm.create_model(row["model"], pretrained=False)
    except Exception as error:  # noqa: BLE001 - whatever the other library raises
        return result | {"verdict": f"not made: {first_line(error)}"}
    start = time.perf_counter()
    try:
        network = convcost.read(model, inputs=(1, 3, size, size))
        counted = convcost.count(network)
    except Exception as error:  # noqa: BLE001 - a crash is a result
        return result | {"verdict": f"not read: {first_line(error)}"}
    result["seconds"] = f"{time.perf_counter() - start:.3f}"
    bound = network.bind({"N": 1})
    parameters, macs = counted.total.parameters, counted.total.forward.macs
    activations = sum(
        equation.outputs
        for layer in bound.layers
        for equation in layer.op.equations(bound.call(layer))
    )
    theirs = macs + sum(extra(bound, layer) for layer in bound.layers)
    result |= {
        "parameters": parameters,
        "macs": macs,
        "gmacs_theirs": f"{theirs / 1e9:.4f}",
        "activations": activations,
        "unknown": " ".join(sorted({u.what for u in counted.unknown})),
    }
    differ = [
        name
        for name, own, stated, slack in (
            ("params", parameters / 1e6, float(row["params_m"]), 0),
            ("macts", activations / 1e6, float(row["macts"]), 0),
            ("gmacs", theirs / 1e9, float(row["gmacs"]), 0.005),
        )
        if abs(own - stated) > 0.0051 + slack * stated
    ]
    own = sum(parameter.numel() for parameter in model.parameters())
    if differ and own == parameters and "params" in differ:
        verdict = "changed: " + " ".join(differ)
    else:
        verdict = "differs: " + " ".join(differ) if differ else "equal"
    return result | {"own": own, "verdict": verdict}


def extra(network, layer) -> int:
    """What fvcore adds to the products for one layer."""
    call = network.call(layer)
    op = getattr(layer.op, "op", layer.op)  # normalisation of a kernel has computed weights
    if op.kind in NORM_CHARGES:
        return (NORM_CHARGES[op.kind] - (not op.scale)) * call.output_elements
    averages = op.kind in ("global_pool", "adaptive_pool", "reduce")
    if averages and op.function in ("average", "mean"):
        return call.inputs[0].elements
    return 0


def first_line(error: Exception) -> str:
    """What an error says, short."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"[:160]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--only", default="", help="part of the names of networks")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    done = set()
    if arguments.output.exists():
        with arguments.output.open(newline="") as file:
            done = {(row["model"], row["img_size"]) for row in csv.DictReader(file)}
    with arguments.output.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if not done:
            writer.writeheader()
        for row in rows_of(arguments.table):
            if arguments.only in row["model"] and (row["model"], row["img_size"]) not in done:
                result = compare(row)
                writer.writerow(result)
                file.flush()
                if result["verdict"] != "equal":
                    print(row["model"], row["img_size"], result["verdict"], file=sys.stderr)


if __name__ == "__main__":
    main()
