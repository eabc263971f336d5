"""The process that runs a network on given numbers: `python -m convcost.rewrite.running.worker`.

Lines are passed as `convcost.measure.serving` has it, arrays in files of the order's folder.

    {"network": TEXT, "runtime": NAME, "folder": PATH, "ids": [...], "job": {...}}
    {"outputs": 1}    {"outputs": 2}: of one input in0.npy the results out0.npy and out1.npy

    {..., "lesson": {...}}, in the place of a job, trains
    {"epoch": 3}      {"seconds": ..., "loss": ..., "accuracy": ...}
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.measure.serving import die_with_parent, ordered, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.runtime.runners.learning import Learner
    from convcost.runtime.runners.runner import Loaded


def _loaded(order: Mapping[str, Any]) -> tuple[tuple[Loaded | Learner, Path], dict[str, str]]:
    from convcost.rewrite.running.valued import with_saved
    from convcost.runtime.runners.registry import runner
    from convcost.runtime.runners.runner import Job

    found, network, versions = ordered(order, runner)
    folder = Path(order["folder"])
    network = with_saved(network, folder / order.get("values", "values.npz"), order["ids"])
    if "lesson" in order:
        from convcost.rewrite.training.lessons import lesson_of

        return (found.learner(network, lesson_of(order["lesson"])), folder), versions
    return (found.load(network, Job(**order["job"])), folder), versions


def _done(running: tuple[Any, Path], command: Mapping[str, Any]) -> dict[str, Any]:
    loaded, folder = running
    if "epoch" in command:
        return asdict(loaded.epoch(command["epoch"]))
    import numpy as np

    inputs = [
        np.load(folder / f"in{place}.npy", allow_pickle=False)
        for place in range(command["outputs"])
    ]
    results = loaded.outputs(inputs)
    for place, array in enumerate(results):
        np.save(folder / f"out{place}.npy", np.asarray(array), allow_pickle=False)
    return {"outputs": len(results)}


if __name__ == "__main__":
    die_with_parent()  # before anything that takes long
    serve(_loaded, _done)
