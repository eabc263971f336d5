"""Keras 3 on TensorFlow."""

from convcost.runtime.rules import Constant, Rules, Runtime

#: Per kernel, wherever its executor runs the ops.
LAUNCH = Constant(
    1.2e-5,
    "benchmarks/launch: 1.9-18 us per op of a tf.function, convolution 12 us, 2-core CPU, "
    "TensorFlow 2.21",
)
#: Per batch of Keras's own loop.
LOOP = Constant(
    1.25e-3,
    "benchmarks/launch: evaluate of a one-weight model on in-memory arrays, per batch, 2-core CPU, "
    "Keras 3.15 on TensorFlow 2.21",
)
#: Of _MklNativeFusedConv2D and _MklNativeFusedDepthwiseConv2dNative.
_CONV_FUNCTIONS = frozenset({"relu", "relu6", "elu", "hard_silu"})
#: Of _MklNativeFusedMatMul.
_MATMUL_FUNCTIONS = frozenset({"relu", "relu6", "leaky_relu", "elu", "sigmoid", "tanh", "gelu"})

RUNTIME = Runtime(
    name="keras-tensorflow",
    title="Keras 3 on TensorFlow",
    frameworks=("keras",),
    reuses="elementwise",  # TensorFlow's kernels forward an input's buffer to their output
    rules={
        "cpu": Rules(
            bias="fused",
            activations=_CONV_FUNCTIONS | {"leaky_relu"},
            activations_of={"depthwise_conv": _CONV_FUNCTIONS, "dense": _MATMUL_FUNCTIONS},
            trained=frozenset({"relu", "relu6", "elu", "tanh", "sigmoid"}),
            unfused=frozenset({"no bias", "dilated", "grouped", "positions"}),
            batch_norm="passes",
            pointwise="product",
            sums=frozenset({"conv"}),
            sums_into="first layer",
            padding=frozenset({"conv"}),
            logits=True,
            launches_overlap=False,
            launch_seconds=LAUNCH,
            loop_seconds=LOOP,
            source=(
                "TensorFlow's profiler on a CPU: convolution with bias, sum and ReLU is one "
                "_MklNativeFusedConv2D, without a bias nothing is fused into it; BatchNorm stays a "
                "Mul and an AddV2 over the whole tensor; tests/frameworks/test_lowering_record.py"
            ),
        ),
        "gpu": Rules(
            bias="fused",
            activations=frozenset({"relu"}),
            batch_norm="kernel",
            pointwise="fused",
            logits=True,
            launches_overlap=True,
            launch_seconds=LAUNCH,
            loop_seconds=LOOP,
            source=(
                "Keras 3 compiles with XLA where a GPU is present (Trainer.compile, "
                "jit_compile='auto'): element-wise chains become one kernel; not tested on a GPU"
            ),
        ),
    },
)
