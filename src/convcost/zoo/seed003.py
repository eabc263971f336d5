"""Seed 003: two convolutions whose kernels grow."""

from typing import Annotated, Literal

from convcost.network.builder import BATCH
from convcost.network.network import Alternative, Network, Note
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.zoo.chain import chain
from convcost.zoo.registry import About, network


@network(
    "seed003",
    title="two convolutions of 32 and 64 filters with square kernels of any size",
    source="forum question 'Why does the computation time rise sharply with the CNN kernel size?'",
)
def seed003(
    *,
    kernel: Annotated[int, About("side of both kernels", 1, 1024)] = 3,
    padding: Annotated[Literal["valid", "same"], About("padding of both convolutions")] = "valid",
    image: Annotated[int, About("side of the input image", 1, 4096)] = 28,
    channels: Annotated[int, About("channels of the input image", 1, 4096)] = 1,
) -> Network:
    """All that the post gives: two convolutions, 32 and 64 filters, kernels of 3x3, 5x5, 7x7 ...

    Left open: the image, the padding, the pooling and the classifier. They are taken from the usual
    first Keras network, on MNIST; the padding matters most, since without it larger kernels make
    smaller outputs.
    """

    def conv(filters: int, how: Literal["valid", "same"] = padding) -> Conv:
        return Conv(filters=filters, windows=window(kernel, padding=how), activation="relu")

    shape = Tensor.of(batch=BATCH, height=image, width=image, channel=channels)
    layers = [
        ("conv2d_1_input", Input(shape)),
        ("conv2d_1", conv(32)),
        ("conv2d_2", conv(64)),
        ("max_pooling2d_1", Pool(function="max", windows=window(2, 2))),
        ("flatten_1", Flatten()),
        ("dense_1", Dense(units=10, activation="softmax")),
    ]
    other: Literal["valid", "same"] = "same" if padding == "valid" else "valid"
    notes = [
        Note("assumed", f"the image is {image}x{image}x{channels}: the post gives no size"),
        *(
            Note(
                "assumed",
                f"the padding is '{padding}': the post does not tell",
                layer,
                alternatives=(Alternative(_CHANGES[other], conv(filters, other)),),
            )
            for layer, filters in (("conv2d_1", 32), ("conv2d_2", 64))
        ),
        Note("assumed", "2x2 max pooling and 10 classes follow: the post names only convolutions"),
    ]
    return chain("seed003", layers, framework="keras", notes=notes)


_CHANGES = {
    "same": "padding=same: the outputs keep their size, the MACs grow as kernel^2",
    "valid": "padding=valid: the outputs shrink as the kernels grow, and with them the MACs",
}
