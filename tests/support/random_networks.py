"""Small networks with all kinds of layers, for `hypothesis`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.conv_transpose import ConvTranspose
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv, SeparableConv
from convcost.ops.input import Input
from convcost.ops.layer_norm import GroupNorm, LayerNorm, RMSNorm
from convcost.ops.merge import Concatenate, Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pad import ZeroPadding
from convcost.ops.permute import Permute
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.prelu import PRelu
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.resize import Resize, Upsample
from convcost.ops.scale import Scale
from convcost.ops.window import window

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.network.op import Op


def axes(*, first: bool, **sizes: int) -> Tensor:
    """An image, channels first or last."""
    channel = {"channel": sizes.pop("channel")}
    return Tensor.of(batch=BATCH, **(channel | sizes if first else sizes | channel))


WINDOWS = st.builds(
    lambda kernel, stride, padding: window(kernel, stride, padding=padding),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(1, 2),
    st.sampled_from(["valid", "same", (1, 1), (0, 1), (2, 0)]),
)
FUNCTIONS = st.sampled_from(
    ["linear", "relu", "relu6", "elu", "silu", "gelu", "tanh", "softmax", "hard_silu",
     "leaky_relu", "squareplus", "sparse_plus", "sparse_sigmoid", "softsign", "log_softmax"]
)  # fmt: skip
GROUPED = st.sampled_from([1, 2])
OPS: st.SearchStrategy[Op] = st.one_of(
    st.builds(lambda w, a, g, b: Conv(filters=4, windows=w, activation=a, groups=g, bias=b),
              WINDOWS, FUNCTIONS, GROUPED, st.booleans()),
    st.builds(lambda w, m: DepthwiseConv(windows=w, multiplier=m), WINDOWS, GROUPED),
    st.builds(lambda w: SeparableConv(filters=6, windows=w, activation="relu"), WINDOWS),
    st.builds(lambda k, s, p: ConvTranspose(filters=2, windows=window(k, s, padding=p)),
              st.integers(1, 3), st.integers(1, 3), st.sampled_from(["valid", "same", (1, 0)])),
    st.builds(lambda f, w, c: Pool(function=f, windows=w, count_padding=c),
              st.sampled_from(["max", "average"]),
              st.builds(lambda k, s, p: window(k, s, padding=p), st.just((3, 3)),
                        st.integers(1, 2), st.sampled_from(["valid", "same", (1, 1), (0, 1)])),
              st.booleans()),
    st.builds(lambda s, c: BatchNorm(scale=s, center=c), st.booleans(), st.booleans()),
    st.builds(lambda s, c, a: LayerNorm(scale=s, center=c, axes=a), st.booleans(), st.booleans(),
              st.sampled_from([None, ("channel",), ("height", "width"), ("width", "channel")])),
    st.just(GroupNorm(groups=2)),
    st.just(RMSNorm()),
    st.just(Scale()),
    st.builds(Activation, FUNCTIONS),
    st.sampled_from([PRelu(), PRelu(("height", "width")), PRelu(("channel",))]),
    st.just(Upsample(factors=(("height", 2), ("width", 1)), interpolation="bilinear")),
    st.builds(lambda s, i: Resize(sizes=(("height", s), ("width", 4)), interpolation=i),
              st.integers(2, 7), st.sampled_from(["bilinear", "nearest"])),
    st.just(ZeroPadding((("height", 1, 0), ("channel", 0, 2)))),
    st.just(Permute((0, 2, 1, 3))),
    st.just(Dropout(0.3)),
    st.just(Dense(units=4, activation="tanh")),
)  # fmt: skip
ENDS: st.SearchStrategy[tuple[Op, ...]] = st.sampled_from(
    [
        (),
        (Flatten(), Dense(units=3, activation="softmax")),
        (GlobalPool(function="average", axes=("height", "width")), Dense(units=3)),
        (GlobalPool(function="max", axes=("width",), keep_axes=True),),
        (GlobalPool(function="average", axes=("height",)),),
    ]
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A chain with branches that are added or joined."""
    builder = Builder("random")
    sizes = {name: draw(st.integers(3, 6)) for name in ("height", "width")}
    image = axes(first=draw(st.booleans()), channel=draw(st.sampled_from([2, 4])), **sizes)
    x = builder.add(Input(image), name="image")
    for op in draw(st.lists(OPS, min_size=1, max_size=5)):
        before = x
        try:
            x = builder.add(op, x)
        except NetworkError:
            continue  # a window larger than what is left, or groups that do not divide
        joined = draw(st.sampled_from(["", "add", "multiply", "concatenate"]))
        shapes = [builder.tensor(ref) for ref in (before, x)]
        if joined == "concatenate" and shapes[0].resized(channel=1) == shapes[1].resized(channel=1):
            x = builder.add(Concatenate("channel"), before, x)
        elif joined and shapes[0] == shapes[1]:
            x = builder.add(Merge("maximum" if joined == "concatenate" else joined), x, before)  # type: ignore[arg-type]
    for op in draw(ENDS):
        x = builder.add(op, x)
    return builder.build([x])
