"""The tables of docs/seeds/004.md: counted, predicted by data sheet, and what is in results/."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from inception_steps import STEPS, naive_module
from pages import RESULTS, table

import convcost
from convcost.count import Workload
from convcost.count.ledger import count
from convcost.count.receptive_field import receptive_field
from convcost.ops.window import window
from convcost.rewrite.registry import rewrite_of
from convcost.units import format_count, format_ratio, format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from inception_steps import Step

    from convcost.network.network import Network

#: Whose data sheet predicts.
DEVICE = "laptop-cpu"
RUNTIMES = ("keras-tensorflow", "onnxruntime", "torch")
#: Where the steps are measured, in batches of so many samples.
MEASURED = ("onnxruntime", "torch")
SAMPLES = 8
NETWORKS = {
    "GoogLeNet (v1)": "zoo:googlenet",
    "Inception v3": "zoo:inception-v3",
    "Xception": "zoo:xception",
}


def places() -> Iterator[tuple[str, Step, Mapping[str, int]]]:
    """Every place of every step, with its sizes."""
    for step in STEPS:
        for name, sizes in step.sizes.items():
            yield name, step, sizes


def path_of(step: Step, place: str, runtime: str) -> Path:
    """Where a measurement is kept."""
    where = re.sub(r"[^a-z0-9]+", "-", place.lower()).strip("-")
    return RESULTS / f"004-{step.name}-{where}-{runtime}.json"


def formula(net: Network) -> str:
    """The MACs per sample in symbols."""
    rows = count(net, Workload(), symbolic=True).layers
    return " + ".join(row.formulas.time for row in rows if row.formulas.time)


def weights(net: Network) -> str:
    """The parameters in symbols."""
    return str(count(net, Workload(), symbolic=True).total.parameters)


def formulas() -> str:
    """What the post has in formulas, and convcost's law of the rewrite."""
    rows = []
    for step in STEPS:
        before, after = step.networks()
        rows.append([
            step.title, *(f"`{formula(net)}`" for net in (before, after)),
            *(f"`{weights(net)}`" for net in (before, after)), f"`{step.rewrite}`",
        ])  # fmt: skip
    return texts(["step", "MACs before", "after", "weights before", "after", "rewrite"], rows)


def laws() -> str:
    """When each saves anything."""
    lines = (f"- `{step.rewrite}`: {rewrite_of(step.rewrite).law}" for step in STEPS)
    return "\n".join(lines).replace("*", r"\*")


def counted() -> str:
    """The same networks with numbers."""
    rows = []
    for name, step, sizes in places():
        totals = [convcost.count(net).total for net in step.networks(sizes)]
        macs = [total.forward.macs for total in totals]
        learned = [total.parameters for total in totals]
        rows.append([
            f"{step.title}: {name}", f"{macs[0]:,}", f"{macs[1]:,}",
            format_ratio(macs[1] / macs[0]), f"{learned[0]:,}", f"{learned[1]:,}",
            *map(field, step.networks(sizes)),
        ])  # fmt: skip
    head = ["step", "MACs before", "after", "after / before", "weights before", "after",
            "receptive field before", "after"]  # fmt: skip
    return table(head, rows)


def texts(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts, not of numbers."""
    return table(head, rows).replace("---:", "---")


def field(net: Network) -> str:
    """What a position of the result reads."""
    axes = receptive_field(net)[net.layers[-1].name].axes
    if all(span.whole for span in axes.values()):
        return "all"
    return "x".join(str(span.size) for span in axes.values())


def predicted() -> str:
    """Time after over before by data sheet, a batch of 8."""
    rows = []
    for name, step, sizes in places():
        both = step.networks(sizes)
        times = [
            [convcost.predict(net, runtime=runtime, device=DEVICE, batch=SAMPLES).seconds.value
             for net in both]
            for runtime in RUNTIMES
        ]  # fmt: skip
        macs = [convcost.count(net).total.forward.macs for net in both]
        rows.append([f"{step.title}: {name}", format_ratio(macs[1] / macs[0]),
                     *(format_ratio(after / before) for before, after in times)])  # fmt: skip
    return table(["step", "MACs", *RUNTIMES], rows)


def steps_measured() -> str:
    """What was measured, beside what the profile predicted."""
    rows = []
    for runtime in MEASURED:
        for name, step, _ in places():
            path = path_of(step, name, runtime)
            if path.exists():
                rows.append(
                    [f"{step.title}: {name}", runtime, *cells(json.loads(path.read_text()))]
                )
    if not rows:
        return "(no results of `inception.py --measure`)"
    return table(["step", "runtime", "before", "after", "by prediction", "after / before"], rows)


def cells(found: dict[str, Any]) -> list[str]:
    """Times and ratios of a step."""
    times = [format_seconds(seconds) for seconds in found["seconds"]]
    ratios = []
    for each in (found["predicted"], found["ratio"]):
        value, low, high = (format_ratio(each[end]) for end in ("value", "low", "high"))
        ratios.append(f"{value} ({low} to {high})")
    return [*times, *ratios]


def module() -> str:
    """GoogLeNet's first module with and without its 1x1 convolutions."""
    nets = {"without": naive_module(), "with": convcost.read("zoo:inception-v1-block?block=3a")}
    rows = []
    for name, net in nets.items():
        total = convcost.count(net).total
        channels = net.layers[-1].outputs[0].size("channel")
        rows.append([f"{name} 1x1", f"{total.parameters:,}", f"{total.forward.macs:,}",
                     str(channels)])  # fmt: skip
    return table(["module 3a", "parameters", "MACs", "channels that it returns"], rows)


def whole() -> str:
    """The networks that came of it."""
    rows = []
    for name, source in NETWORKS.items():
        net = convcost.read(source)
        total = convcost.count(net).total
        times = [convcost.predict(net, runtime=runtime, device=DEVICE).seconds.value
                 for runtime in RUNTIMES]  # fmt: skip
        rows.append([name, f"{total.parameters:,}", f"{total.statistics:,}",
                     format_count(total.forward.macs), *map(format_seconds, times)])  # fmt: skip
    return table(["network", "parameters", "statistics", "MACs", *RUNTIMES], rows)


def convolution() -> str:
    """The post's formula, by the ledger."""
    net = convcost.read("zoo:seed004")
    found = count(net, Workload(), symbolic=True)
    row = found.layers[-1]
    named = [f"{name} = {size}" for name, size in found.definitions.items()]
    rows = [["time: MACs per image", f"`{row.formulas.time}`"],
            ["space: weights + output values", f"`{row.formulas.space}`"],
            *(["where", f"`{text}`"] for text in named)]  # fmt: skip
    return texts(["of a layer", "formula"], rows)


def padding() -> str:
    """What SAME adds."""
    rows = []
    for kernel, stride in ((3, 1), (5, 1), (7, 1), (3, 2), (7, 2)):
        sides = (32, 33)
        pads = [sum(window(kernel, stride, padding="same")[0].pads(side)) for side in sides]
        rows.append([f"{kernel}x{kernel}, stride {stride}", *map(str, pads)])
    return table(["kernel", "32 pixels", "33 pixels"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "convolution": convolution,
    "padding": padding,
    "formulas": formulas,
    "laws": laws,
    "counted": counted,
    "module": module,
    "predicted": predicted,
    "steps": steps_measured,
    "whole": whole,
}
