"""Compare our count of timm's networks with the table that its authors publish.

    python benchmarks/third_party/timm/compare.py TABLE.csv.gz -o results.csv

TABLE is made of the result files of huggingface's pytorch-image-models, with ``params_m``,
``gmacs`` and ``macts`` per network and image size. Their benchmark.py takes gmacs from fvcore's
FlopCountAnalysis and macts from its ActivationCountAnalysis and rounds all three to two digits;
ours are `convcost.count_as(network, "fvcore")`, rounded the same way. The networks are made on the
meta device, read and counted. Rows that the output has already are skipped, so that a run can be
interrupted and continued.

Their fvcore saw attention as products of matrices: timm's fused attention is switched off. Where
not even the module's own parameters (column ``own``) are the table's, the library has changed since
the table was made: ``changed``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import sys
import warnings
from collections import Counter
from pathlib import Path

import torch

import convcost

FIELDS = ("model", "img_size", "verdict", "params_m", "gmacs", "macts", "parameters", "own",
          "macs", "fvcore", "activations", "unknown", "convolutions")  # fmt: skip
#: Fewest convolutions of a network that counts as convolutional: patches are made by one to four.
CONVOLUTIONAL = 10
CONVOLUTIONS = ("conv", "depthwise_conv", "conv_transpose")


def rows_of(table: Path) -> list[dict[str, str]]:
    """One row per network and image size, from the newest of the files that have it."""
    opened = gzip.open if table.suffix == ".gz" else open
    with opened(table, "rt", newline="") as file:
        rows = sorted(
            (r for r in csv.DictReader(file) if r["gmacs"]), key=lambda r: int(r["torch"])
        )
    found = {(r["model"], r["img_size"]): r for r in rows}
    return [found[key] for key in sorted(found, key=lambda key: (int(key[1]), key[0]))]


def compare(row: dict[str, str]) -> dict[str, object]:
    """Read one network, and set its counts beside theirs."""
    import timm

    size = int(row["img_size"])
    result: dict[str, object] = {name: row.get(name, "") for name in FIELDS}
    try:
        with torch.device("meta"):
            model = timm.create_model(row["model"], pretrained=False).eval()
    except Exception as error:  # noqa: BLE001 - whatever the other library raises
        return result | {"verdict": f"not made: {first_line(error)}"}
    try:
        network = convcost.read(model, inputs=(1, 3, size, size))
        other = convcost.count_as(network, "fvcore")
    except Exception as error:  # noqa: BLE001 - a crash is a result
        return result | {"verdict": f"not read: {first_line(error)}"}
    # normalised kernels are weights that are computed: the convolution is inside
    kinds = [getattr(layer.op, "op", layer.op).kind for layer in network.layers]
    own = sum(parameter.numel() for parameter in model.parameters())
    ours = {
        "params_m": rounded(other.parameters, 1e6),
        "gmacs": rounded(other.operations, 1e9),
        "macts": rounded(other.activations, 1e6),
    }
    differ = [name for name, figure in ours.items() if figure != float(row[name])]
    return result | {
        "verdict": verdict(differ, changed=own == other.parameters and "params_m" in differ),
        "parameters": other.parameters,
        "own": own,
        "macs": other.ours,
        "fvcore": other.operations,
        "activations": other.activations,
        "unknown": sum(layer.ours is None for layer in other.layers),
        "convolutions": sum(kind in CONVOLUTIONS for kind in kinds),
    }


def rounded(figure: int, unit: float) -> float:
    """As their benchmark.py rounds it."""
    return round(figure / unit, 2)


def verdict(differ: list[str], *, changed: bool) -> str:
    """In a word, and the figures that differ."""
    if not differ:
        return "equal"
    return ("changed: " if changed else "differs: ") + " ".join(differ)


def totals(output: Path) -> str:
    """How many rows are equal, and how many of these are convolutional networks."""
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    equal = [row for row in rows if row["verdict"] == "equal"]
    convolutional = {row["model"] for row in equal if int(row["convolutions"]) >= CONVOLUTIONAL}
    others = Counter(row["verdict"].split(":")[0] for row in rows if row["verdict"] != "equal")
    return (
        f"{len(rows)} rows: {len(equal)} equal, {len({row['model'] for row in equal})} networks, "
        f"{len(convolutional)} of them with {CONVOLUTIONAL} or more convolutions; {dict(others)}"
    )


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
    os.environ["TIMM_FUSED_ATTN"] = "0"
    done = set()
    if arguments.output.exists():
        with arguments.output.open(newline="") as file:
            done = {(row["model"], row["img_size"]) for row in csv.DictReader(file)}
    with arguments.output.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if not done:
            writer.writeheader()
        for row in rows_of(arguments.table):
            if arguments.only in row["model"] and (row["model"], row["img_size"]) not in done:
                result = compare(row)
                writer.writerow(result)
                file.flush()
                if result["verdict"] != "equal":
                    print(row["model"], row["img_size"], result["verdict"], file=sys.stderr)
    print(totals(arguments.output))


if __name__ == "__main__":
    main()
