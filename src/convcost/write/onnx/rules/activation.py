"""Activation functions, alone and fused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.activation import Activation
from convcost.ops.prelu import PRelu
from convcost.write.layout import channels_first
from convcost.write.slope import alpha_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.write.onnx.site import Rule, Site

#: Function -> operator and its attributes; ``alpha`` among them gives way to the op's own.
_NODES: Mapping[str, tuple[str, dict[str, float]]] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "celu": ("Celu", {"alpha": 1.0}),
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "tanh": ("Tanh", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "exponential": ("Exp", {}),
    "hard_silu": ("HardSwish", {}),
    "gelu": ("Gelu", {}),
    "mish": ("Mish", {}),
    "threshold": ("ThresholdedRelu", {"alpha": 1.0}),
    "hard_shrink": ("Shrink", {"lambd": 0.5, "bias": 0.0}),
}
#: Function -> lower and upper limit.
_CLIPPED = {"relu6": (0.0, 6.0), "hard_tanh": (-1.0, 1.0)}
_ALONG_AN_AXIS = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}


def activated(site: Site, name: str, function: str, axis: int = -1) -> str:
    """The value after an activation function.

    Args:
        site: whose layer it belongs to.
        name: the value.
        function: by the name that `convcost.ops.activation` has for it.
        axis: where the network's last axis lies in the value.

    Raises:
        NetworkError: ONNX has nothing that computes it.
    """
    if function == "linear":
        return name
    if function in _NODES:
        op_type, attributes = _NODES[function]
        alpha = alpha_of(site.op, function, site.framework)
        place = next((name for name in ("alpha", "lambd") if name in attributes), None)
        if alpha is not None:
            if place is None:
                raise NetworkError(f"the activation '{function}' with {alpha} has no counterpart")
            attributes = {**attributes, place: alpha}
        if function == "gelu" and getattr(site.op, "approximate", False):
            return site.node(op_type, name, approximate="tanh")
        return site.node(op_type, name, **attributes)
    if function in _CLIPPED:
        low, high = (_number(site, limit) for limit in _CLIPPED[function])
        return site.node("Clip", name, low, high)
    if function in _ALONG_AN_AXIS:
        return site.node(_ALONG_AN_AXIS[function], name, axis=axis)
    composed = _COMPOSED.get(function)
    if composed is None:
        raise NetworkError(f"the activation '{function}' cannot be written to ONNX")
    return composed(site, name)


def _soft_shrink(site: Site, x: str) -> str:
    alpha = alpha_of(site.op, "soft_shrink", site.framework)
    lambd = 0.5 if alpha is None else alpha
    return site.node("Shrink", x, lambd=lambd, bias=lambd)


def _silu(site: Site, x: str) -> str:
    return site.node("Mul", x, site.node("Sigmoid", x))


def _log_sigmoid(site: Site, x: str) -> str:
    return site.node("Neg", site.node("Softplus", site.node("Neg", x)))


def _tanh_shrink(site: Site, x: str) -> str:
    return site.node("Sub", x, site.node("Tanh", x))


def _squareplus(site: Site, x: str) -> str:
    """``(x + sqrt(x*x + 4)) / 2``."""
    inside = site.node("Add", site.node("Mul", x, x), _number(site, 4))
    return site.node("Mul", site.node("Add", x, site.node("Sqrt", inside)), _number(site, 0.5))


def _sparse_sigmoid(site: Site, x: str) -> str:
    """``(x + 1) / 2`` between 0 and 1."""
    return site.node("HardSigmoid", x, alpha=0.5, beta=0.5)


def _sparse_plus(site: Site, x: str) -> str:
    """0 up to -1, ``x`` from 1 on, ``(x + 1)**2 / 4`` between them."""
    shifted = site.node("Add", x, _number(site, 1))
    limited = site.node("Clip", shifted, _number(site, 0), _number(site, 2))
    curve = site.node("Mul", site.node("Mul", limited, limited), _number(site, 0.25))
    beyond = site.node("Relu", site.node("Sub", x, _number(site, 1)))
    return site.node("Add", curve, beyond)


_COMPOSED: Mapping[str, Callable[[Site, str], str]] = {
    "silu": _silu,
    "soft_shrink": _soft_shrink,
    "log_sigmoid": _log_sigmoid,
    "tanh_shrink": _tanh_shrink,
    "squareplus": _squareplus,
    "sparse_sigmoid": _sparse_sigmoid,
    "sparse_plus": _sparse_plus,
}


def _number(site: Site, value: float) -> str:
    return site.graph.number(value, site.tensors[0].dtype)


def _activation(site: Site) -> None:
    op: Any = site.op
    assert isinstance(op, Activation)  # noqa: S101 - the table says so
    value = site.values[0]
    last = len(value.order) - 1
    position = last if op.position is None else op.position
    axis = value.order.index(position) if value.order else -1
    site.like_input(activated(site, value.name, op.function, axis))


def _prelu(site: Site) -> None:
    """Slopes have the axes of a sample: turned like the input."""
    assert isinstance(site.op, PRelu)  # noqa: S101 - the table says so
    order = site.values[0].order
    if order == channels_first(site.tensors[0]) and order[0] == 0:
        slopes = site.weights["alpha"].transpose([place - 1 for place in order[1:]])
        site.like_input(site.node("PRelu", site.values[0].name, site.stored(slopes, "alpha")))
    else:
        site.give(site.node("PRelu", site.plain(), site.weight("alpha")))


RULES: Mapping[str, Rule] = {Activation.kind: _activation, PRelu.kind: _prelu}
