"""Seed 000: a small Keras network with and without batch normalisation."""

from typing import TYPE_CHECKING, Annotated

from convcost.network.builder import BATCH
from convcost.network.network import Network, Note
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.chain import chain
from convcost.zoo.registry import About, network

if TYPE_CHECKING:
    from convcost.network.op import Op


@network(
    "seed000",
    title="one 3x3 convolution of 32 filters, batch normalisation, 43 classes",
    source=(
        "Stack Overflow, 'How to calculate the number of multiplications happening in "
        "BatchNormalization layer during test evaluation?' (same question as "
        "https://stackoverflow.com/questions/56565998)"
    ),
)
def seed000(
    *,
    convolutions: Annotated[int, About("how many convolutions follow each other", 1, 6)] = 1,
    batch_norm: Annotated[bool, About("whether each is followed by batch normalisation")] = True,
) -> Network:
    """The post's code: convolution with ReLU, then BatchNormalization; Flatten; softmax.

    The post describes its larger networks only as "3-6 identical convolutions with padding the
    same".
    """
    image = Tensor.of(batch=BATCH, height=32, width=32, channel=3)
    layers: list[tuple[str, Op]] = [("conv2d_1_input", Input(image))]
    for number in range(1, convolutions + 1):
        conv = Conv(filters=32, windows=window(3, padding="same"), activation="relu")
        layers.append((f"conv2d_{number}", conv))
        if batch_norm:
            layers.append((f"batch_normalization_{number}", BatchNorm()))
    layers += [("flatten_1", Flatten()), ("dense_1", Dense(units=43, activation="softmax"))]
    return chain("seed000", layers, framework="keras", notes=_ASSUMED if convolutions > 1 else ())


_ASSUMED = (
    Note("assumed", "the further convolutions have 32 filters of 3x3 and ReLU, as the first"),
)
