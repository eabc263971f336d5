"""What one launch costs: tiny ops, where neither arithmetic nor memory matters.

Run it where PyTorch, TensorFlow with Keras, and ONNX Runtime are installed; it prints microseconds
per op and per batch of the framework's loop. The figures stand, with the machine they were taken
on, as constants in `src/convcost/runtime/`.

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


def onnx_runtime() -> dict[str, float]:
    """Chains of nodes as they are written, and a run that has one node only."""
    import numpy as np

    kernel, matrix = np.ones((8, 8, 1, 1), "float32") / 8, np.ones((8, 8), "float32") / 8
    chains = {
        "sin": ("Sin", None, (1, 8)),
        "conv 1x1": ("Conv", kernel, (1, 8, 2, 2)),
        "matmul": ("MatMul", matrix, (1, 8)),
    }
    figures = {
        f"onnxruntime, {name}": seconds(onnx_chain(*chain, nodes=OPS)) / OPS
        for name, chain in chains.items()
    }
    return figures | {"onnxruntime, a run of one node": seconds(onnx_chain(*chains["sin"]))}


def onnx_chain(op, weights, shape, nodes=1):
    """A run of a session whose nodes no optimisation joins."""
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    stored = [] if weights is None else [numpy_helper.from_array(weights, "weights")]
    more = [each.name for each in stored]
    chain = [helper.make_node(op, [f"x{n}", *more], [f"x{n + 1}"]) for n in range(nodes)]
    first, last = (
        helper.make_tensor_value_info(end, TensorProto.FLOAT, shape) for end in ("x0", f"x{nodes}")
    )
    graph = helper.make_graph(chain, op, [first], [last], stored)
    opset = helper.make_opsetid("", 18)
    model = helper.make_model(graph, ir_version=10, opset_imports=[opset])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feed = {"x0": np.ones(shape, "float32")}
    return lambda: session.run(None, feed)


def tensorflow_graph(*, xla: bool = False) -> dict[str, float]:
    import tensorflow as tf

    def chain(step):
        @tf.function(jit_compile=xla)
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
        figures[f"tensorflow {'xla' if xla else 'graph'}, {name}"] = (
            seconds(lambda run=run, x=x: run(x)) / OPS
        )
    return figures


def tensorflow_xla() -> dict[str, float]:
    return tensorflow_graph(xla=True)


def keras_loop_xla() -> dict[str, float]:
    return keras_loop(jit_compile=True)


def keras_loop(*, jit_compile: bool = False) -> dict[str, float]:
    import keras
    import numpy as np

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=jit_compile)
    x, y = np.ones((32 * OPS, 8), "float32"), np.ones((32 * OPS, 1), "float32")
    return {
        f"keras on tensorflow{', xla' * jit_compile}, evaluate, per batch of 32": seconds(
            lambda: model.evaluate(x, y, batch_size=32, verbose=0)
        )
        / OPS
    }


def main() -> None:
    for part in (
        torch_eager,
        onnx_runtime,
        tensorflow_graph,
        tensorflow_xla,
        keras_loop,
        keras_loop_xla,
    ):
        try:
            figures = part()
        except ImportError as error:
            print(f"{part.__name__}: not installed ({error.name})", file=sys.stderr)
            continue
        for name, value in figures.items():
            print(f"{name:50s} {1e6 * value:8.1f} us")


if __name__ == "__main__":
    main()
