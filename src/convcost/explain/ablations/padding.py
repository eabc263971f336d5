"""Padding of convolutions taken out; or put in, where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.explain.ablation import Without
from convcost.network.dataclass import replace
from convcost.network.edit import changed, edited
from convcost.ops.conv import Conv
from convcost.ops.depthwise import DepthwiseConv, SeparableConv

if TYPE_CHECKING:
    from convcost.explain.evidence import Case
    from convcost.network.network import Network
    from convcost.network.op import Op
    from convcost.ops.window import Padding, Window

LOOKS_FOR = "convolutions larger than 1x1, padded or not"


def without(case: Case) -> Without | None:
    """The network with `valid` padding in place of any other; else with `same` in place of it.

    The second makes a network larger, so that it has to be asked for.
    """
    network = case.network
    padded = _names(network, padded=True)
    if padded:
        return Without(
            network=_with_padding(network, padded, "valid"),
            layers=padded,
            subject="padding",
            meaning="`valid` in its place: images shrink at each convolution, which is another "
            "network; the results change",
        )
    bare = _names(network, padded=False)
    if not bare:
        return None
    return Without(
        network=_with_padding(network, bare, "same"),
        layers=bare,
        subject="`valid` padding",
        meaning="`same` in its place: images keep their size, which is another network; the "
        "results change",
        usual=False,
    )


def _names(network: Network, *, padded: bool) -> tuple[str, ...]:
    """Convolutions with windows that are padded, or that could be."""
    return tuple(
        layer.name
        for layer in network.layers
        if isinstance(layer.op, Conv | DepthwiseConv | SeparableConv)
        and any(_pads(window) == padded for window in _wide(layer.op.windows))
    )


def _wide(windows: tuple[Window, ...]) -> list[Window]:
    """Those that a padding makes a difference to; `causal` is no matter of the size alone."""
    return [w for w in windows if w.kernel != 1 and w.padding != "causal"]


def _pads(window: Window) -> bool:
    return window.padding not in ("valid", (0, 0))


def _with_padding(network: Network, names: tuple[str, ...], padding: Padding) -> Network:
    ops: dict[str, Op] = {}
    for name in names:
        op: Any = network.layer(name).op
        wide = _wide(op.windows)
        windows = tuple(replace(w, padding=padding) if w in wide else w for w in op.windows)
        ops[name] = changed(op, windows=windows)
    return edited(network, ops)
