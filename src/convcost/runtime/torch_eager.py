"""PyTorch in eager mode: one kernel per op."""

from convcost.runtime.rules import Constant, Rules, Runtime

#: Per kernel on a CPU.
LAUNCH = Constant(
    9e-6, "benchmarks/launch: 2.4-15 us per op, convolution 9 us, 2-core CPU, torch 2.13"
)
LOOP = Constant(0.0, "PyTorch has no loop of its own; the time of yours is not included")

RUNTIME = Runtime(
    name="torch",
    title="PyTorch, eager",
    frameworks=("torch",),
    saved="torch",
    rules={
        "cpu": Rules(
            bias="fused",
            activations=frozenset(),
            batch_norm="kernel",
            pointwise="kernel",
            launches_overlap=False,
            launch_seconds=LAUNCH,
            loop_seconds=LOOP,
            source="oneDNN convolution with bias; every other module is an ATen op of its own",
        ),
        "gpu": Rules(
            bias="fused",
            activations=frozenset(),
            batch_norm="kernel",
            pointwise="kernel",
            launches_overlap=True,
            launch_seconds=Constant(
                5.9e-5,
                "NVIDIA DeepLearningExamples, ResNet-50 v1.5, V100, FP32 inference: 10.4 ms from "
                "batch 1 to 4, over 175 ops",
            ),
            loop_seconds=LOOP,
            source="one cuDNN or ATen kernel per op; not tested on a GPU",
        ),
    },
)
