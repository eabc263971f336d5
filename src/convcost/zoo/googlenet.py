"""GoogLeNet, also called Inception v1: the paper's, and torchvision's with batch normalisation."""

from typing import TYPE_CHECKING, Annotated

from convcost.network.builder import BATCH, Builder
from convcost.network.network import Network, Ref
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.local_response_norm import LocalResponseNorm
from convcost.ops.merge import Concatenate
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.registry import About, Accuracy, network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op

_PAPER = "Szegedy et al., 'Going Deeper with Convolutions', https://arxiv.org/abs/1409.4842"
_CAFFE = "https://github.com/BVLC/caffe/tree/master/models/bvlc_googlenet"
_TORCHVISION = (
    "https://pytorch.org/vision/stable/models/generated/torchvision.models.googlenet.html"
)

#: The paper's table 1: filters of 1x1, of 3x3 behind its reduction, of 5x5 behind its reduction,
#: and of the 1x1 behind the pooling.
MODULES: "Mapping[str, tuple[int, int, int, int, int, int]]" = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}

_RELU = Activation("relu")
_JOIN = Concatenate("channel")
_POOL_WITHIN = Pool(function="max", windows=window(3, padding=(1, 1)))


@network(
    "googlenet",
    title="GoogLeNet of the paper, with local response normalisation, on 224x224 images",
    source=f"{_PAPER}; {_CAFFE}",
    top1=Accuracy(68.7, "ImageNet", f"{_CAFFE} (readme.md, center crop)"),
)
def googlenet(*, classes: Annotated[int, About("outputs of the last layer")] = 1000) -> Network:
    """Layers by the names of Caffe's ``deploy.prototxt``, without the auxiliary classifiers.

    The paper's own table of sizes and costs departs from this network in its first row: its
    7x7 convolution is charged 34 M MACs, the plain one that it describes has 118 M.
    """
    norm = LocalResponseNorm(size=5, alpha=1e-4, beta=0.75)
    builder = Builder("googlenet", framework="caffe")
    x = builder.add(_image(), name="data")
    x = _with_relu(builder, x, "conv1/7x7_s2", "conv1/relu_7x7", _conv(64, 7, 2))
    x = builder.add(_shrink(3), x, name="pool1/3x3_s2")
    x = builder.add(norm, x, name="pool1/norm1")
    x = _with_relu(builder, x, "conv2/3x3_reduce", "conv2/relu_3x3_reduce", _conv(64, 1))
    x = _with_relu(builder, x, "conv2/3x3", "conv2/relu_3x3", _conv(192, 3))
    x = builder.add(norm, x, name="conv2/norm2")
    x = builder.add(_shrink(3), x, name="pool2/3x3_s2")
    for module in MODULES:
        x = add_module(builder, x, module)
        if module in ("3b", "4e"):
            x = builder.add(_shrink(3), x, name=f"pool{module[0]}/3x3_s2")
    x = builder.add(Pool(function="average", windows=window(7)), x, name="pool5/7x7_s1")
    x = builder.add(Dropout(0.4), x, name="pool5/drop_7x7_s1")
    x = builder.add(Flatten(), x, name="loss3/flatten")
    x = builder.add(Dense(units=classes), x, name="loss3/classifier")
    builder.add(Activation("softmax"), x, name="prob")
    return builder.build()


