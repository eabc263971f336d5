"""Objects of live Keras models, one by one: what they state of themselves, and their variables."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from convcost.network.tensor import DTYPE_BYTES
from convcost.read.keras.config import Stored, TensorSpec
from convcost.read.keras.layers import rules
from convcost.read.keras.serial.layer import RawLayer, layer_of
from convcost.read.keras.serial.operations import TENSOR, Operation, function_of
from convcost.read.keras.serial.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcost.read.keras.config import LayerConfig


def is_opaque(config: LayerConfig) -> bool:
    """Whether only a layer's own ``call`` tells what it does."""
    return config.class_name == "Lambda" or (
        config.class_name != "InputLayer" and config.class_name not in rules()
    )


def custom_class(model: Any) -> str | None:
    """The class of a model or layer, qualified; None for one of Keras's own."""
    kind = type(model)
    own = kind.__module__.partition(".")[0] in ("keras", "tf_keras", "tensorflow")
    return None if own else f"{kind.__module__}.{kind.__qualname__}"


def weights_of(layer: Any, variables: Iterable[Any]) -> tuple[Stored, ...]:
    """A layer's variables, with what is known of them."""
    # what a layer made to be trained, be it frozen by now; Keras 3 and Keras 2
    lists = ("_trainable_variables", "_trainable_weights")
    learned = {
        id(variable)
        for part in layer._flatten_layers()  # noqa: SLF001
        for name in lists
        for variable in getattr(part, name, ())
    }
    return tuple(
        Stored(
            name=str(getattr(variable, "path", None) or variable.name),
            shape=tuple(int(size) for size in variable.shape),
            dtype=_dtype(variable.dtype),
            values=Values(variable),
            learned=id(variable) in learned,
            trainable=bool(variable.trainable),
        )
        for variable in variables
    )


class Values:
    """The numbers of a variable, fetched when they are asked for."""

    def __init__(self, variable: Any) -> None:
        self.variable = variable

    def __call__(self) -> Any:
        """A NumPy array."""
        import numpy as np

        keras = sys.modules.get("keras")
        if keras is not None and hasattr(self.variable, "path"):
            return np.asarray(keras.ops.convert_to_numpy(self.variable))
        return np.asarray(self.variable.numpy())


def operands(node: Any) -> list[Any]:
    """The tensors of a call but its mask."""
    masks = flat(node.arguments.kwargs.get("mask"))
    return [tensor for tensor in node.input_tensors if not any(tensor is mask for mask in masks)]


def operation_of(operation: Any, node: Any) -> Operation:
    """A call of a function of tensors."""
    config = _config_of(operation)
    values = {key: _argument(value) for key, value in node.arguments.kwargs.items()}
    return Operation(
        function_of(type(operation).__name__, {}),
        [_argument(value) for value in node.arguments.args],
        {**{key: plain(value) for key, value in config.items()}, **values},
        [spec_of(tensor) for tensor in node.input_tensors],
        spec_of(node.output_tensors[0]) if len(node.output_tensors) == 1 else None,
    )


def _argument(value: Any) -> object:
    if any(hasattr(item, "_keras_history") for item in flat(value)):
        return TENSOR
    return plain(_data(value))


def config_of(layer: Any, name: str) -> LayerConfig:
    """A layer's configuration, without its calls."""
    kind = type(layer)
    config = _config_of(layer)
    return layer_of(RawLayer(kind.__name__, name, config, kind.__module__, None, None, {}, None))


def _config_of(operation: Any) -> dict[str, Any]:
    """What an object states of itself; nothing where it cannot."""
    if type(operation).__name__ == "Lambda":
        return {}
    try:
        config = _data(operation.get_config())
    except Exception:  # noqa: BLE001 - the user's own code may raise anything
        return {"trainable": bool(getattr(operation, "trainable", True))}
    return config if isinstance(config, dict) else {}


def _data(value: Any) -> Any:
    """A value as JSON would give it back."""

    def other(item: Any) -> Any:
        return item.tolist() if hasattr(item, "tolist") else type(item).__name__

    try:
        return json.loads(json.dumps(value, default=other, skipkeys=True))
    except (TypeError, ValueError, RecursionError, RuntimeError):
        return None


def spec_of(tensor: Any) -> TensorSpec:
    """The shape and dtype of a symbolic tensor."""
    return TensorSpec(tuple(tensor.shape), _dtype(tensor.dtype))


def _dtype(dtype: Any) -> str:
    name = str(getattr(dtype, "name", dtype))
    return name if name in DTYPE_BYTES else "float32" if "float" in name else "int32"


def flat(value: Any) -> list[Any]:
    """The leaves of nested lists and mappings."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in flat(item)]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flat(item)]
    return [] if value is None else [value]
