"""Tables and plots of docs/seeds from results/.

    python benchmarks/seeds/pages.py

Writes docs/seeds/*.svg, and the tables between `<!-- table NAME -->` and `<!-- end -->` there.
Plots need matplotlib.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.units import format_count, format_percent, format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HERE = Path(__file__).parent
RESULTS = HERE / "results"
DOCS = HERE.parents[1] / "docs" / "seeds"
COLOURS = ("#1f6f8b", "#e07a3f", "#7a9e3a")


def result(name: str) -> dict[str, Any]:
    """What an experiment has written."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown: the first column is text, the others numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def time(network: dict[str, Any]) -> str:
    """The median with its interval."""
    seconds = network["seconds"]
    low, high = (format_seconds(seconds[end]) for end in ("low", "high"))
    return f"{format_seconds(seconds['median'])} ({low} to {high})"


def share(network: dict[str, Any], chosen: Callable[[dict[str, Any]], bool]) -> str:
    """Of the whole, of some rows."""
    return format_percent(sum(layer["share"] for layer in network["layers"] if chosen(layer)))


def is_loop(layer: dict[str, Any]) -> bool:
    """What belongs to no layer, loss or update."""
    return not layer["layers"] and set(layer["phases"]) == {"loop"}


def evaluations() -> str:
    """Post 000: with and without BatchNorm."""
    rows = []
    for number in range(1, 7):
        found = result(f"000-evaluate-{number}")
        norm, plain = found["networks"]
        ratio = found["ratios"][0]
        predicted = norm["predicted"]["value"] / plain["predicted"]["value"]
        rows.append([
            str(number), time(norm), time(plain),
            f"{format_ratio(1 / ratio['value'])} ({1 / ratio['high']:.2f}-{1 / ratio['low']:.2f})",
            format_ratio(predicted), format_ratio(norm["count"]["macs"] / plain["count"]["macs"]),
            share(norm, is_loop),
        ])  # fmt: skip
    head = ["convolutions", "with BatchNorm", "without", "with / without", "predicted", "by MACs",
            "loop, with"]  # fmt: skip
    return table(head, rows)


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


#: Post 001: seconds per epoch.
POST_001 = (16, 340, 28)


def epochs(runtime: str) -> str:
    """Post 001: three networks."""
    found = result(f"001-fit-{runtime}")
    first = found["networks"][0]
    ratios = [None, *found["ratios"]]
    rows = []
    for network, ratio, post in zip(found["networks"], ratios, POST_001, strict=True):
        times = "1" if ratio is None else (
            f"{format_ratio(ratio['value'])} ({ratio['low']:.2f}-{ratio['high']:.2f})"
        )  # fmt: skip
        rows.append([
            network["source"], f"{network['count']['parameters']:,}",
            format_ratio(network["count"]["macs"] / first["count"]["macs"]),
            format_ratio(network["predicted"]["value"] / first["predicted"]["value"]),
            format_ratio(post / POST_001[0]), time(network), times, share(network, is_loop),
        ])  # fmt: skip
    head = ["network", "parameters", "MACs", "predicted", "the post", "an epoch here", "here",
            "loop"]  # fmt: skip
    return table(head, rows)


#: Post 003: of the kernels, and steps of 128 images in an epoch of MNIST.
SIDES = (1, 3, 5, 7, 9, 11)
STEPS = 60_000 / 128


def kernels(padding: str) -> str:
    """Post 003: a training step by the side of the kernels, beside what was predicted."""
    networks = result(f"003-step-{padding}")["networks"]
    rows = []
    for side, network in zip(SIDES, networks, strict=True):
        seconds = network["seconds"]["median"]
        of_3 = network["predicted"]["value"] / networks[1]["predicted"]["value"]
        rows.append([
            str(side), format_count(network["count"]["macs"]), time(network),
            format_seconds(STEPS * seconds),
            format_ratio(network["count"]["macs"] / networks[1]["count"]["macs"]),
            format_ratio(of_3), format_ratio(seconds / networks[1]["seconds"]["median"]),
        ])  # fmt: skip
    head = [
        "kernel",
        "MACs per image",
        "a step",
        "an epoch",
        "of 3x3: MACs",
        "predicted",
        "measured",
    ]
    return table(head, rows)


