"""Models of a configuration: Sequential, functional, nested, of Keras 1, 2 and 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.network.dataclass import replace
from convcost.read.keras.arguments import stated_shape
from convcost.read.keras.classes import SAME_SHAPE
from convcost.read.keras.config import LayerCall, LayerConfig, ModelConfig, TensorSpec
from convcost.read.keras.serial.layer import RawLayer, layer_of, raw_layer
from convcost.read.keras.serial.nodes import RawCall, calls_of, edges_of
from convcost.read.keras.serial.operations import Operation, function_of
from convcost.read.keras.serial.values import mapping, plain, sequence, shape_of, shown
from convcost.read.limits import MAX_LAYERS, MAX_MODEL_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from convcost.read.keras.config import TensorRef
    from convcost.read.keras.serial.stored import Group

_CUSTOM = "its file holds the class and its arguments, but not the layers that its call() connects"


def model_of(document: object, stored: Group) -> ModelConfig:
    """The model that a configuration describes.

    Args:
        document: JSON values.
        stored: the arrays that the source stores for its layers.

    Raises:
        SourceError: it describes none, or is damaged.
        LimitError: it is too large, or nested too deeply.
    """
    entry = mapping(document, "the configuration")
    if not isinstance(entry.get("class_name"), str) or "config" not in entry:
        raise SourceError(
            "the configuration has no 'class_name' and 'config'",
            hint="give what model.to_json() returns, or the file that model.save() writes",
        )
    config = entry["config"]
    name = config.get("name") if isinstance(config, dict) else None
    named = isinstance(name, str) and bool(name)
    raw = raw_layer({**entry, "name": name if named else entry["class_name"]}, 0)
    if not raw.is_model:
        raise SourceError(
            f"{shown(raw.written)} is a subclassed model: {_CUSTOM}",
            hint="read the model itself in Python: convcost.read(model, inputs=[example])",
        )
    model = _Model(raw, stored, 0).config()
    return model if named else replace(model, name=None)


class _Model:
    def __init__(self, raw: RawLayer, stored: Group, depth: int) -> None:
        if depth > MAX_MODEL_DEPTH:
            raise LimitError(f"models are nested more than {MAX_MODEL_DEPTH} deep")
        self.raw = raw
        self.stored = stored
        self.depth = depth
        # Keras 1 writes a Sequential model's layers without anything around them
        listed = isinstance(raw.config, list)
        what = f"the config of {shown(raw.name)}"
        self.options = {} if listed else mapping(raw.config, what)
        entries = raw.config if listed else sequence(self.options.get("layers"), f"{what}: layers")
        if len(entries) > MAX_LAYERS:
            raise LimitError(
                f"{shown(raw.name)} has {len(entries):,} layers; at most {MAX_LAYERS:,} are read"
            )
        self.layers = [raw_layer(entry, number) for number, entry in enumerate(entries)]
        self.specs: dict[TensorRef, TensorSpec] = {}

    def config(self) -> ModelConfig:
        sequential = self.raw.written == "Sequential"
        model = self._sequential() if sequential else self._functional()
        return replace(model, loose=self.stored.loose, custom=self.raw.custom)

    def _layer(
        self, raw: RawLayer, calls: tuple[LayerCall, ...], written: list[RawCall]
    ) -> LayerConfig:
        """A layer with its calls; `written` are those as the source has them."""
        identity = None if raw.shared is None else f"shared object {raw.shared}"
        if raw.is_model:
            group = self.stored.model(raw.written, raw.name)
            model = _Model(raw, group, self.depth + 1).config()
            trainable = self._option(raw, "trainable", default=True)
            return LayerConfig(
                raw.written, raw.name, {"trainable": trainable}, calls, model=model,
                identity=identity, stored=group.whole,
            )  # fmt: skip
        if raw.is_operation:
            return self._operation(raw, calls, written)
        return layer_of(raw, calls, self.stored.layer(raw.written, raw.name))

    def _option(self, raw: RawLayer, key: str, *, default: object) -> object:
        return raw.config.get(key, default) if isinstance(raw.config, dict) else default

    def _operation(
        self, raw: RawLayer, calls: tuple[LayerCall, ...], written: list[RawCall]
    ) -> LayerConfig:
        """A function of tensors, as the layer that does the same."""
        config = mapping(raw.config or {}, f"the config of {shown(raw.name)}")
        call = written[0] if written else RawCall()
        operation = Operation(
            function_of(raw.written, config),
            call.arguments,
            {**{key: plain(value) for key, value in config.items()}, **call.keywords},
            [edge.spec for edge in call.edges],
            self.specs.get((raw.name, 0, 0)),
        )
        class_name, arguments = operation.layer()
        # it may be a guess: whether it fits is seen when its input is known
        function = operation.function
        return LayerConfig(class_name, raw.name, arguments, calls, known=False, function=function)

    def _sequential(self) -> ModelConfig:
        layers: list[LayerConfig] = []
        previous: tuple[TensorRef, ...] = ()
        inputs: tuple[TensorRef, ...] = ()
        for raw in self.layers:
            branches = self._branches(raw) if not layers else []
            layers += branches
            previous = tuple((branch.name, 0, 0) for branch in branches) or previous
            layer = self._layer(raw, (LayerCall(previous),), [])
            if layer.class_name == "InputLayer":
                inputs = ((layer.name, 0, 0),)
            layers.append(layer)
            previous = ((layer.name, 0, 0),)
        if not layers:
            raise SourceError(f"the model {shown(self.raw.name)} has no layers")
        self._check_names(layer.name for layer in layers)
        self._state_built_shapes()
        shape = self._first_shape(layers[0])
        return ModelConfig(
            "Sequential", self.raw.name, tuple(layers), inputs, previous, shape, specs=self.specs
        )

    def _branches(self, raw: RawLayer) -> list[LayerConfig]:
        """The models that a Keras 1 ``Merge`` at the head of a Sequential model begins with."""
        entries = raw.config.get("layers") if isinstance(raw.config, dict) else None
        if raw.written != "Merge" or not isinstance(entries, list):
            return []
        branches = [raw_layer(entry, number) for number, entry in enumerate(entries)]
        return [self._layer(branch, (LayerCall(()),), []) for branch in branches]

    def _first_shape(self, first: LayerConfig) -> tuple[int | None, ...] | None:
        """The shape that a Sequential model is given, without the batch axis."""
        if first.model is not None:
            return first.model.input_shape
        raw = self.layers[0]
        stated = stated_shape(first.class_name, first.config)
        if isinstance(stated, tuple):
            return shape_of(list(stated), f"the input shape of {shown(raw.name)}")
        for built in (self.options.get("build_input_shape"), raw.build.get("input_shape")):
            shape = shape_of(built, f"the input shape of {shown(self.raw.name)}")
            if shape is not None:
                return shape[1:]
        return None

    def _state_built_shapes(self) -> None:
        """The shape that a layer was built for is that of the tensor before it."""
        for number, raw in enumerate(self.layers):
            built = raw.build.get("input_shape")
            if not isinstance(built, list) or any(isinstance(axis, list) for axis in built):
                continue
            shape = shape_of(built, f"the input shape of {shown(raw.name)}")
            for before in reversed(self.layers[:number]):
                if shape is not None:
                    self.specs[before.name, 0, 0] = TensorSpec(shape)
                if before.written not in SAME_SHAPE:
                    break

    def _functional(self) -> ModelConfig:
        self._check_names(raw.name for raw in self.layers)
        calls = {raw.name: calls_of(raw.inbound or [], raw.name) for raw in self.layers}
        ends = {key: edges_of(self.options.get(key)) for key in ("input_layers", "output_layers")}
        first = self._first_calls(calls, ends)

        def refer(edges: Iterable[Any]) -> tuple[TensorRef, ...]:
            return tuple(
                (name, number - first.get(name, 0) if edge.listed else number, output)
                for edge in edges
                for name, number, output in [edge.ref]
            )

        for raw_calls in calls.values():
            for call in raw_calls:
                for edge, ref in zip(call.edges, refer(call.edges), strict=True):
                    if edge.spec is not None:
                        self.specs[ref] = edge.spec
        layers = []
        for raw in self.layers:
            made = tuple([LayerCall(refer(c.edges)) for c in calls[raw.name] if c.edges])
            if raw.written == "InputLayer":
                made = (LayerCall(()),)
            layers.append(self._layer(raw, made, calls[raw.name]))
        inputs, outputs = refer(ends["input_layers"]), refer(ends["output_layers"])
        if not outputs:
            raise SourceError(f"the model {shown(self.raw.name)} states no outputs")
        shapes = [layer.config.get("shape") for layer in layers if (layer.name, 0, 0) in inputs]
        shape = shapes[0] if len(inputs) == 1 and shapes else None
        return ModelConfig(
            "Functional", self.raw.name, tuple(layers), inputs, outputs,
            shape if isinstance(shape, tuple) else None, specs=self.specs,
        )  # fmt: skip

    def _first_calls(
        self, calls: Mapping[str, list[RawCall]], ends: Mapping[str, list[Any]]
    ) -> dict[str, int]:
        """The number of a model's first call in tensors that are written as lists.

        Keras 1 and 2 count a model's own making as call 0, and Keras 3 does so for the outputs of
        the model around it. Every call that Keras 1 and 2 write is read somewhere.
        """
        read: dict[str, int] = {}
        keras_3 = any(not edge.listed for own in calls.values() for c in own for edge in c.edges)
        edges = [edge for own in calls.values() for call in own for edge in call.edges]
        for edge in (*edges, *ends["output_layers"]):
            if edge.listed:
                name, number, _ = edge.ref
                read[name] = min(number, read.get(name, number))
        models = {raw.name: raw for raw in self.layers if raw.is_model}
        return {
            name: (raw.written != "Sequential") if keras_3 else min(read.get(name, 0), 1)
            for name, raw in models.items()
        }

    def _check_names(self, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise SourceError(f"two layers of {shown(self.raw.name)} are named {shown(name)}")
            seen.add(name)
