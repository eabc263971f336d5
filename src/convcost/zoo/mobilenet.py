"""MobileNet v1: depthwise separable convolutions, thinner and smaller by two settings."""

from typing import TYPE_CHECKING, Annotated, Literal

from convcost.network.builder import BATCH
from convcost.network.network import Network
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.pool import GlobalPool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Reshape
from convcost.ops.window import window
from convcost.zoo.chain import chain
from convcost.zoo.registry import About, Accuracy, network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.op import Op

_KERAS = "https://keras.io/api/applications/"

#: Filters and stride of the depthwise separable convolutions at width 1.0 (the paper's table 1).
_BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip

_RELU6 = Activation("relu6")


@network(
    "mobilenet",
    title="MobileNet v1 of Keras on 224x224 images",
    source=(
        "Howard et al., 'MobileNets: Efficient Convolutional Neural Networks for Mobile Vision "
        f"Applications', https://arxiv.org/abs/1704.04861; {_KERAS}mobilenet/"
    ),
    top1=Accuracy(70.4, "ImageNet", f"{_KERAS} (table of available models)"),
)
def mobilenet(
    *,
    alpha: Annotated[
        Literal["0.25", "0.5", "0.75", "1.0"], About("the paper's width multiplier")
    ] = "1.0",
    image: Annotated[int, About("side of the input image", 32, 4096)] = 224,
    classes: Annotated[int, About("outputs of the last layer")] = 1000,
) -> Network:
    """Layers by the names of ``keras.applications.MobileNet``.

    The padding layers before the convolutions of stride 2 pad at the end only, as TensorFlow's
    'same' does for even sizes.
    """
    width = float(alpha)
    gap = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
    layers: list[tuple[str, Op]] = [
        ("input_layer", Input(Tensor.of(batch=BATCH, height=image, width=image, channel=3))),
        *_normalised("conv1", _conv(int(32 * width), 3, 2)),
    ]
    for number, (filters, stride) in enumerate(_BLOCKS, start=1):
        layers += _separable(number, int(filters * width), stride)
    layers += [
        ("global_average_pooling2d", gap),
        ("dropout", Dropout(0.001)),
        ("conv_preds", Conv(filters=classes, windows=window(1, padding="same"))),
        ("reshape_2", Reshape((Axis("feature", classes),))),
        ("predictions", Activation("softmax")),
    ]
    return chain("mobilenet", layers, framework="keras")


def _separable(number: int, filters: int, stride: int) -> "Iterator[tuple[str, Op]]":
    if stride > 1:
        amounts = (("height", 0, 1), ("width", 0, 1))
        yield f"conv_pad_{number}", ZeroPadding(amounts)
    windows = window(3, stride, padding="same" if stride == 1 else "valid")
    yield from _normalised(f"conv_dw_{number}", DepthwiseConv(windows=windows, bias=False))
    yield from _normalised(f"conv_pw_{number}", _conv(filters, 1, 1))


def _conv(filters: int, kernel: int, stride: int) -> Conv:
    return Conv(filters=filters, windows=window(kernel, stride, padding="same"), bias=False)


def _normalised(name: str, op: "Op") -> "Iterator[tuple[str, Op]]":
    yield name, op
    yield f"{name}_bn", BatchNorm()
    yield f"{name}_relu", _RELU6
