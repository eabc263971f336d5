"""One layer of a configuration: its class and arguments by their Keras 3 names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.network.dataclass import dataclass
from convcost.read.keras.arguments import bind
from convcost.read.keras.config import LayerConfig, NotLiteral
from convcost.read.keras.serial.values import (
    argument,
    immaterial,
    mapping,
    name_of,
    plain,
    shape_of,
    shown,
)
from convcost.read.keras.signatures import MERGE_MODES, SIGNATURES, canonical
from convcost.read.limits import MAX_LAYER_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.keras.config import LayerCall, Stored

#: Layers that Keras wraps functions of tensors in.
_FUNCTION_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})
#: Arguments that are layers.
_LAYERS = frozenset({"layer", "backward_layer", "forward_layer", "cell", "cells"})


@dataclass(frozen=True, slots=True)
class RawLayer:
    """A layer as it is written.

    Attributes:
        written: the class's name.
        name: the layer's.
        config: its arguments, as JSON values.
        module: where the class comes from, as far as Keras 3 says so.
        registered: the name that a custom class is registered under.
        inbound: its calls, as JSON values; None in a Sequential model.
        build: what Keras 3 says about the shapes it was built for.
        shared: the number of an object that is used in several places.
    """

    written: str
    name: str
    config: Any
    module: str | None
    registered: str | None
    inbound: list[Any] | None
    build: Mapping[str, Any]
    shared: int | None

    @property
    def is_keras(self) -> bool:
        """Whether the class is one of Keras's own, as far as the source tells."""
        if self.registered is not None and ">" in self.registered:
            package = self.registered.partition(">")[0].lower()
            return package.startswith(("keras", "tf_keras", "tensorflow"))
        root = (self.module or "keras").partition(".")[0]
        return root in ("keras", "tf_keras", "tensorflow")

    @property
    def custom(self) -> str | None:
        """The class, qualified as far as the source does so; None for one of Keras's own."""
        if self.is_keras:
            return None
        return f"{self.module}.{self.written}" if self.module else self.written

    @property
    def is_model(self) -> bool:
        """Whether it is a model with layers of its own."""
        if self.written == "Sequential":
            return True
        return isinstance(self.config, dict) and isinstance(self.config.get("layers"), list) and (
            "output_layers" in self.config
        )  # fmt: skip

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of tensors and no layer.

        A ``.h5`` file of Keras 3 does not state modules, but layers have ``trainable``, and
        operations do not.
        """
        if self.written in _FUNCTION_LAYERS:
            return True
        if self.module is not None:
            return self.module.startswith(("keras.src.ops", "keras.ops"))
        called = bool(self.inbound) and isinstance(self.inbound[0], dict)  # type: ignore[index]
        plain_layer = not isinstance(self.config, dict) or "trainable" in self.config
        return called and not plain_layer and not self.is_model and self.written != "InputLayer"


def raw_layer(value: object, number: int) -> RawLayer:
    """A layer's entry in a model's list.

    Raises:
        SourceError: it is none.
    """
    entry = mapping(value, f"layer {number}")
    written = entry.get("class_name")
    if not isinstance(written, str):
        raise SourceError(f"layer {number} has no 'class_name'")
    config = entry.get("config")
    own = config.get("name") if isinstance(config, dict) else None
    name = name_of(entry.get("name") or own or f"layer_{number}", f"layer {number}")
    inbound = entry.get("inbound_nodes")
    if inbound is not None and not isinstance(inbound, list):
        raise SourceError(f"the inbound nodes of layer {shown(name)} are no list")
    module, registered = entry.get("module"), entry.get("registered_name")
    if registered is None and ">" in written:
        registered = written
    build, shared = entry.get("build_config"), entry.get("shared_object_id")
    return RawLayer(
        written.rpartition(">")[2] or written,
        name,
        config,
        module if isinstance(module, str) else None,
        registered if isinstance(registered, str) else None,
        inbound,
        build if isinstance(build, dict) else {},
        shared if isinstance(shared, int) else None,
    )


def layer_of(
    raw: RawLayer,
    calls: tuple[LayerCall, ...] = (),
    stored: tuple[Stored, ...] | None = None,
) -> LayerConfig:
    """A layer's configuration.

    Args:
        raw: the layer as it is written.
        calls: where it is used.
        stored: its arrays.

    Raises:
        SourceError: an argument has the wrong type.
    """
    identity = None if raw.shared is None else f"shared object {raw.shared}"
    config = mapping({} if raw.config is None else raw.config, f"the config of {shown(raw.name)}")
    if raw.written == "InputLayer":
        shape = _input(config, raw.name)
        return LayerConfig("InputLayer", raw.name, shape, calls, stored=stored, identity=identity)
    class_name, arguments, known = arguments_of(raw, config, 0)
    return LayerConfig(
        class_name, raw.name, arguments, calls, known=known, stored=stored, identity=identity
    )


def arguments_of(
    raw: RawLayer, config: Mapping[str, Any], depth: int
) -> tuple[str, dict[str, object], bool]:
    """A layer's class by its Keras 3 name, its arguments, and whether the class is Keras's own.

    Raises:
        SourceError: an argument has the wrong type.
        LimitError: wrappers are nested too deeply.
    """
    if depth > MAX_LAYER_DEPTH:
        raise LimitError(f"{shown(raw.name)}: layers are nested in each other too deeply")
    written = raw.written
    if raw.is_keras and written == "StochasticDepth":
        # of ConvNeXt: drops whole branches in training, and nothing at inference
        written, config = "Dropout", {**config, "rate": config.get("drop_path_rate")}
    if raw.is_keras and written == "Merge":
        mode = config.get("mode")
        written = MERGE_MODES.get(mode, written) if isinstance(mode, str) else written
    class_name = canonical(written) if raw.is_keras else None
    if class_name is None:
        own = {} if written == "Lambda" else config
        kept = {key: plain(v) for key, v in own.items() if not immaterial(key)}
        taken = written in SIGNATURES
        custom = (raw.registered or f"{raw.module}>{written}") if taken else written
        return custom, _with_dtype(kept, config), raw.is_keras
    if class_name == "Lambda":
        # its code is a marshalled function: it is neither kept nor looked at
        kept = {"output_shape": plain(config.get("output_shape"))}
        return class_name, _with_dtype(kept, config), True
    given = {key: v for key, v in config.items() if key != "dtype" and not immaterial(key)}
    bound = bind(class_name, (), given).config
    arguments = {
        key: _layers(value, raw.name, depth) if key in _LAYERS else argument(key, value, raw.name)
        for key, value in bound.items()
        if not immaterial(key)
    }
    return class_name, _with_dtype(arguments, config), True


def stated_dtype(config: Mapping[str, Any]) -> str | None:
    """The name of a layer's dtype or dtype policy.

    >>> stated_dtype({"dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}}})
    'mixed_float16'
    """
    value = config.get("dtype")
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner.get("name") if isinstance(inner, dict) else inner
    return value if isinstance(value, str) else None


def _with_dtype(kept: dict[str, object], config: Mapping[str, Any]) -> dict[str, object]:
    dtype = stated_dtype(config)
    kept.pop("dtype", None)
    return kept if dtype is None else {**kept, "dtype": dtype}


def _layers(value: object, name: str, depth: int) -> object:
    """A layer, or several, among a wrapper's arguments."""
    if isinstance(value, list):
        return tuple(_layers(item, name, depth) for item in value)
    if not isinstance(value, dict) or "class_name" not in value:
        return None if value is None else NotLiteral("a layer that is not stated")
    raw = raw_layer(value, 0)
    config = mapping(raw.config, f"the config of a layer in {shown(name)}")
    class_name, arguments, known = arguments_of(raw, config, depth + 1)
    return LayerConfig(class_name, raw.name, arguments, known=known)


def _input(config: Mapping[str, Any], name: str) -> dict[str, object]:
    """The shape and dtype of an input; the batch axis is left out."""
    what = f"the shape of the input {shown(name)}"
    shape = shape_of(config.get("batch_shape", config.get("batch_input_shape")), what)
    own = shape_of(config.get("shape"), what) if shape is None else shape[1:]
    given: dict[str, object] = {} if own is None else {"shape": own}
    return _with_dtype(given, config)
