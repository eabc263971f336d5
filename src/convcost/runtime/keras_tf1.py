"""Keras on TensorFlow 1: historical, every step a pass of its own."""

from dataclasses import replace

from convcost.runtime import keras_tensorflow
from convcost.runtime.rules import Rules, Runtime

_RULES = Rules(
    bias="pass",
    activations=frozenset(),
    batch_norm="passes",
    pointwise="kernel",
    launches_overlap=False,
    launch_seconds=replace(
        keras_tensorflow.LAUNCH,
        source="taken from keras-tensorflow: the same executor runs the ops (benchmarks/launch)",
    ),
    loop_seconds=replace(
        keras_tensorflow.LOOP, source="taken from keras-tensorflow (benchmarks/launch)"
    ),
    source=(
        "keras-team/keras#10058: at inference BatchNormalization takes the non-fused op, a "
        "multiplication and an addition over the tensor; BiasAdd and Relu are ops of their own"
    ),
)

RUNTIME = Runtime(
    name="keras-tf1",
    title="Keras on TensorFlow 1 (historical)",
    frameworks=(),
    reuses="elementwise",
    rules={"cpu": _RULES, "gpu": replace(_RULES, launches_overlap=True)},
)
