"""Activation functions, alone and fused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.activation import Activation
from convcost.ops.elementwise import Glu
from convcost.ops.prelu import PRelu
from convcost.write.slope import alpha_of
from convcost.write.torch import functions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.write.torch.site import Rule, Site

#: Function -> layer of `torch.nn` and its numbers; the op's ``alpha`` takes the place of the first.
_LAYERS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "relu": ("ReLU", ()),
    "relu6": ("ReLU6", ()),
    "leaky_relu": ("LeakyReLU", (0.01,)),
    "elu": ("ELU", (1.0,)),
    "selu": ("SELU", ()),
    "celu": ("CELU", (1.0,)),
    "sigmoid": ("Sigmoid", ()),
    "hard_sigmoid": ("Hardsigmoid", ()),
    "log_sigmoid": ("LogSigmoid", ()),
    "tanh": ("Tanh", ()),
    "softplus": ("Softplus", (1.0,)),
    "softsign": ("Softsign", ()),
    "silu": ("SiLU", ()),
    "hard_silu": ("Hardswish", ()),
    "gelu": ("GELU", ()),
    "mish": ("Mish", ()),
    "threshold": ("Threshold", (1.0, 0.0)),
    "hard_tanh": ("Hardtanh", ()),
    "hard_shrink": ("Hardshrink", (0.5,)),
    "soft_shrink": ("Softshrink", (0.5,)),
    "tanh_shrink": ("Tanhshrink", ()),
}
_ALONG_AN_AXIS = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}
_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "squareplus": functions.squareplus,
    "sparse_sigmoid": functions.sparse_sigmoid,
    "sparse_plus": functions.sparse_plus,
}


def activated(
    site: Site, node: Any, function: str, axis: int = -1, part: str = "_activation"
) -> Any:
    """The value after an activation function, which is a part of its own.

    Args:
        site: whose layer it belongs to.
        node: the value.
        function: by the name that `convcost.ops.activation` has for it.
        axis: where the network's last axis lies in the value.
        part: what the part's name has behind the layer's.

    Raises:
        NetworkError: PyTorch has nothing that computes it.
    """
    import torch

    if function == "linear":
        return node
    if function == "exponential":
        return site.function(torch.exp, node)
    if function in _FUNCTIONS:
        return site.function(_FUNCTIONS[function], node)
    if function in _ALONG_AN_AXIS:
        kind = getattr(torch.nn, _ALONG_AN_AXIS[function])
        return site.module(lambda: kind(axis), node, part=part)
    if function not in _LAYERS:
        raise NetworkError(f"the activation '{function}' cannot be written to PyTorch")
    name, numbers = _LAYERS[function]
    alpha = alpha_of(site.op, function, site.framework)
    if alpha is not None:
        if not numbers:
            raise NetworkError(f"the activation '{function}' with {alpha} has no counterpart")
        numbers = (alpha, *numbers[1:])
    options = {"approximate": "tanh"} if getattr(site.op, "approximate", False) else {}
    return site.module(lambda: getattr(torch.nn, name)(*numbers, **options), node, part=part)


def _activation(site: Site) -> None:
    op: Any = site.op
    value = site.values[0]
    last = len(value.order) - 1
    position = last if op.position is None else op.position
    axis = value.order.index(position) if value.order else -1
    site.like_input(activated(site, value.node, op.function, axis, part=""))


def _prelu(site: Site) -> None:
    """A layer of `torch.nn` where slopes differ along the second axis only; else they broadcast."""
    import torch

    order, slopes = site.values[0].order, site.weights["alpha"]
    if order[0] == 0 and slopes.size == slopes.shape[order[1] - 1]:
        flat = slopes.reshape(-1)

        def make() -> Any:
            module = torch.nn.PReLU(flat.size)
            return site.filled(module, {"weight": site.numbers("alpha", flat)})

        site.like_input(site.module(make, site.values[0].node))
    else:
        site.give(site.function(functions.leaky, site.plain(), site.tensor("alpha")))


def _glu(site: Site) -> None:
    import torch

    op: Any = site.op
    axis = site.values[0].order.index(op.position)
    site.like_input(site.module(lambda: torch.nn.GLU(axis), site.values[0].node))


RULES: Mapping[str, Rule] = {
    Activation.kind: _activation,
    PRelu.kind: _prelu,
    Glu.kind: _glu,
}
