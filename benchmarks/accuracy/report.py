"""Tables of results/ beside what simpler predictions would have been.

    python benchmarks/accuracy/report.py > benchmarks/accuracy/results.md

Errors are |predicted / measured - 1|. The baselines are fitted to the same measured networks, each
network left out of its own fit. The floor is how far two measurements of the same network are
apart, the odd processes one and the even ones the other: no prediction can be closer than that.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from convcost.measure.statistics import of_processes, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"
HEAD = ("prediction", "networks", "median error", "mean error", "within 10 %", "within 20 %",
        "rank correlation", "in the band")  # fmt: skip


TITLE = """# How good calibrated predictions are

Networks that calibration never saw, predicted from a profile of ten minutes and measured in six
processes, in turn with the parts of the calibration (`accuracy.py --calibrate 10min`; onnxruntime:
right after it). Errors are |predicted / measured - 1|. The other predictions are fitted to the same
measurements, each network left out of its own fit. The floor is how far two halves of the processes
are apart. `python benchmarks/accuracy/report.py` makes this page of results/.
"""


def main() -> None:
    """Print a section per runtime and mode."""
    print(TITLE)
    for path in sorted(RESULTS.glob("*-*.json")):
        found = json.loads(path.read_text())
        cases = {k: v | timed(v["rounds"]) for k, v in found["cases"].items() if "layers" in v}
        stable = {k: v for k, v in cases.items() if v["verdict"] == "stable"}
        about = found["about"]
        versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        print(f"## {path.stem}\n")
        print(f"{about['date']}, {about['machine']}, {about['threads']} threads; {versions}. "
              f"{len(stable)} of {len(cases)} measurements were `stable`.\n")  # fmt: skip
        for name, chosen in (("stable", stable), ("all", cases)):
            if len(chosen) > 3:
                section(name, list(chosen.values()))
        whole(cases)
        for name, case in found["cases"].items():
            if "refused" in case:
                print(f"{name}: {case['refused']}\n")


def timed(rounds: Sequence[Sequence[float]]) -> dict[str, Any]:
    """What the turns of all processes say, and how far half of the processes are from the rest."""
    processes = [len(turns) for turns in rounds]
    samples = [seconds for turns in rounds for seconds in turns]
    found = of_processes(samples, processes)
    medians = [median(turns) for turns in rounds]
    return {
        "measured": found.to_dict(),
        "floor": abs(median(medians[::2]) / median(medians[1::2]) - 1),
        "verdict": verdict(samples, processes, [False] * len(samples)).name,
    }


def section(name: str, cases: Sequence[dict[str, Any]]) -> None:
    """The errors of all predictions of some networks."""
    measured = np.array([case["measured"]["median"] for case in cases])
    floor = np.median([case["floor"] for case in cases])
    macs, acts = (np.array([case[k] for case in cases], float) for k in ("macs", "activations"))
    one = np.ones(len(cases))
    print(f"{name}: floor {100 * floor:.1f} %, layers {layers(cases)}\n")
    print(f"| {' | '.join(HEAD)} |\n|---|{'---:|' * (len(HEAD) - 1)}")
    low, high = (np.array([case["predicted"][k] for case in cases]) for k in ("low", "high"))
    inside = f"{100 * np.mean((low <= measured) & (measured <= high)):.0f} %"
    predicted = np.array([case["predicted"]["value"] for case in cases])
    row("calibrated", predicted, measured, inside)
    row("data sheet", np.array([case["data_sheet"] for case in cases]), measured)
    row("MACs x constant", left_out([macs], measured), measured)
    row("a + b MACs + c activations", left_out([one, macs, acts], measured), measured)
    print()


def left_out(terms: Sequence[Any], measured: Any) -> Any:
    """Each predicted by a fit of relative errors to the others."""
    from scipy.optimize import nnls

    table = np.stack(terms, axis=1)
    scale = table.max(axis=0)
    relative = table / scale / measured[:, None]
    found = np.empty(len(measured))
    for place in range(len(measured)):
        others = np.arange(len(measured)) != place
        factors, _ = nnls(relative[others], np.ones(others.sum()))
        found[place] = table[place] / scale @ factors
    return found


def row(name: str, predicted: Any, measured: Any, inside: str = "") -> None:
    """One prediction's errors."""
    error = np.abs(predicted / measured - 1)
    ranks = [np.argsort(np.argsort(values)) for values in (predicted, measured)]
    cells = (
        name, str(len(error)), f"{100 * np.median(error):.1f} %", f"{100 * error.mean():.1f} %",
        f"{100 * np.mean(error <= 0.1):.0f} %", f"{100 * np.mean(error <= 0.2):.0f} %",
        f"{np.corrcoef(*ranks)[0, 1]:.3f}", inside,
    )  # fmt: skip
    print(f"| {' | '.join(cells)} |")


def layers(cases: Sequence[dict[str, Any]]) -> str:
    """The errors of layers, each weighted by its share of its network's time."""
    errors, weights = [], []
    for case in cases:
        for names, seconds in case["layers"]:
            if names and seconds > 0:
                predicted = sum(case["predicted_layers"][name] for name in names)
                errors.append(abs(predicted / seconds - 1))
                weights.append(seconds / case["measured"]["median"])
    return (
        f"median {100 * np.median(errors):.1f} %, "
        f"weighted mean {100 * np.average(errors, weights=weights):.1f} %"
    )


def whole(cases: dict[str, dict[str, Any]]) -> None:
    """Every network."""
    print("| network | predicted | measured | predicted / measured | verdict |\n"
          "|---|---:|---:|---:|---|")  # fmt: skip
    for name, case in cases.items():
        predicted, measured = case["predicted"], case["measured"]
        print(
            f"| {name} | {1e3 * predicted['value']:.2f} ({1e3 * predicted['low']:.2f} to "
            f"{1e3 * predicted['high']:.2f}) ms | {1e3 * measured['median']:.2f} "
            f"({1e3 * measured['low']:.2f} to {1e3 * measured['high']:.2f}) ms | "
            f"{predicted['value'] / measured['median']:.2f} | {case['verdict']} |"
        )
    print()


if __name__ == "__main__":
    main()
