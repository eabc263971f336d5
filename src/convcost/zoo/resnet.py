"""Residual networks: torchvision's 18 and 50 layers, and Keras's 50."""

from typing import TYPE_CHECKING, Annotated

from convcost.network.builder import BATCH, Builder
from convcost.network.network import Network, Ref
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.registry import About, Accuracy, network

if TYPE_CHECKING:
    from convcost.network.dims import Dim

_PAPER = (
    "He et al., 'Deep Residual Learning for Image Recognition', https://arxiv.org/abs/1512.03385"
)
_TORCHVISION = "https://pytorch.org/vision/stable/models/generated/torchvision.models"
_KERAS = "https://keras.io/api/applications/"

#: Blocks per stage; a stage has twice the filters of the one before, the first has 64.
_BLOCKS18 = (2, 2, 2, 2)
_BLOCKS50 = (3, 4, 6, 3)

#: How many more channels a bottleneck writes than its 3x3 convolution has.
_EXPANSION = 4


@network(
    "resnet18",
    title="ResNet-18 of torchvision on 224x224 images",
    source=f"{_PAPER}; {_TORCHVISION}.resnet18.html",
    top1=Accuracy(
        69.758, "ImageNet", f"{_TORCHVISION}.resnet18.html (ResNet18_Weights.IMAGENET1K_V1)"
    ),
)
def resnet18(
    *,
    image: Annotated[int, About("side of the input image", 32, 4096)] = 224,
    classes: Annotated[int, About("outputs of the last layer")] = 1000,
) -> Network:
    """The modules of torchvision by their names.

    ``add`` and ``flatten`` are functions, not modules; a module's second call ends in ``_1``.
    """
    return _Torchvision("resnet18", image).build(_BLOCKS18, classes, bottleneck=False)


@network(
    "resnet50",
    title="ResNet-50 of torchvision (v1.5) on 224x224 images",
    source=f"{_PAPER}; {_TORCHVISION}.resnet50.html",
    top1=Accuracy(
        76.130, "ImageNet", f"{_TORCHVISION}.resnet50.html (ResNet50_Weights.IMAGENET1K_V1)"
    ),
)
def resnet50(
    *,
    image: Annotated[int, About("side of the input image", 32, 4096)] = 224,
    classes: Annotated[int, About("outputs of the last layer")] = 1000,
) -> Network:
    """The modules of torchvision by their names, as in ``resnet18``.

    A block's stride is that of its 3x3 convolution ("v1.5"), not of its first 1x1 as in the paper.
    """
    return _Torchvision("resnet50", image).build(_BLOCKS50, classes, bottleneck=True)


@network(
    "resnet50-keras",
    title="ResNet-50 of Keras on 224x224 images",
    source=f"{_PAPER}; {_KERAS}resnet/",
    top1=Accuracy(74.9, "ImageNet", f"{_KERAS} (table of available models)"),
)
def resnet50_keras(
    *,
    image: Annotated[int, About("side of the input image", 32, 4096)] = 224,
    classes: Annotated[int, About("outputs of the last layer")] = 1000,
) -> Network:
    """Layers by the names of ``keras.applications.ResNet50``.

    As in the paper the stride is that of a block's first 1x1 convolution; unlike there, and in
    torchvision, the convolutions have biases although normalisation follows.
    """
    builder = Builder("resnet50-keras", framework="keras")
    x = Input(Tensor.of(batch=BATCH, height=image, width=image, channel=3))
    ref = builder.add(x, name="input_layer")
    ref = builder.add(_pad(3), ref, name="conv1_pad")
    ref = _keras_conv(builder, ref, "conv1", Conv(filters=64, windows=window(7, 2)))
    ref = builder.add(_RELU, ref, name="conv1_relu")
    ref = builder.add(_pad(1), ref, name="pool1_pad")
    ref = builder.add(Pool(function="max", windows=window(3, 2)), ref, name="pool1_pool")
    for stage, blocks in enumerate(_BLOCKS50):
        for number in range(1, blocks + 1):
            stride = 2 if stage > 0 and number == 1 else 1
            name = f"conv{stage + 2}_block{number}"
            ref = _keras_block(builder, ref, name, 64 << stage, stride, first=number == 1)
    pool = GlobalPool(function="average", axes=("height", "width"))
    ref = builder.add(pool, ref, name="avg_pool")
    builder.add(Dense(units=classes, activation="softmax"), ref, name="predictions")
    return builder.build()


_RELU = Activation("relu")
#: keras/src/applications/resnet.py.
_KERAS_EPSILON = 1.001e-5
#: The default of `torch.nn.BatchNorm2d`, which torchvision keeps.
_TORCH_EPSILON = 1e-5


