"""VGG-16 (seed 002)."""

from typing import TYPE_CHECKING, Annotated

from convcost.network.builder import BATCH
from convcost.network.network import Network
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.chain import chain, members
from convcost.zoo.registry import About, Accuracy, network

if TYPE_CHECKING:
    from convcost.network.op import Op

_TORCHVISION = "https://pytorch.org/vision/stable/models/generated/torchvision.models.vgg16.html"

#: Configuration D of the paper: filters and number of the convolutions of each stage.
_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


@network(
    "vgg16",
    title="VGG-16 of torchvision on 224x224 images",
    source=(
        "Simonyan and Zisserman, 'Very Deep Convolutional Networks for Large-Scale Image "
        f"Recognition', https://arxiv.org/abs/1409.1556; {_TORCHVISION}"
    ),
    top1=Accuracy(71.592, "ImageNet", f"{_TORCHVISION} (VGG16_Weights.IMAGENET1K_V1)"),
)
def vgg16(*, classes: Annotated[int, About("outputs of the last layer")] = 1000) -> Network:
    """The modules of torchvision by their names; ``flatten`` is a function, not a module.

    The adaptive pooling to 7x7 meets a 7x7 input and averages windows of one.
    """
    relu = Activation("relu")
    features: list[Op] = []
    for filters, convolutions in _STAGES:
        for _ in range(convolutions):
            features += [Conv(filters=filters, windows=window(3, padding=(1, 1))), relu]
        features.append(Pool(function="max", windows=window(2, 2)))
    classifier = (
        Dense(units=4096), relu, Dropout(0.5),
        Dense(units=4096), relu, Dropout(0.5),
        Dense(units=classes),
    )  # fmt: skip
    layers = [
        ("input", Input(Tensor.of(batch=BATCH, channel=3, height=224, width=224))),
        *members("features", features),
        ("avgpool", Pool(function="average", windows=window(1))),
        ("flatten", Flatten()),
        *members("classifier", classifier),
    ]
    return chain("vgg16", layers, framework="torch")