def growth() -> str:
    """Post 003: the exponent with which time and MACs grow, from one kernel to the next."""
    found = [result(f"003-step-{padding}")["networks"] for padding in ("same", "valid")]
    rows = []
    for place, (k, later) in enumerate(itertools.pairwise(SIDES)):
        row = [f"{k} to {later}"]
        for networks in found:
            before, after = networks[place : place + 2]
            ratios = (after["count"]["macs"] / before["count"]["macs"],
                      after["seconds"]["median"] / before["seconds"]["median"])  # fmt: skip
            row += [f"{math.log(ratio) / math.log(later / k):.2f}" for ratio in ratios]
        rows.append(row)
    return table(["kernel", "same: MACs", "time", "valid: MACs", "time"], rows)


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
    "evaluate": evaluations,
    "evaluate-layers": lambda: layers("000-evaluate-1"),
    "fit-keras": lambda: epochs("keras-tensorflow"),
    "fit-torch": lambda: epochs("torch"),
    "fit-cnn-layers": lambda: layers("001-fit-keras-tensorflow", 1),
    "alexnet-torch": lambda: layers("002-alexnet-torch"),
    "alexnet-keras": lambda: layers("002-alexnet-keras-tensorflow"),
    "alexnet-kinds": lambda: kinds("002-alexnet-torch", TITAN_X),
    "vgg16-kinds": lambda: kinds("002-vgg16-torch"),
    "vgg16-torch": lambda: layers("002-vgg16-torch"),
    "vgg16-keras": lambda: layers("002-vgg16-keras-tensorflow"),
    "kernels-same": lambda: kernels("same"),
    "kernels-valid": lambda: kernels("valid"),
    "growth": growth,
}


def main() -> None:
    """Fill the pages, draw the plots."""
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for name, make in TABLES.items():
            pattern = re.compile(rf"(<!-- table {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
            if pattern.search(text):
                made = make()
                text = pattern.sub(lambda m, made=made: m[1] + made + m[2], text)
        page.write_text(text, encoding="utf-8")
        if page.stem in PLOTS:
            plotted(page.stem, PLOTS[page.stem])


def plotted(post: str, draw: Callable[[Any], tuple[str, str]]) -> None:
    """An SVG beside a page; what draws it returns the words at its axes."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "convcost", "font.size": 10})
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    x, y = draw(axes)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(DOCS / f"{post}.svg", metadata={"Date": None})


def plot_evaluations(axes: Any) -> tuple[str, str]:
    """Post 000."""
    found = [result(f"000-evaluate-{number}") for number in range(1, 7)]
    titles = zip(("with BatchNorm", "without"), COLOURS, strict=False)
    for place, (title, colour) in enumerate(titles):
        networks = [one["networks"][place] for one in found]
        bars(axes, networks, range(1, 7), title, colour, (place - 0.5) * 0.4)
    return "convolutions", "seconds for 12,630 images"


def plot_epochs(axes: Any) -> tuple[str, str]:
    """Post 001."""
    runtimes = zip(("keras-tensorflow", "torch"), COLOURS, strict=False)
    for place, (runtime, colour) in enumerate(runtimes):
        networks = result(f"001-fit-{runtime}")["networks"]
        bars(axes, networks, range(3), runtime, colour, (place - 0.5) * 0.4)
    axes.set_xticks(range(3), ["MLP", "CNN", "CNN, 4 filters"])
    return "", "seconds per epoch"


def plot_kernels(axes: Any) -> tuple[str, str]:
    """Post 003."""
    for padding, colour in zip(("same", "valid"), COLOURS, strict=False):
        networks = result(f"003-step-{padding}")["networks"]
        seconds = [STEPS * network["seconds"]["median"] for network in networks]
        macs = [network["count"]["macs"] for network in networks]
        axes.plot(SIDES, seconds, "o-", color=colour, label=padding)
        scaled = [x / macs[1] * seconds[1] for x in macs]
        axes.plot(SIDES, scaled, ":", color=colour, label=f"{padding}, by MACs")
    axes.set_xticks(SIDES)
    return "side of the kernels", "seconds per epoch"


#: Of the pages that have one.
PLOTS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "000": plot_evaluations,
    "001": plot_epochs,
    "003": plot_kernels,
}


def bars(
    axes: Any, networks: Sequence[dict[str, Any]], places: Sequence[int], title: str, colour: str,
    shift: float,
) -> None:  # fmt: skip
    """A bar per network with its interval."""
    seconds = [network["seconds"] for network in networks]
    middle = [each["median"] for each in seconds]
    below = [each["median"] - each["low"] for each in seconds]
    above = [each["high"] - each["median"] for each in seconds]
    axes.bar([place + shift for place in places], middle, width=0.38, color=colour, label=title,
             yerr=(below, above), capsize=2)  # fmt: skip


if __name__ == "__main__":
    main()
