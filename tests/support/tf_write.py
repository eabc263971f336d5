"""Networks written as Keras models that run on TensorFlow, beside onnxruntime: run as a script.

A process of its own, since Keras keeps the backend that it is first imported with. Prints one JSON
object: name -> [largest difference of the outputs by their largest value, whether the ledger of
the model read back is the same, and that of its file].
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

import convcost
from convcost import zoo
from convcost.write.files import save_networks
from convcost.write.keras.model import keras_model
from support.random_networks import networks
from support.written import onnx_outputs, totals

ZOO = ("inception-v1-block", "mobilenet?image=64", "seed000")
RANDOM = 8


def compared(net: Any, file: Path) -> tuple[float, bool, bool]:
    shape = [size if isinstance(size, int) else 2 for size in net.layers[0].outputs[0].shape]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    model = keras_model(net)
    found = model.predict(x, verbose=0)
    (wanted,) = onnx_outputs(net, [x])
    save_networks([net], file, force=True)
    counts = [totals(convcost.read(source)) == totals(net) for source in (model, file)]
    return float(np.abs(found - wanted).max() / np.abs(wanted).max()), *counts


def main() -> None:
    assert keras.backend.backend() == "tensorflow"
    warnings.simplefilter("ignore")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        for name in ZOO:
            found[name] = compared(zoo.load(name), file)
        random.seed(0)
        for number in range(RANDOM):
            found[f"random {number}"] = compared(networks().example(), file)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
