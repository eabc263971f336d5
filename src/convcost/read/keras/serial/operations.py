"""Functions of tensors in a graph: ``x * 0.5``, ``tf.nn.relu(x)``, ``ops.reshape(x, ...)``.

Keras 3 stores them as operations of ``keras.ops``, Keras 2 as ``TFOpLambda`` and
``TensorFlowOpLayer``. Those that a layer does as well become that layer; the others keep their
name, and so become unknown ops.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from convcost.ops.activation import activation_name
from convcost.read.keras.snake_case import snake_case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcost.read.keras.config import TensorSpec

    Config = Mapping[str, object]


class TensorMark:
    """Stands where a tensor is among the arguments of a call."""


TENSOR = TensorMark()

#: Element-wise functions of two tensors, by their names in Keras, TensorFlow and Python.
_MERGES = {
    **dict.fromkeys(("add", "add_v2", "__add__", "__radd__"), "Add"),
    **dict.fromkeys(("subtract", "sub", "__sub__", "__rsub__"), "Subtract"),
    **dict.fromkeys(("multiply", "mul", "__mul__", "__rmul__"), "Multiply"),
    "maximum": "Maximum",
    "minimum": "Minimum",
}
#: Functions of a tensor and a number -> the part of a rescaling that the number is.
_SCALED = {
    **dict.fromkeys(("divide", "true_divide", "truediv", "real_div", "__truediv__"), "scale"),
    "Add": "offset",
    "Subtract": "offset",
    "Multiply": "scale",
}
_IDENTITIES = frozenset({"cast", "identity", "stop_gradient", "copy", "convert_to_tensor"})
_RESHAPES = frozenset({"reshape", "expand_dims", "squeeze", "ravel"})
_MEANS = {
    **dict.fromkeys(("mean", "reduce_mean"), "GlobalAveragePooling"),
    **dict.fromkeys(("max", "amax", "reduce_max"), "GlobalMaxPooling"),
}
_JOINS = frozenset({"concatenate", "concat", "concat_v2"})
_POOLS = {"max_pool": "MaxPooling", "average_pool": "AveragePooling"}


class Operation:
    """A function of tensors, as the source states it.

    Args:
        function: its name, in snake case.
        arguments: by position; `TENSOR` where a tensor is.
        keywords: by name, those of the operation's own configuration among them.
        inputs: what is stated about the tensors it takes.
        output: what is stated about its result.
    """

    def __init__(
        self,
        function: str,
        arguments: Sequence[object],
        keywords: Config,
        inputs: Sequence[TensorSpec | None],
        output: TensorSpec | None,
    ) -> None:
        self.function = function
        self.arguments = tuple(arguments)
        self.keywords = keywords
        self.inputs = tuple(inputs)
        self.output = output

    def layer(self) -> tuple[str, Config]:
        """The class and configuration of the layer that does the same; without one, its name."""
        rules: tuple[Callable[[], tuple[str, Config] | None], ...] = (
            self._elementwise,
            self._activation,
            self._shape,
            self._pooling,
            self._joined,
        )
        for rule in rules:
            layer = rule()
            if layer is not None:
                return layer
        return self.function, {}

    def _elementwise(self) -> tuple[str, Config] | None:
        merge = _MERGES.get(self.function)
        if merge and len(self.inputs) > 1:
            return merge, {}
        part = _SCALED.get(merge or self.function)
        values = (*self.arguments, *(self.keywords.get(key) for key in ("x", "y", "x1", "x2")))
        number = next((v for v in values if isinstance(v, int | float)), None)
        if len(self.inputs) == 1 and part and number is not None:
            return "Rescaling", {"scale": 1.0, "offset": 0.0, part: float(number)}
        return None

    def _activation(self) -> tuple[str, Config] | None:
        name = activation_name(self.function)
        if name is None or len(self.inputs) != 1:
            return None
        if self.function in ("softmax", "log_softmax") and self._stated("axis") not in (None, -1):
            return None
        return "Activation", {"activation": name}

    def _shape(self) -> tuple[str, Config] | None:
        if len(self.inputs) != 1:
            return None
        if self.function in _IDENTITIES:
            return "Identity", {}
        if self.function in _RESHAPES and self.output and None not in self.output.shape[1:]:
            return "Reshape", {"target_shape": self.output.shape[1:]}
        if self.function == "transpose":
            axes = self._stated("axes", "perm")
            whole = isinstance(axes, tuple) and all(type(axis) is int for axis in axes)
            if isinstance(axes, tuple) and whole and axes[:1] == (0,):
                return "Permute", {"dims": axes[1:]}
        return None

    def _pooling(self) -> tuple[str, Config] | None:
        if len(self.inputs) != 1:
            return None
        stated = self.inputs[0]
        if self.function in _POOLS and stated is not None:
            given = {
                name: self.keywords[name]
                for name in ("pool_size", "strides", "padding", "data_format")
                if self.keywords.get(name) is not None
            }
            return f"{_POOLS[self.function]}{len(stated.shape) - 2}D", given
        axes = self._stated("axis")
        axes = (axes,) if isinstance(axes, int) else axes
        if self.function not in _MEANS or not isinstance(axes, tuple):
            return None
        # Keras 2 does not state shapes: all axes but the first and the last are meant then
        rank = len(axes) + 2 if stated is None else len(stated.shape)
        spatial = {axis % rank for axis in axes if isinstance(axis, int)}
        if spatial != set(range(1, rank - 1)) or not 3 <= rank <= 5:
            return None
        keep = self.keywords.get("keepdims") is True
        return f"{_MEANS[self.function]}{rank - 2}D", {"keepdims": keep}

    def _joined(self) -> tuple[str, Config] | None:
        axis = self._stated("axis")
        if self.function in _JOINS and isinstance(axis, int):
            return "Concatenate", {"axis": axis}
        return None

    def _stated(self, *names: str) -> object:
        """An argument by one of its names, else the first that stands after the tensors."""
        for name in names:
            if self.keywords.get(name) is not None:
                return self.keywords[name]
        rest = [value for value in self.arguments if value is not TENSOR]
        return rest[0] if rest else None


def function_of(class_name: str, config: Config) -> str:
    """The name of the function that an operation's layer calls, in snake case.

    >>> function_of("TFOpLambda", {"function": "math.reduce_mean"}), function_of("GetItem", {})
    ('reduce_mean', 'get_item')
    >>> function_of("TensorFlowOpLayer", {"node_def": '{"op": "AddV2"}'})
    'add_v2'
    """
    stated = config.get("function")
    if class_name == "SlicingOpLambda":
        return "get_item"
    if class_name == "TFOpLambda" and isinstance(stated, str):
        return stated.rpartition(".")[2]
    if class_name == "TensorFlowOpLayer":
        return snake_case(_graph_op(config.get("node_def"))) or "tensorflow_op"
    return snake_case(class_name)


def _graph_op(node: object) -> str:
    """The ``op`` of a TensorFlow node, which Keras 2 stores as JSON."""
    if isinstance(node, str):
        try:
            node = json.loads(node[:65_536])
        except (ValueError, RecursionError):
            return ""
    op = node.get("op") if isinstance(node, dict) else None
    return op if isinstance(op, str) else ""
