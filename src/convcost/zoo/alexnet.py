"""AlexNet: torchvision's, and Caffe's with two groups (seed 002)."""

from typing import TYPE_CHECKING, Annotated

from convcost.network.builder import BATCH
from convcost.network.network import Network
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.pool import Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.chain import chain, members
from convcost.zoo.registry import About, Accuracy, network

if TYPE_CHECKING:
    from convcost.network.op import Op

_PAPER = (
    "Krizhevsky et al., 'ImageNet Classification with Deep Convolutional Neural Networks', 2012"
)
_TORCHVISION = "https://pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html"
_CAFFE = "https://github.com/BVLC/caffe/tree/master/models/bvlc_alexnet"

_RELU = Activation("relu")
_POOL = Pool(function="max", windows=window(3, 2))


@network(
    "alexnet",
    title="AlexNet of torchvision, without groups, on 224x224 images",
    source=f"Krizhevsky, 'One weird trick for parallelizing convolutional neural networks', "
    f"https://arxiv.org/abs/1404.5997; {_TORCHVISION}",
    top1=Accuracy(56.522, "ImageNet", f"{_TORCHVISION} (AlexNet_Weights.IMAGENET1K_V1)"),
)
def alexnet(*, classes: Annotated[int, About("outputs of the last layer")] = 1000) -> Network:
    """The modules of torchvision by their names; ``flatten`` is a function, not a module.

    The adaptive pooling to 6x6 meets a 6x6 input and averages windows of one.
    """
    features = (
        _conv(64, 11, 4, 2), _RELU, _POOL,
        _conv(192, 5, 1, 2), _RELU, _POOL,
        _conv(384, 3, 1, 1), _RELU,
        _conv(256, 3, 1, 1), _RELU,
        _conv(256, 3, 1, 1), _RELU, _POOL,
    )  # fmt: skip
    classifier = (
        Dropout(0.5), Dense(units=4096), _RELU,
        Dropout(0.5), Dense(units=4096), _RELU,
        Dense(units=classes),
    )  # fmt: skip
    layers = [
        ("input", Input(Tensor.of(batch=BATCH, channel=3, height=224, width=224))),
        *members("features", features),
        ("avgpool", Pool(function="average", windows=window(1))),
        ("flatten", Flatten()),
        *members("classifier", classifier),
    ]
    return chain("alexnet", layers, framework="torch")


@network(
    "alexnet-caffe",
    title="AlexNet of Caffe, two groups, on 227x227 images",
    source=f"{_PAPER}; {_CAFFE}",
    top1=Accuracy(57.1, "ImageNet", f"{_CAFFE} (readme.md, center crop)"),
)
def alexnet_caffe(*, classes: Annotated[int, About("outputs of the last layer")] = 1000) -> Network:
    """Layers by the names of ``deploy.prototxt``, and the flattening that ``fc6`` does by itself.

    Caffe rounds the size after pooling up; here 55, 27 and 13 divide without rest.
    """
    norm = LocalResponseNorm(size=5, alpha=1e-4, beta=0.75)
    layers: list[tuple[str, Op]] = [
        ("data", Input(Tensor.of(batch=BATCH, channel=3, height=227, width=227))),
        ("conv1", _conv(96, 11, 4)), ("relu1", _RELU), ("norm1", norm), ("pool1", _POOL),
        ("conv2", _conv(256, 5, 1, 2, groups=2)), ("relu2", _RELU), ("norm2", norm),
        ("pool2", _POOL),
        ("conv3", _conv(384, 3, 1, 1)), ("relu3", _RELU),
        ("conv4", _conv(384, 3, 1, 1, groups=2)), ("relu4", _RELU),
        ("conv5", _conv(256, 3, 1, 1, groups=2)), ("relu5", _RELU), ("pool5", _POOL),
        ("fc6/flatten", Flatten()),
        ("fc6", Dense(units=4096)), ("relu6", _RELU), ("drop6", Dropout(0.5)),
        ("fc7", Dense(units=4096)), ("relu7", _RELU), ("drop7", Dropout(0.5)),
        ("fc8", Dense(units=classes)), ("prob", Activation("softmax")),
    ]  # fmt: skip
    return chain("alexnet-caffe", layers, framework="caffe")


def _conv(filters: int, kernel: int, stride: int, padding: int = 0, *, groups: int = 1) -> Conv:
    windows = window(kernel, stride, padding=(padding, padding))
    return Conv(filters=filters, windows=windows, groups=groups)