def _pad(amount: int) -> ZeroPadding:
    return ZeroPadding((("height", amount, amount), ("width", amount, amount)))


def _keras_conv(builder: Builder, x: Ref, name: str, conv: Conv) -> Ref:
    norm = BatchNorm(epsilon=_KERAS_EPSILON)
    return builder.add(norm, builder.add(conv, x, name=f"{name}_conv"), name=f"{name}_bn")


def _keras_block(
    builder: Builder, x: Ref, name: str, filters: int, stride: int, *, first: bool
) -> Ref:
    wide = filters * _EXPANSION
    shortcut = x
    if first:
        conv = Conv(filters=wide, windows=window(1, stride))
        shortcut = _keras_conv(builder, x, f"{name}_0", conv)
    x = _keras_conv(builder, x, f"{name}_1", Conv(filters=filters, windows=window(1, stride)))
    x = builder.add(_RELU, x, name=f"{name}_1_relu")
    conv = Conv(filters=filters, windows=window(3, padding="same"))
    x = _keras_conv(builder, x, f"{name}_2", conv)
    x = builder.add(_RELU, x, name=f"{name}_2_relu")
    x = _keras_conv(builder, x, f"{name}_3", Conv(filters=wide, windows=window(1)))
    x = builder.add(Merge("add"), shortcut, x, name=f"{name}_add")
    return builder.add(_RELU, x, name=f"{name}_out")


class _Torchvision:
    """Blocks by torchvision's names: convolutions without bias, each normalised."""

    def __init__(self, name: str, image: int) -> None:
        self._builder = Builder(name, framework="torch")
        tensor = Tensor.of(batch=BATCH, channel=3, height=image, width=image)
        self._image = self._builder.add(Input(tensor), name="input")

    def build(self, stages: tuple[int, ...], classes: int, *, bottleneck: bool) -> Network:
        add = self._builder.add
        x = self._conv(self._image, "conv1", "bn1", 64, 7, 2)
        x = add(_RELU, x, name="relu")
        x = add(Pool(function="max", windows=window(3, 2, padding=(1, 1))), x, name="maxpool")
        for stage, blocks in enumerate(stages):
            for number in range(blocks):
                stride = 2 if stage > 0 and number == 0 else 1
                block = self._bottleneck if bottleneck else self._basic
                x = block(x, f"layer{stage + 1}.{number}", 64 << stage, stride)
        pool = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
        x = add(Flatten(), add(pool, x, name="avgpool"), name="flatten")
        add(Dense(units=classes), x, name="fc")
        return self._builder.build()

    def _basic(self, x: Ref, name: str, filters: int, stride: int) -> Ref:
        identity = x
        x = self._conv(x, f"{name}.conv1", f"{name}.bn1", filters, 3, stride)
        x = self._builder.add(_RELU, x, name=f"{name}.relu")
        x = self._conv(x, f"{name}.conv2", f"{name}.bn2", filters, 3)
        return self._joined(x, identity, name, stride, "relu_1")

    def _bottleneck(self, x: Ref, name: str, filters: int, stride: int) -> Ref:
        identity = x
        x = self._conv(x, f"{name}.conv1", f"{name}.bn1", filters, 1)
        x = self._builder.add(_RELU, x, name=f"{name}.relu")
        x = self._conv(x, f"{name}.conv2", f"{name}.bn2", filters, 3, stride)
        x = self._builder.add(_RELU, x, name=f"{name}.relu_1")
        x = self._conv(x, f"{name}.conv3", f"{name}.bn3", filters * _EXPANSION, 1)
        return self._joined(x, identity, name, stride, "relu_2")

    def _joined(self, x: Ref, identity: Ref, name: str, stride: int, relu: str) -> Ref:
        """The sum with the block's input, which a 1x1 convolution fits where its shape differs."""
        shapes = (self._builder.tensor(ref).shape for ref in (x, identity))
        if len(set(shapes)) > 1:
            channels = self._builder.tensor(x).size("channel")
            down = f"{name}.downsample"
            identity = self._conv(identity, f"{down}.0", f"{down}.1", channels, 1, stride)
        x = self._builder.add(Merge("add"), x, identity, name=f"{name}.add")
        return self._builder.add(_RELU, x, name=f"{name}.{relu}")

    def _conv(
        self, x: Ref, conv: str, norm: str, filters: "Dim", kernel: int, stride: int = 1
    ) -> Ref:
        padding = (kernel // 2, kernel // 2)
        op = Conv(filters=filters, windows=window(kernel, stride, padding=padding), bias=False)
        x = self._builder.add(op, x, name=conv)
        return self._builder.add(BatchNorm(epsilon=_TORCH_EPSILON), x, name=norm)
