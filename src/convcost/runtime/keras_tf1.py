"""Keras on TensorFlow 1: historical, every step a pass of its own."""

from convcost.runtime.rules import Constant, Rules, Runtime

_RULES = {
    "bias": "pass",
    "activations": frozenset(),
    "batch_norm": "passes",
    "pointwise": "kernel",
    "launch_seconds": Constant(
        1.2e-5, "taken from keras-tensorflow: the same executor runs the ops (benchmarks/launch)"
    ),
    "loop_seconds": Constant(1.25e-3, "taken from keras-tensorflow (benchmarks/launch)"),
    "source": (
        "keras-team/keras#10058: at inference BatchNormalization takes the non-fused op, a "
        "multiplication and an addition over the tensor; BiasAdd and Relu are ops of their own"
    ),
}

RUNTIME = Runtime(
    name="keras-tf1",
    title="Keras on TensorFlow 1 (historical)",
    frameworks=(),
    runnable=False,
    reuses="elementwise",
    rules={
        "cpu": Rules(**_RULES, launches_overlap=False),  # type: ignore[arg-type]
        "gpu": Rules(**_RULES, launches_overlap=True),  # type: ignore[arg-type]
    },
)
