"""Seed 004: one convolution in symbols."""

from typing import Annotated

from convcost.network.builder import BATCH
from convcost.network.dims import symbol
from convcost.network.network import Network, Note
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.window import window
from convcost.zoo.chain import chain
from convcost.zoo.registry import About, network


# The arguments are the letters of the post's formulas, capitals included.
@network(
    "seed004",
    title="one convolution in symbols: M^2*K^2*Cin*Cout, M = (X - K + 2*P)//S + 1",
    source=(
        "'High-performance models: convolution complexity and the Inception series' (in Chinese), "
        "cnblogs, 27 February 2019, after a Zhihu article on the complexity of CNNs"
    ),
)
def seed004(
    *,
    N: Annotated[int | None, About("batch; by default the workload's")] = None,  # noqa: N803
    X: Annotated[int | None, About("side of the square input")] = None,  # noqa: N803
    K: Annotated[int | None, About("side of the square kernel")] = None,  # noqa: N803
    P: Annotated[int | None, About("padding on each side", 0)] = None,  # noqa: N803
    S: Annotated[int | None, About("stride")] = None,  # noqa: N803
    Cin: Annotated[int | None, About("input channels")] = None,  # noqa: N803
    Cout: Annotated[int | None, About("output channels, that is filters")] = None,  # noqa: N803
    bias: Annotated[bool, About("whether there is a bias; the post leaves it out")] = False,
) -> Network:
    """One convolution; what is given no number stays a symbol.

    The padding ``P`` is the same on all four sides and the axes are the post's sample code's.
    """
    given = {"X": X, "K": K, "P": P, "S": S, "Cin": Cin, "Cout": Cout}
    size, kernel, padding, stride, channels, filters = (
        symbol(name) if number is None else number for name, number in given.items()
    )
    image = Tensor.of(batch=BATCH if N is None else N, height=size, width=size, channel=channels)
    windows = window(kernel, stride, padding=(padding, padding))
    layers = [
        ("image", Input(image)),
        ("conv", Conv(filters=filters, windows=windows, bias=bias)),
    ]
    fixed = f"the batch is fixed at {N}: the workload's batch does not change it"
    notes = () if N is None else (Note("assumed", fixed),)
    return chain("seed004", layers, framework=None, notes=notes)
