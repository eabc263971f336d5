"""Keras 3 on TensorFlow with XLA: what is element-wise is fused, products are not."""

from dataclasses import replace

from convcost.ops.activation import ACTIVATIONS, ROW_FUNCTIONS
from convcost.runtime import keras_tensorflow
from convcost.runtime.rules import Constant, Rules, Runtime

RUNTIME = Runtime(
    name="keras-tensorflow-xla",
    title="Keras 3 on TensorFlow, compiled by XLA",
    frameworks=(),
    reuses="elementwise",  # XLA assigns a fusion's result to a buffer of its operands
    rules={
        "cpu": Rules(
            bias="pass",
            activations=frozenset(ACTIVATIONS) - ROW_FUNCTIONS,
            batch_norm="fused",
            pointwise="chain",
            launches_overlap=False,
            launch_seconds=Constant(
                3e-6,
                "benchmarks/launch: 1.0-3.2 us per kernel of a compiled chain, convolution 3 us, "
                "2-core CPU, TensorFlow 2.21",
            ),
            loop_seconds=replace(
                keras_tensorflow.LOOP,
                source="taken from keras-tensorflow: evaluate of benchmarks/launch's one-weight "
                "model takes as long with XLA (median ratio 1.02 of 12 pairs, 2-core CPU)",
            ),
            source=(
                "the compiled programs that TensorFlow's profiler records: convolutions and matrix "
                "products are kernels of their own; the bias and all that is element by element up "
                "to the next one is one fusion, BatchNorm at inference included"
            ),
        ),
    },
)
