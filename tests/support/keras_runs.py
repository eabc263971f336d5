"""What the runner of Keras on TensorFlow computes, as JSON: in a process of its own.

TensorFlow's threads can be set once in a process, and Keras's backend is chosen by its import.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from convcost import zoo
from convcost.count.optimizers import OPTIMIZERS
from convcost.count.prepare import frozen
from convcost.errors import ConvcostError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.loss import LOSSES
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.runtime.runners.registry import runner
from convcost.runtime.runners.runner import Job
from convcost.write.keras.model import keras_model

KERAS = runner("keras-tensorflow")
SAME = window(3, padding="same")


NETWORKS = ("seed000", "seed001-cnn", "resnet18?image=64")


def branches(batch: Any = BATCH) -> Any:
    """A layer that is called twice, a sum, batch normalisation, a head."""
    b = Builder("branches")
    image = b.add(Input(Tensor.of(batch=batch, height=8, width=8, channel=16)), name="image")
    conv = Conv(filters=16, windows=SAME)
    x = b.add(conv, image, name="once")
    x = b.add(Activation("relu"), x, name="relu")
    again = b.add(conv, x, name="again", shared_with="once")
    x = b.add(Merge("add"), again, x, name="sum")
    x = b.add(BatchNorm(), x, name="norm")
    x = b.add(Flatten(), x, name="flat")
    b.add(Dense(units=5), x, name="head")
    return b.build()


def kept(watched: Any) -> dict[str, Any]:
    """A watched run as plain values."""
    return {
        "seconds": watched.seconds,
        "spans": [[list(s.layers), s.phase, s.seconds, s.kernel] for s in watched.spans],
    }


def forward(name: str) -> float:
    """The largest difference to ONNX Runtime, of the largest number."""
    net, job = zoo.load(name), Job(batch=2, seed=5, threads=1)
    (found,), (wanted,) = (r.load(net, job).results() for r in (KERAS, runner("onnxruntime")))
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def trained(job: Job) -> tuple[float, float, int]:
    """Change of the trained parameters in two steps; difference to Keras's own; states."""
    net = branches()
    loaded: Any = KERAS.load(net, job)
    loaded.run()
    loaded.watch()
    model = keras_model(net, batch=job.batch, seed=job.seed, exact=False)
    before = [x.numpy() for x in model.trainable_variables]
    same = type(loaded.model.optimizer).from_config(loaded.model.optimizer.get_config())
    model.compile(optimizer=same, loss=loaded.model.loss)
    for _ in range(2):
        model.train_on_batch(loaded.arrays, loaded.targets)
    found, wanted = ([x.numpy() for x in m.trainable_variables] for m in (loaded.model, model))
    change = max(np.abs(a - b).max() for a, b in zip(found, before, strict=True))
    off = max(np.abs(a - b).max() for a, b in zip(found, wanted, strict=True))
    return float(change), float(off / change), len(same.variables)


def refused(net: Any, job: Job) -> str:
    """The error's type and text."""
    try:
        KERAS.load(net, job).run()
    except ConvcostError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


def main() -> None:
    """Print it all."""
    step = {"batch": 4, "training": True, "threads": 1}
    net = branches()
    answer = {
        "forward": {name: forward(name) for name in NETWORKS},
        "inference": kept(KERAS.load(net, Job(batch=4, threads=1)).watch()),
        "training": kept(KERAS.load(net, Job(**step, optimizer="adam")).watch()),
        "gradients": kept(KERAS.load(net, Job(**step)).watch()),
        "trained": {each: trained(Job(**step, optimizer=each, loss="mse")) for each in OPTIMIZERS},
        "losses": {each: trained(Job(**step, optimizer="sgd", loss=each)) for each in LOSSES},
        "evaluate": kept(KERAS.load(net, Job(batch=4, samples=22, loop="evaluate")).watch()),
        "fit": kept(
            KERAS.load(net, Job(**step, samples=24, loop="fit", optimizer="sgd")).watch()
        ),
        "one step": kept(KERAS.load(net, Job(batch=4, samples=3, loop="evaluate")).watch()),
        "refused": {
            "frozen": refused(frozen(net, ["*"]), Job(**step, optimizer="sgd")),
            "samples": refused(branches(4), Job(batch=4, samples=8, loop="evaluate")),
        },
    }  # fmt: skip
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
