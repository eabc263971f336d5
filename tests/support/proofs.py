"""Networks with values, and rewrites of them that are done by hand, for the tests of proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convcost.network.builder import BATCH, Builder
from convcost.network.surgery import New, rebuilt
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool
from convcost.ops.window import window
from convcost.rewrite.running.valued import filled
from convcost.write.values import Values

if TYPE_CHECKING:
    from convcost.network.network import Network

CLASSES = 5
EPSILON = 1e-3


def network(*, end: str = "linear", first: bool = True, padding: Any = "same") -> Network:
    """Convolution, normalisation, ReLU, twice; a head. Without values."""
    sizes = {"height": 8, "width": 7}
    shape = {"channel": 3, **sizes} if first else {**sizes, "channel": 3}
    b = Builder("by hand")
    x = b.add(Input(Tensor.of(batch=BATCH, **shape)), name="image")
    for number, filters in enumerate((8, 6), start=1):
        x = b.add(Conv(filters=filters, windows=window(3, padding=padding), bias=number == 1), x,
                  name=f"conv{number}")  # fmt: skip
        x = b.add(BatchNorm(epsilon=EPSILON), x, name=f"norm{number}")
        x = b.add(Activation("relu"), x, name=f"relu{number}")
    x = b.add(GlobalPool(function="average", axes=("height", "width")), x, name="pool")
    b.add(Dense(units=CLASSES, activation=end), x, name="head")
    return b.build()


def valued(seed: int = 0, **options: Any) -> Network:
    """The same with random values."""
    return filled(network(**options), seed)


def folded(net: Network, *, epsilon: float = EPSILON, off: float = 0.0) -> Network:
    """The normalisations folded into the convolutions before them.

    Args:
        net: as `network` makes it.
        epsilon: the wrong one, for a wrong rewrite.
        off: added to one number of the second kernel, as a share of the largest.
    """
    changes: dict[str, tuple[New, ...]] = {}
    for number in (1, 2):
        layer = net.layer(f"conv{number}")
        op: Any = layer.op
        values = None
        if all(net.table[id_].values is not None for id_ in layer.parameters):
            numbers = _folded(net, number, epsilon)
            if number == 2 and off:
                numbers["kernel"][0, 0, 0, 0] += off * np.abs(numbers["kernel"]).max()
            values = numbers.copy
        new = Conv(filters=op.filters, windows=op.windows)
        changes[layer.name] = (New(name=layer.name, op=new, inputs=layer.inputs, values=values),)
        changes[f"norm{number}"] = ()
    return rebuilt(net, changes)


def _folded(net: Network, number: int, epsilon: float) -> dict[str, np.ndarray]:
    values = Values(net)
    conv = values.of(net.layer(f"conv{number}"))
    norm = {k: v.astype("float64") for k, v in values.of(net.layer(f"norm{number}")).items()}
    scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + epsilon)
    return {
        "kernel": conv["kernel"] * scale,
        "bias": (conv.get("bias", 0.0) - norm["moving_mean"]) * scale + norm["beta"],
    }


def factorised(net: Network, rank: int) -> tuple[Network, float]:
    """The head as two dense layers of that rank, and the error of their product."""
    layer = net.layer("head")
    op: Any = layer.op
    numbers = Values(net).of(layer)
    kernel = numbers["kernel"].astype("float64")
    u, s, v = np.linalg.svd(kernel, full_matrices=False)
    down = New(
        name="head_down",
        op=Dense(units=rank, bias=False),
        inputs=layer.inputs,
        values=lambda: {"kernel": u[:, :rank] * s[:rank]},
    )
    up = New(
        name="head",
        op=Dense(units=op.units, activation=op.activation),
        inputs=(_ref("head_down"),),
        values=lambda: {"kernel": v[:rank], "bias": numbers["bias"]},
    )
    error = float(np.sqrt((s[rank:] ** 2).sum() / (s**2).sum()))
    return rebuilt(net, {"head": (down, up)}), error


def _ref(name: str) -> Any:
    from convcost.network.network import Ref

    return Ref(name)
