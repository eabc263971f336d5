"""Tables of docs/seeds from results/.

    python benchmarks/seeds/pages.py

Writes them between `<!-- table NAME -->` and `<!-- end -->` into the pages.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.units import format_percent, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HERE = Path(__file__).parent
RESULTS = HERE / "results"
DOCS = HERE.parents[1] / "docs" / "seeds"


def result(name: str) -> dict[str, Any]:
    """What an experiment has written."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown: the first column is text, the others numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def layers(name: str, place: int = 0) -> str:
    """The rows of one network."""
    network = result(name)["networks"][place]
    phases = list(dict.fromkeys(p for x in network["layers"] for p in x["phases"] if x["layers"]))
    rows = [
        [
            " + ".join(layer["layers"]) or f"*{layer['name']}*",
            *(format_seconds(layer["phases"][p]) if p in layer["phases"] and layer["layers"] else ""
              for p in phases),
            format_seconds(layer["seconds"]), format_percent(layer["share"]),
        ]
        for layer in network["layers"]
    ]  # fmt: skip
    rows.append(["whole", *[""] * len(phases), format_seconds(network["seconds"]["median"]), ""])
    return table(["layer", *phases, "time", "share"], rows)


#: Caffe on a GeForce GTX TITAN X (Maxwell), AlexNet, batch 128, forward and backward: shares of the
#: 128.4 ms of its layers in caffe/output_alexnet.log of soumith/convnet-benchmarks.
TITAN_X = {"conv": 0.809, "dense": 0.083, "pool": 0.066, "activation": 0.042}


def kinds(name: str, elsewhere: Mapping[str, float] | None = None) -> str:
    """Post 002: what kinds of layers have of the MACs, and of the layers' own time."""
    network = result(name)["networks"][0]
    ops, macs = network["count"]["ops"], network["count"]["step_macs"]
    seconds: dict[str, float] = {}
    for layer in network["layers"]:
        if layer["layers"]:
            kind = ops[layer["layers"][0]]
            seconds[kind] = seconds.get(kind, 0.0) + layer["seconds"]
    rows = []
    for kind, part in sorted(seconds.items(), key=lambda item: -item[1]):
        own = sum(macs.get(layer, 0) for layer, op in ops.items() if op == kind)
        row = [kind, format_percent(own / sum(macs.values())),
               format_percent(part / sum(seconds.values()))]  # fmt: skip
        if elsewhere is not None:
            row.append(format_percent(elsewhere[kind]) if kind in elsewhere else "")
        rows.append(row)
    head = ["layers", "share of MACs", "share of the layers' time"]
    return table(head if elsewhere is None else [*head, "Caffe, TITAN X"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "alexnet-torch": lambda: layers("002-alexnet-torch"),
    "alexnet-kinds": lambda: kinds("002-alexnet-torch", TITAN_X),
    "vgg16-torch": lambda: layers("002-vgg16-torch"),
    "vgg16-kinds": lambda: kinds("002-vgg16-torch"),
}


def main() -> None:
    """Fill the pages."""
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for name, make in TABLES.items():
            pattern = re.compile(rf"(<!-- table {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
            if pattern.search(text):
                made = make()
                text = pattern.sub(lambda m, made=made: m[1] + made + m[2], text)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
