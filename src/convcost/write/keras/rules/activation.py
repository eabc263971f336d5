"""Activation functions, alone and fused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.ops.activation import ROW_FUNCTIONS, Activation
from convcost.ops.elementwise import Glu
from convcost.ops.prelu import PRelu
from convcost.write.slope import alpha_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site

#: Functions that Keras has by the same name, for layers and for tensors.
_NAMED = frozenset(
    {"relu", "relu6", "leaky_relu", "elu", "selu", "celu", "sigmoid", "hard_sigmoid",
     "log_sigmoid", "tanh", "softplus", "softsign", "exponential", "silu", "hard_silu", "gelu",
     "mish", "softmax", "log_softmax", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink",
     "squareplus", "sparse_sigmoid", "sparse_plus"}
)  # fmt: skip
#: Function of one number -> that number's name in `keras.ops`, Keras's usual number, and that of
#: PyTorch and ONNX.
_NUMBERS: Mapping[str, tuple[str, float, float]] = {
    "leaky_relu": ("negative_slope", 0.2, 0.01),
    "elu": ("alpha", 1.0, 1.0),
    "celu": ("alpha", 1.0, 1.0),
    "hard_shrink": ("threshold", 0.5, 0.5),
    "soft_shrink": ("threshold", 0.5, 0.5),
}
#: These have a layer of their own with that number.
_LAYERS = {"leaky_relu": ("LeakyReLU", "negative_slope"), "elu": ("ELU", "alpha")}
#: No result of these is below zero.
POSITIVE = frozenset(
    {"relu", "relu6", "sigmoid", "hard_sigmoid", "softplus", "exponential", "softmax",
     "squareplus", "sparse_sigmoid", "sparse_plus"}
)  # fmt: skip


def fused(site: Site, function: str, axis: int = -1) -> str | None:
    """The activation as an argument of the layer before it; None where it is a layer of its own.

    Args:
        site: whose op it belongs to.
        function: by the name that `convcost.ops.activation` has for it.
        axis: where the network's last axis lies in the layer's result.
    """
    if function in ROW_FUNCTIONS and axis not in {-1, len(site.results[0].axes) - 1}:
        return None
    if getattr(site.op, "approximate", False):
        return None
    number = _number(site, function)
    usual = _NUMBERS[function][1] if function in _NUMBERS else None
    return function if function in {"linear", *_NAMED} and number == usual else None


def check_named(*functions: str) -> None:
    """Refuse functions of cells that Keras has not.

    Raises:
        NetworkError: there is one.
    """
    for function in functions:
        if function not in {"linear", *_NAMED}:
            raise NetworkError(f"the activation '{function}' in a recurrent layer of Keras")


def _number(site: Site, function: str) -> float | None:
    """The number that the function depends on."""
    alpha = alpha_of(site.op, function, site.framework)
    if alpha is None and function in _NUMBERS:
        return _NUMBERS[function][2]
    return alpha


def activated(site: Site, node: Any, function: str, axis: int = -1, part: str = "") -> Any:
    """The value after an activation function, which is a layer of its own.

    Args:
        site: whose layer it belongs to.
        node: the value.
        function: by the name that `convcost.ops.activation` has for it.
        axis: where the network's last axis lies in the value.
        part: of the layer.

    Raises:
        NetworkError: Keras has nothing that computes it.
    """
    import keras

    if function == "linear":
        return site.layer("Identity", node, part=part)
    if function == "softmax":
        return site.layer("Softmax", node, part=part, axis=axis)
    if function == "log_softmax" and axis not in {-1, len(node.shape) - 1}:
        return site.function(keras.ops.log_softmax, node, part=part, axis=axis)
    if function == "gelu" and getattr(site.op, "approximate", False):
        return site.function(keras.ops.gelu, node, part=part, approximate=True)
    number = _number(site, function)
    if function == "threshold":
        limit = 1.0 if number is None else number
        return site.function(keras.ops.threshold, node, limit, 0.0, part=part)
    if function in _LAYERS:
        kind, name = _LAYERS[function]
        settings: dict[str, Any] = {name: number}
        return site.layer(kind, node, part=part, **settings)
    if fused(site, function) is not None:
        return site.layer("Activation", node, part=part, activation=function)
    if function not in _NUMBERS:
        with_number = "" if number is None else f" with {number}"
        raise NetworkError(f"the activation '{function}'{with_number} cannot be written to Keras")
    call = getattr(keras.ops, function)
    return site.function(call, node, part=part, **{_NUMBERS[function][0]: number})


def _activation(site: Site) -> None:
    op: Any = site.op
    value = site.values[0]
    last = len(value.order) - 1
    position = last if op.position is None else op.position
    axis = value.order.index(position) if value.order else -1
    node = site.turned(0, value.order)
    made = activated(site, node, op.function, -1 if axis == last else axis)
    positive = op.function in POSITIVE or (op.function == "linear" and value.positive)
    site.like_input(made, positive=positive)


def _prelu(site: Site) -> None:
    """Slopes have the axes of a sample: turned like the input."""
    op: Any = site.op
    value, tensor = site.values[0], site.tensors[0]
    order = value.order if value.order[0] == 0 else tuple(range(len(value.order)))
    slopes = site.weights["alpha"].transpose([place - 1 for place in order[1:]])
    shared = [i for i, place in enumerate(order) if tensor.names[place] in op.shared_axes]
    made = site.layer(
        "PReLU", site.turned(0, order), numbers={"alpha": site.numbers("alpha", slopes)},
        shared_axes=shared or None,
    )  # fmt: skip
    site.give(made, order)


def _glu(site: Site) -> None:
    import keras

    op: Any = site.op
    value = site.values[0]
    axis = value.order.index(op.position)
    node = site.turned(0, value.order)
    site.like_input(site.function(keras.ops.glu, node, axis=axis))


RULES: Mapping[str, Rule] = {
    Activation.kind: _activation,
    PRelu.kind: _prelu,
    Glu.kind: _glu,
}
