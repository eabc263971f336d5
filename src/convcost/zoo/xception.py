"""Xception: depthwise separable convolutions with residual connections."""

from typing import Annotated, Literal

from convcost.network.builder import BATCH, Builder
from convcost.network.network import Network, Ref
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import SeparableConv
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.window import window
from convcost.zoo.keras_names import KerasNames
from convcost.zoo.registry import About, Accuracy, network

_PAPER = (
    "Chollet, 'Xception: Deep Learning with Depthwise Separable Convolutions', "
    "https://arxiv.org/abs/1610.02357"
)
_KERAS = "https://keras.io/api/applications/"

#: Filters of the two separable convolutions in the blocks that halve the size.
_SHRINKING = {2: (128, 128), 3: (256, 256), 4: (728, 728), 13: (728, 1024)}

_MIDDLE = range(5, 13)

#: Size and channels of what a block reads in a network on 299x299 images.
_READS = {2: (147, 64), 3: (74, 128), 4: (37, 256), 13: (19, 728), 14: (10, 1024),
          **dict.fromkeys(_MIDDLE, (19, 728))}  # fmt: skip


@network(
    "xception",
    title="Xception of Keras on 299x299 images",
    source=f"{_PAPER}; {_KERAS}xception/",
    top1=Accuracy(79.0, "ImageNet", f"{_KERAS} (table of available models)"),
)
def xception(
    *,
    image: Annotated[int, About("side of the input image", 71, 4096)] = 299,
    classes: Annotated[int, About("outputs of the last layer")] = 1000,
) -> Network:
    """Layers as ``keras.applications.Xception`` makes and names them in a fresh session."""
    blocks = _Blocks("xception", image, 3)
    x = blocks.image
    for name, filters, stride in (("block1_conv1", 32, 2), ("block1_conv2", 64, 1)):
        conv = Conv(filters=filters, windows=window(3, stride), bias=False)
        x = blocks.relu(blocks.normalised(x, name, conv), f"{name}_act")
    for number in range(2, 15):
        x = blocks.add(x, number)
    pool = GlobalPool(function="average", axes=("height", "width"))
    x = blocks.builder.add(pool, x, name="avg_pool")
    blocks.builder.add(Dense(units=classes, activation="softmax"), x, name="predictions")
    return blocks.builder.build()


@network(
    "xception-block",
    title="one block of Xception alone, of the size it has on 299x299 images",
    source=f"{_PAPER}; {_KERAS}xception/",
)
def xception_block(
    *,
    block: Annotated[
        Literal["2", "3", "4", "5", "13", "14"],
        About("the block by Keras's number; 5 to 12 are all alike"),
    ] = "5",
) -> Network:
    """The layers of one block: entry flow (2 to 4), middle flow (5), exit flow (13, 14)."""
    number = int(block)
    blocks = _Blocks("xception-block", *_READS[number])
    blocks.add(blocks.image, number)
    return blocks.builder.build()


class _Blocks:
    """Blocks by Keras's names, which number the layers beside the main path on their own."""

    def __init__(self, name: str, size: int, channels: int) -> None:
        self.builder = Builder(name, framework="keras")
        self._names = KerasNames()
        image = Tensor.of(batch=BATCH, height=size, width=size, channel=channels)
        self.image = self.builder.add(Input(image), name="input_layer")

    def add(self, x: Ref, number: int) -> Ref:
        """Append a block by its number."""
        if number in _SHRINKING:
            return self._shrinking(x, number)
        return self._middle(x, number) if number in _MIDDLE else self._last(x)

    def normalised(self, x: Ref, name: str, op: Conv | SeparableConv) -> Ref:
        return self.builder.add(BatchNorm(), self.builder.add(op, x, name=name), name=f"{name}_bn")

    def relu(self, x: Ref, name: str) -> Ref:
        return self.builder.add(Activation("relu"), x, name=name)

    def _shrinking(self, x: Ref, number: int) -> Ref:
        first, second = _SHRINKING[number]
        add = self.builder.add
        conv = Conv(filters=second, windows=window(1, 2, padding="same"), bias=False)
        residual = add(conv, x, name=self._names("conv2d"))
        residual = add(BatchNorm(), residual, name=self._names("batch_normalization"))
        # the first of these blocks follows a ReLU already
        if number > 2:
            x = self.relu(x, f"block{number}_sepconv1_act")
        x = self._separable(x, f"block{number}_sepconv1", first)
        x = self.relu(x, f"block{number}_sepconv2_act")
        x = self._separable(x, f"block{number}_sepconv2", second)
        pool = Pool(function="max", windows=window(3, 2, padding="same"))
        x = add(pool, x, name=f"block{number}_pool")
        return add(Merge("add"), x, residual, name=self._names("add"))

    def _middle(self, x: Ref, number: int) -> Ref:
        residual = x
        for part in (1, 2, 3):
            name = f"block{number}_sepconv{part}"
            x = self._separable(self.relu(x, f"{name}_act"), name, 728)
        return self.builder.add(Merge("add"), x, residual, name=self._names("add"))

    def _last(self, x: Ref) -> Ref:
        for part, filters in ((1, 1536), (2, 2048)):
            name = f"block14_sepconv{part}"
            x = self.relu(self._separable(x, name, filters), f"{name}_act")
        return x

    def _separable(self, x: Ref, name: str, filters: int) -> Ref:
        windows = window(3, padding="same")
        return self.normalised(x, name, SeparableConv(filters=filters, windows=windows, bias=False))
