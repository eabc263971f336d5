"""ONNX Runtime on the CPU: folded, fused, and in blocks of channels."""

from convcost.runtime.rules import Blocks, Constant, Rules, Runtime

_CONVOLUTIONS = frozenset({"conv", "depthwise_conv", "separable_conv"})
#: Of its FusedConv and its convolution in blocks.
_CONV_FUNCTIONS = frozenset(
    {"relu", "relu6", "hard_tanh", "leaky_relu", "sigmoid", "tanh", "hard_sigmoid"}
)
#: Of its FusedGemm.
_GEMM_FUNCTIONS = frozenset(
    {"relu", "leaky_relu", "elu", "sigmoid", "tanh", "softplus", "selu", "hard_sigmoid",
     "softsign", "threshold"}
)  # fmt: skip
#: Of what is in blocks already.
_IN_BLOCKS = frozenset({"relu", "sigmoid", "tanh", "hard_sigmoid", "hard_silu"})
#: Sums and normalisations as layers take no function but these.
_NONE: frozenset[str] = frozenset()

RUNTIME = Runtime(
    name="onnxruntime",
    title="ONNX Runtime",
    frameworks=("onnx",),
    trains=False,
    rules={
        "cpu": Rules(
            bias="fused",
            activations=_CONV_FUNCTIONS,
            activations_of={"dense": _GEMM_FUNCTIONS, "merge": _NONE, "batch_norm": _NONE},
            unfused=frozenset({"positions"}),
            batch_norm="folded",
            pointwise="product",
            sums=frozenset({"conv", "separable_conv"}),
            padding=_CONVOLUTIONS | {"pool average"},
            blocks=Blocks(
                size=16,
                multiple=4,
                functions=_IN_BLOCKS | {"silu", "gelu"},
                fused=_IN_BLOCKS,
                sums=_CONVOLUTIONS | {"batch_norm"},
            ),
            launches_overlap=False,
            launch_seconds=Constant(
                9e-7,
                "benchmarks/launch: 0.4-1.1 us per node, convolution 0.9 us, 2-core CPU, "
                "onnxruntime 1.31",
            ),
            loop_seconds=Constant(
                1.1e-5,
                "benchmarks/launch: a run of a session with one node, 2-core CPU, onnxruntime 1.31",
            ),
            source=(
                "the record of its profiler, and its NchwcTransformer: convolutions, poolings and "
                "what is element-wise between them work in blocks of 16 channels (AVX-512; 8 on "
                "narrower vectors); tests/frameworks/test_lowering_record.py"
            ),
        ),
    },
)
