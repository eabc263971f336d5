"""The tables of `vgg.py`, of what it has kept."""

from __future__ import annotations

from typing import Any

from cases import ratio_text, table, time_text

from convcost.units import format_count, format_ratio


def picks_table(found: dict[str, dict[str, Any]]) -> str:
    """A row per pick."""
    rows = [
        [
            key.removesuffix(", picked"), pick["name"], pick["text"], format_count(pick["macs"]),
            format_count(pick["parameters"]), format_ratio(pick["inference"]),
            format_ratio(pick["training"]),
        ]
        for key, case in found.items() for pick in case.get("picks", ())
    ]  # fmt: skip
    head = ["data, runtime", "rewrite", "what", "MACs", "parameters", "inference, predicted",
            "training step, predicted"]  # fmt: skip
    return table(head, rows)


def vgg_table(found: dict[str, dict[str, Any]]) -> str:
    """A row per data set and runtime."""
    rows = []
    for key, case in found.items():
        if not key.endswith(", accuracy"):
            continue
        name = key.removesuffix(", accuracy")
        cells = []
        for kind in ("inference", "training step"):
            measured = found[f"{name}, {kind}"]
            before, after = map(time_text, measured["seconds"])
            cells += [f"{before} -> {after}", ratio_text(measured["ratios"][0])]
        rows.append([
            name, *cells, accuracy(case["before"]["accuracy"]), accuracy(case["after"]["accuracy"]),
            points(case["gained"]),
        ])  # fmt: skip
    head = ["data, runtime", "inference", "ratio", "training step", "ratio", "accuracy before",
            "after", "gained"]  # fmt: skip
    return table(head, rows)


def accuracy(mean: dict[str, Any]) -> str:
    """In percent."""
    return f"{100 * mean['mean']:.2f} %"


def points(mean: dict[str, Any]) -> str:
    """A difference of accuracies with its interval."""
    low, middle, high = (f"{100 * (mean[x] or 0.0):+.2f}" for x in ("low", "mean", "high"))
    return f"{middle} points ({low} to {high})"


def lenet_text(found: dict[str, dict[str, Any]]) -> str:
    """What is said of LeNet."""
    lines = []
    for key, case in found.items():
        if not key.startswith("lenet"):
            continue
        first, worth = case["candidates"][0], case["worth_it"]
        measured = ratio_text(case["ratios"][0]) if "ratios" in case else case["refused"]
        lines.append(
            f"- {key}, batch 1: {len(worth)} of {len(case['candidates'])} candidates worth it; the "
            f"first, {first['name']}: {first['verdict']}, {first['reason']}; measured {measured}"
        )
    return "\n".join(lines)