@network(
    "googlenet-torchvision",
    title="GoogLeNet of torchvision, with batch normalisation, on 224x224 images",
    source=f"{_PAPER}; {_TORCHVISION}",
    top1=Accuracy(69.778, "ImageNet", f"{_TORCHVISION} (GoogLeNet_Weights.IMAGENET1K_V1)"),
)
def googlenet_torchvision(
    *, classes: Annotated[int, About("outputs of the last layer")] = 1000
) -> Network:
    """The modules of torchvision by their names, without the auxiliary classifiers.

    It departs from the paper: the 5x5 convolutions are 3x3 (pytorch/vision issue 906), the fourth
    pooling is 2x2, and batch normalisation takes the place of biases and of the response
    normalisation. ``relu``, ``cat`` and ``flatten`` are functions, not modules.
    """
    builder = Builder("googlenet-torchvision", framework="torch")
    x = builder.add(_image(), name="input")
    x = _normalised(builder, x, "conv1", _conv(64, 7, 2, bias=False))
    x = builder.add(_shrink(3), x, name="maxpool1")
    x = _normalised(builder, x, "conv2", _conv(64, 1, bias=False))
    x = _normalised(builder, x, "conv3", _conv(192, 3, bias=False))
    x = builder.add(_shrink(3), x, name="maxpool2")
    for module in MODULES:
        x = _torchvision_module(builder, x, module)
        if module in ("3b", "4e"):
            x = builder.add(_shrink(3 if module == "3b" else 2), x, name=f"maxpool{module[0]}")
    pool = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
    x = builder.add(pool, x, name="avgpool")
    x = builder.add(Flatten(), x, name="flatten")
    x = builder.add(Dropout(0.2), x, name="dropout")
    builder.add(Dense(units=classes), x, name="fc")
    return builder.build()


def add_module(builder: Builder, x: Ref, module: str) -> Ref:
    """Append an inception module of the paper by Caffe's layer names."""
    one, reduce3, three, reduce5, five, projection = MODULES[module]

    def conv(source: Ref, part: str, op: Conv) -> Ref:
        name = f"inception_{module}"
        return _with_relu(builder, source, f"{name}/{part}", f"{name}/relu_{part}", op)

    first = conv(x, "1x1", _conv(one, 1))
    second = conv(conv(x, "3x3_reduce", _conv(reduce3, 1)), "3x3", _conv(three, 3))
    third = conv(conv(x, "5x5_reduce", _conv(reduce5, 1)), "5x5", _conv(five, 5))
    pooled = builder.add(_POOL_WITHIN, x, name=f"inception_{module}/pool")
    fourth = conv(pooled, "pool_proj", _conv(projection, 1))
    return builder.add(_JOIN, first, second, third, fourth, name=f"inception_{module}/output")


def _torchvision_module(builder: Builder, x: Ref, module: str) -> Ref:
    one, reduce3, three, reduce5, five, projection = MODULES[module]

    def conv(source: Ref, part: str, filters: int, kernel: int) -> Ref:
        op = _conv(filters, kernel, bias=False)
        return _normalised(builder, source, f"inception{module}.{part}", op)

    first = conv(x, "branch1", one, 1)
    second = conv(conv(x, "branch2.0", reduce3, 1), "branch2.1", three, 3)
    third = conv(conv(x, "branch3.0", reduce5, 1), "branch3.1", five, 3)
    pooled = builder.add(_POOL_WITHIN, x, name=f"inception{module}.branch4.0")
    fourth = conv(pooled, "branch4.1", projection, 1)
    return builder.add(_JOIN, first, second, third, fourth, name=f"inception{module}.cat")


def _image() -> Input:
    return Input(Tensor.of(batch=BATCH, channel=3, height=224, width=224))


def _conv(filters: int, kernel: int, stride: int = 1, *, bias: bool = True) -> Conv:
    windows = window(kernel, stride, padding=(kernel // 2, kernel // 2))
    return Conv(filters=filters, windows=windows, bias=bias)


def _shrink(kernel: int) -> Pool:
    """Maximum pooling of stride 2 that rounds sizes up: as if one row more followed."""
    return Pool(function="max", windows=window(kernel, 2, padding=(0, 1)))


def _with_relu(builder: Builder, x: Ref, name: str, relu: str, op: "Op") -> Ref:
    return builder.add(_RELU, builder.add(op, x, name=name), name=relu)


def _normalised(builder: Builder, x: Ref, name: str, op: "Op") -> Ref:
    x = builder.add(op, x, name=f"{name}.conv")
    x = builder.add(BatchNorm(), x, name=f"{name}.bn")
    return builder.add(_RELU, x, name=f"{name}.relu")
