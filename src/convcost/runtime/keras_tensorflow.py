"""Keras 3 on TensorFlow."""

from convcost.runtime.rules import Constant, Rules, Runtime

_LAUNCH = Constant(
    1.2e-5,
    "benchmarks/launch: 1.9-18 us per op of a tf.function, convolution 12 us, 2-core CPU, "
    "TensorFlow 2.21",
)
_LOOP = Constant(
    1.25e-3,
    "benchmarks/launch: evaluate of a one-weight model on in-memory arrays, per batch, 2-core CPU, "
    "Keras 3.15 on TensorFlow 2.21",
)

RUNTIME = Runtime(
    name="keras-tensorflow",
    title="Keras 3 on TensorFlow",
    frameworks=("keras",),
    runnable=True,
    reuses="elementwise",  # TensorFlow's kernels forward an input's buffer to their output
    rules={
        "cpu": Rules(
            bias="fused",
            activations=frozenset({"relu", "relu6", "elu", "leaky_relu", "tanh", "sigmoid"}),
            batch_norm="passes",
            pointwise="kernel",
            launches_overlap=False,
            launch_seconds=_LAUNCH,
            loop_seconds=_LOOP,
            source=(
                "TensorFlow's profiler on a CPU: convolution with bias and ReLU is one "
                "_MklNativeFusedConv2D; BatchNorm stays a Mul and an AddV2 over the whole tensor"
            ),
        ),
        "gpu": Rules(
            bias="fused",
            activations=frozenset({"relu"}),
            batch_norm="kernel",
            pointwise="fused",
            launches_overlap=True,
            launch_seconds=_LAUNCH,
            loop_seconds=_LOOP,
            source=(
                "Keras 3 compiles with XLA where a GPU is present (Trainer.compile, "
                "jit_compile='auto'): element-wise chains become one kernel; not tested on a GPU"
            ),
        ),
    },
)
