"""Inception v3 and single modules of Inception v1 and v3."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, Union

from convcost.network.builder import BATCH, Builder
from convcost.network.network import Network, Ref
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Concatenate
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.window import window
from convcost.zoo.googlenet import MODULES, add_module
from convcost.zoo.keras_names import KerasNames
from convcost.zoo.registry import About, Accuracy, network

_V1 = "Szegedy et al., 'Going Deeper with Convolutions', https://arxiv.org/abs/1409.4842, table 1"
_V3 = (
    "Szegedy et al., 'Rethinking the Inception Architecture for Computer Vision', "
    "https://arxiv.org/abs/1512.00567"
)
_KERAS = "https://keras.io/api/applications/"

Step: TypeAlias = Union[Conv, Pool, "Fork"]
Branch: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """Branches that read the same tensor and are joined again; None: numbered by Keras."""

    name: str | None
    branches: tuple[Branch, ...]


def _conv(filters: int, kernel: int | tuple[int, int]) -> Conv:
    return Conv(filters=filters, windows=window(kernel, padding="same"), bias=False)


def _valid(filters: int, kernel: int, stride: int = 1) -> Conv:
    return Conv(filters=filters, windows=window(kernel, stride), bias=False)


_AVERAGE = Pool(function="average", windows=window(3, padding="same"))
_SHRINK = Pool(function="max", windows=window(3, 2))


def _module5(name: str, pooled: int) -> Fork:
    """Figure 5 of the paper, its first 5x5 not split."""
    double = (_conv(64, 1), _conv(96, 3), _conv(96, 3))
    return Fork(
        name,
        ((_conv(64, 1),), (_conv(48, 1), _conv(64, 5)), double, (_AVERAGE, _conv(pooled, 1))),
    )


def _module6(name: str, width: int) -> Fork:
    """Figure 6: 7x7 as 1x7 and 7x1."""
    single = (_conv(width, 1), _conv(width, (1, 7)), _conv(192, (7, 1)))
    double = (
        *(_conv(width, 1), _conv(width, (7, 1)), _conv(width, (1, 7)), _conv(width, (7, 1))),
        _conv(192, (1, 7)),
    )
    return Fork(name, ((_conv(192, 1),), single, double, (_AVERAGE, _conv(192, 1))))


def _module7(name: str, inner: str) -> Fork:
    """Figure 7: the last 3x3 as 1x3 beside 3x1."""

    def split(inside: str | None) -> Fork:
        return Fork(inside, ((_conv(384, (1, 3)),), (_conv(384, (3, 1)),)))

    single = (_conv(384, 1), split(inner))
    double = (_conv(448, 1), _conv(384, 3), split(None))
    return Fork(name, ((_conv(320, 1),), single, double, (_AVERAGE, _conv(192, 1))))


_STEM: Branch = (
    _valid(32, 3, 2), _valid(32, 3), _conv(64, 3), _SHRINK, _conv(80, 1), _valid(192, 3), _SHRINK,
)  # fmt: skip

_MODULES = (
    _module5("mixed0", 32),
    _module5("mixed1", 64),
    _module5("mixed2", 64),
    Fork(
        "mixed3",
        ((_valid(384, 3, 2),), (_conv(64, 1), _conv(96, 3), _valid(96, 3, 2)), (_SHRINK,)),
    ),
    _module6("mixed4", 128),
    _module6("mixed5", 160),
    _module6("mixed6", 160),
    _module6("mixed7", 192),
    Fork(
        "mixed8",
        (
            (_conv(192, 1), _valid(320, 3, 2)),
            (_conv(192, 1), _conv(192, (1, 7)), _conv(192, (7, 1)), _valid(192, 3, 2)),
            (_SHRINK,),
        ),
    ),
    _module7("mixed9", "mixed9_0"),
    _module7("mixed10", "mixed9_1"),
)

#: Size and channels of what each module reads in a network on 299x299 images.
_READS = (
    (35, 192), (35, 256), (35, 288), (35, 288), *5 * ((17, 768),), (8, 1280), (8, 2048),
)  # fmt: skip


@network(
    "inception-v3",
    title="Inception v3 of Keras on 299x299 images",
    source=f"{_V3}; {_KERAS}inceptionv3/",
    top1=Accuracy(77.9, "ImageNet", f"{_KERAS} (table of available models)"),
)
def inception_v3(
    *,
    image: Annotated[int, About("side of the input image", 75, 4096)] = 299,
    classes: Annotated[int, About("outputs of the last layer")] = 1000,
) -> Network:
    """Layers as ``keras.applications.InceptionV3`` makes and names them in a fresh session."""
    layers = _Layers("inception-v3", image, 3)
    x = layers.branch(layers.image, _STEM)
    x = layers.branch(x, _MODULES)
    pool = GlobalPool(function="average", axes=("height", "width"))
    x = layers.builder.add(pool, x, name="avg_pool")
    layers.builder.add(Dense(units=classes, activation="softmax"), x, name="predictions")
    return layers.builder.build()


@network(
    "inception-v3-block",
    title="one module of Inception v3 alone, of the size it has on 299x299 images",
    source=f"{_V3}; {_KERAS}inceptionv3/",
)
def inception_v3_block(
    *,
    block: Annotated[
        Literal["mixed0", "mixed1", "mixed2", "mixed3", "mixed4", "mixed5", "mixed6", "mixed7",
                "mixed8", "mixed9", "mixed10"],
        About("the module by Keras's name"),
    ] = "mixed4",
) -> Network:  # fmt: skip
    """The layers of one module, numbered from the start."""
    position = int(block.removeprefix("mixed"))
    layers = _Layers("inception-v3-block", *_READS[position])
    layers.branch(layers.image, (_MODULES[position],))
    return layers.builder.build()


@network(
    "inception-v1-block",
    title="one inception module of GoogLeNet alone, of the size it has on 224x224 images",
    source=_V1,
)
def inception_v1_block(
    *,
    block: Annotated[
        Literal["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"],
        About("the module by the paper's name"),
    ] = "3a",
) -> Network:
    """The layers of one module by Caffe's names, its biases and activations included."""
    earlier = [module for module in MODULES if module < block]
    one, _, three, _, five, projection = MODULES[earlier[-1]] if earlier else (192, 0, 0, 0, 0, 0)
    size = {"3": 28, "4": 14, "5": 7}[block[0]]
    channels = one + three + five + projection
    builder = Builder("inception-v1-block", framework="caffe")
    image = Tensor.of(batch=BATCH, channel=channels, height=size, width=size)
    add_module(builder, builder.add(Input(image), name="data"), block)
    return builder.build()


class _Layers:
    """Steps as layers by Keras's names; each convolution with its normalisation and ReLU."""

    def __init__(self, name: str, size: int, channels: int) -> None:
        self.builder = Builder(name, framework="keras")
        self._names = KerasNames()
        image = Tensor.of(batch=BATCH, height=size, width=size, channel=channels)
        self.image = self.builder.add(Input(image), name="input_layer")

    def branch(self, x: Ref, steps: Branch) -> Ref:
        for step in steps:
            x = self._step(x, step)
        return x

    def _step(self, x: Ref, step: Step) -> Ref:
        add, names = self.builder.add, self._names
        if isinstance(step, Fork):
            ends = [self.branch(x, branch) for branch in step.branches]
            return add(Concatenate("channel"), *ends, name=step.name or names("concatenate"))
        if isinstance(step, Pool):
            return add(step, x, name=names(f"{step.function}_pooling2d"))
        x = add(step, x, name=names("conv2d"))
        x = add(BatchNorm(scale=False), x, name=names("batch_normalization"))
        return add(Activation("relu"), x, name=names("activation"))
