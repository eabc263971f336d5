"""PyTorch through torch.compile: what is element-wise is computed while its producer writes."""

from dataclasses import replace

from convcost.ops.activation import ACTIVATIONS, ROW_FUNCTIONS
from convcost.runtime import torch_eager
from convcost.runtime.rules import Constant, Rules, Runtime

_POINTWISE = frozenset(ACTIVATIONS) - ROW_FUNCTIONS
_FUSION = (
    "bias, activation and BatchNorm's affine fused into the convolution's write; published pairs: "
    "vgg_bn/vgg 0.997-1.007 (huggingface/pytorch-image-models results, i9-10940X, torch.compile)"
)

RUNTIME = Runtime(
    name="torch-compile",
    title="PyTorch, torch.compile",
    frameworks=(),
    rules={
        "cpu": Rules(
            bias="fused",
            activations=_POINTWISE,
            batch_norm="fused",
            pointwise="fused",
            launches_overlap=False,
            launch_seconds=replace(
                torch_eager.LAUNCH,
                source="as PyTorch eager: the kernels left are convolutions and matrix products",
            ),
            loop_seconds=torch_eager.LOOP,
            source=_FUSION,
        ),
        "gpu": Rules(
            bias="fused",
            activations=_POINTWISE,
            batch_norm="fused",
            pointwise="fused",
            launches_overlap=True,
            launch_seconds=Constant(
                9.6e-6,
                "NVIDIA, Getting Started with CUDA Graphs (2019): 9.6 us per launched short kernel",
            ),
            loop_seconds=torch_eager.LOOP,
            source=f"{_FUSION}; not tested on a GPU",
        ),
    },
)
