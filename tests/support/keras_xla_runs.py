"""What the runner of Keras on TensorFlow with XLA computes, beside the one without, as JSON.

In a process of its own: TensorFlow's threads can be set once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from convcost import zoo
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.cell import Cell
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.recurrent import Recurrent
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job
from support.keras_runs import branches, kept

PLAIN, XLA = runner("keras-tensorflow"), runner("keras-tensorflow-xla")
NETWORKS = ("seed000", "seed001-cnn", "inception-v3-block")
STEP = {"batch": 4, "training": True, "threads": 1}


def sequence() -> Any:
    """A loop over time, whose kernels run in a loop of the program."""
    b = Builder("sequence")
    words = b.add(Input(Tensor.of(batch=BATCH, time=7, feature=6)), name="words")
    x = b.add(Recurrent(cells=(Cell(function="lstm", units=8),)), words, name="loop over time")
    b.add(Dense(units=3), x, name="head")
    return b.build()


def forward(net: Any) -> float:
    """The largest difference to the results without XLA, of the largest number."""
    job = Job(batch=2, seed=5, threads=1)
    (found,), (wanted,) = (each.load(net, job).results() for each in (XLA, PLAIN))
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def trained(job: Job) -> tuple[float, float]:
    """Change of the parameters in two runs; the difference to those without XLA."""
    after = []
    for each in (XLA, PLAIN):
        loaded: Any = each.load(branches(), job)
        before = [x.numpy() for x in loaded.model.trainable_variables]
        loaded.run()
        loaded.watch()
        after.append([x.numpy() for x in loaded.model.trainable_variables])
    change = max(np.abs(a - b).max() for a, b in zip(after[0], before, strict=True))
    off = max(np.abs(a - b).max() for a, b in zip(*after, strict=True))
    return float(change), float(off / change)


def watched(net: Any, **job: Any) -> Any:
    return kept(XLA.load(net, Job(**job)).watch())


def main() -> None:
    """Print it all."""
    net = branches()
    # a program of more layers, which stays in the process while others are recorded
    XLA.load(zoo.load("resnet18?image=32"), Job(batch=1, threads=1)).run()
    loop = {"samples": 22, "threads": 1, "batch": 4}
    answer = {
        "forward": {name: forward(zoo.load(name)) for name in NETWORKS},
        "sequence": forward(sequence()),
        "step": trained(Job(**STEP, optimizer="adam")),
        "fit": trained(Job(**STEP, samples=4, loop="fit", optimizer="momentum")),
        "watched": {
            "inference": watched(net, batch=4, threads=1),
            "gradients": watched(net, **STEP),
            "training": watched(net, **STEP, optimizer="adam"),
            "evaluate": watched(net, **loop, loop="evaluate"),
            "fit": watched(net, **loop, loop="fit", training=True, optimizer="sgd"),
            "sequence": watched(sequence(), batch=4, threads=1),
        },
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
