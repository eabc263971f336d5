"""PyTorch through torch.compile: what is element-wise is computed while its producer writes."""

from convcost.ops.activation import CHARGES, ROW_FUNCTIONS
from convcost.runtime.rules import Constant, Rules, Runtime

_POINTWISE = frozenset(CHARGES) - ROW_FUNCTIONS
_FUSION = (
    "bias, activation and BatchNorm's affine fused into the convolution's write; published pairs: "
    "vgg_bn/vgg 0.997-1.007 (huggingface/pytorch-image-models results, i9-10940X, torch.compile)"
)
_NO_LOOP = Constant(0.0, "PyTorch has no loop of its own; the time of yours is not included")

RUNTIME = Runtime(
    name="torch-compile",
    title="PyTorch, torch.compile",
    frameworks=(),
    runnable=True,
    rules={
        "cpu": Rules(
            bias="fused",
            activations=_POINTWISE,
            batch_norm="fused",
            pointwise="fused",
            launches_overlap=False,
            launch_seconds=Constant(
                9e-6, "as PyTorch eager: the kernels left are convolutions and matrix products"
            ),
            loop_seconds=_NO_LOOP,
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
            loop_seconds=_NO_LOOP,
            source=f"{_FUSION}; not tested on a GPU",
        ),
    },
)
