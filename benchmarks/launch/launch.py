"""What one launch costs: tiny ops, where neither arithmetic nor memory matters.

Run it where PyTorch and TensorFlow with Keras are installed; it prints microseconds per op and per
batch of the framework's loop. The figures stand, with the machine they were taken on, as constants
in `src/convcost/runtime/`.

    python benchmarks/launch/launch.py
"""

import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

OPS = 200
ROUNDS = 15


def seconds(run) -> float:
    """Median over rounds of a call, after two warm-up calls."""
    run(), run()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def torch_eager() -> dict[str, float]:
    import torch

    torch.set_num_threads(os.cpu_count())
    figures = {}
    modules = {
        "relu": (torch.nn.ReLU(), torch.ones(1, 8)),
        "batch_norm": (torch.nn.BatchNorm2d(8).eval(), torch.ones(1, 8, 2, 2)),
        "conv 1x1": (torch.nn.Conv2d(8, 8, 1), torch.ones(1, 8, 2, 2)),
        "linear": (torch.nn.Linear(8, 8), torch.ones(1, 8)),
    }
    with torch.no_grad():
        for name, (module, x) in modules.items():
            net = torch.nn.Sequential(*[module] * OPS)
            figures[f"torch eager, {name}"] = seconds(lambda net=net, x=x: net(x)) / OPS
    return figures


def tensorflow_graph() -> dict[str, float]:
    import tensorflow as tf

    def chain(step):
        @tf.function(jit_compile=False)
        def run(x):
            for _ in range(OPS):
                x = step(x)
            return x

        return run

    kernel = tf.Variable(tf.ones((1, 1, 8, 8)) / 8)
    steps = {
        "cumsum": (lambda x: tf.cumsum(x, axis=1), tf.ones((1, 8))),
        "conv 1x1": (lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"), tf.ones((1, 2, 2, 8))),
    }
    figures = {}
    for name, (step, x) in steps.items():
        run = chain(step)
        figures[f"tensorflow graph, {name}"] = seconds(lambda run=run, x=x: run(x)) / OPS
    return figures


def keras_loop() -> dict[str, float]:
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((32 * OPS, 8), "float32"), np.ones((32 * OPS, 1), "float32")
    return {
        "keras on tensorflow, evaluate, per batch of 32": seconds(
            lambda: model.evaluate(x, y, batch_size=32, verbose=0)
        )
        / OPS
    }


def main() -> None:
    for part in (torch_eager, tensorflow_graph, keras_loop):
        try:
            figures = part()
        except ImportError as error:
            print(f"{part.__name__}: not installed ({error.name})", file=sys.stderr)
            continue
        for name, value in figures.items():
            print(f"{name:50s} {1e6 * value:8.1f} us")


if __name__ == "__main__":
    main()
