"""Models of followed code as configuration."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from convcost.network.dataclass import replace
from convcost.read.keras.arguments import plain_shape
from convcost.read.keras.code.graph import layers_of, nodes_of
from convcost.read.keras.code.values import Function, Layer, Model, source_of
from convcost.read.keras.config import LayerCall, LayerConfig, ModelConfig, NotLiteral, TensorRef
from convcost.read.keras.snake_case import snake_case
from convcost.read.limits import MAX_MODEL_DEPTH
from convcost.read.unique import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcost.read.keras.code.layers import Workshop
    from convcost.read.keras.code.values import Tensor

#: Values inside values, and values in one argument.
_DEEPEST_VALUE = 5
_MOST_VALUES = 10_000
#: Arguments that change no size and no cost: nobody needs to know them.
_IMMATERIAL = re.compile(
    r".*_(?:initializer|regularizer|constraint)|function|weights|mask|seed|dtype"
)

_Note = tuple[int, str]


class Freezer:
    """Turns models into configuration, each once."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.counts: dict[str, int] = {}
        self.done: dict[Model, ModelConfig] = {}
        self._values_left = _MOST_VALUES

    def freeze(
        self, models: Sequence[Model], notes: Sequence[_Note], unread: Sequence[_Note]
    ) -> tuple[ModelConfig, ...]:
        """The models; a remark goes to the last model that begins at or before its line."""
        self._name_layers(models)
        configs = [self._model(model, 0) for model in models]
        kept = [_assign_remarks(models, remarks) for remarks in (notes, unread)]
        return tuple(
            replace(config, notes=(*config.notes, *own_notes), unread=tuple(own_unread))
            for config, own_notes, own_unread in zip(configs, *kept, strict=True)
        )

    def _name_layers(self, models: Sequence[Model]) -> None:
        """Give every layer of the models a name, as Keras numbers them: in order of creation."""
        layers: dict[Layer, None] = {}
        waiting: list[Layer] = [layer for model in models for layer in layers_of(model)]
        while waiting:
            layer = waiting.pop()
            if layer in layers:
                continue
            layers[layer] = None
            if layer.model is not None:
                waiting.extend(layers_of(layer.model))
            waiting.extend(value for value in layer.config.values() if isinstance(value, Layer))
        for layer in sorted(layers, key=lambda layer: layer.order):
            if layer.name is None:
                base = snake_case(layer.class_name) or "layer"
                count = self.counts.get(base, 0)
                self.counts[base] = count + 1
                layer.name = f"{base}_{count}" if count else base

    def _model(self, model: Model, depth: int) -> ModelConfig:
        if model in self.done:
            return self.done[model]
        notes = list(model.notes)
        nodes = nodes_of(model)
        taken: dict[str, int] = {}
        names = {layer: _unique(layer, taken, notes) for layer in layers_of(model)}
        references = {
            (layer, node): (names[layer], number)
            for layer, own in nodes.items()
            for number, node in enumerate(sorted(own))
        }
        layers = []
        for tensor in model.inputs:
            if (tensor.layer, tensor.node) not in references:
                begin = self._begin(tensor, taken)
                references[tensor.layer, tensor.node] = (begin.name, 0)
                layers.append(begin)

        def refer(tensors: Iterable[Tensor]) -> tuple[TensorRef, ...]:
            return tuple((*references[t.layer, t.node], t.index) for t in tensors)

        for layer, name in names.items():
            made = [layer.calls[node] for node in sorted(nodes[layer])]
            calls = tuple(LayerCall(refer(call.inputs), call.line) for call in made)
            layers.append(self._layer(layer, name, calls, depth, notes))
        config = ModelConfig(
            class_name=model.class_name,
            name=model.name,
            layers=tuple(layers),
            inputs=refer(model.inputs),
            outputs=refer(model.outputs),
            input_shape=_input_shape(model, layers),
            notes=tuple(sorted(set(notes))),
            training=dict(model.training),
            line=model.line,
        )
        self.done[model] = config
        return config

    def _begin(self, tensor: Tensor, taken: dict[str, int]) -> LayerConfig:
        """The input of a model that begins at a tensor inside another model."""
        layer = tensor.layer
        name = unique(f"{layer.name or snake_case(layer.class_name)}_input", taken)
        return LayerConfig("InputLayer", name, {}, (LayerCall((), layer.line),), layer.line)

    def _layer(
        self,
        layer: Layer,
        name: str,
        calls: tuple[LayerCall, ...],
        depth: int,
        notes: list[_Note],
    ) -> LayerConfig:
        notes.extend((layer.line, text) for text in layer.notes)
        self._values_left = _MOST_VALUES
        config: dict[str, object] = {}
        for key, value in layer.config.items():
            if value is None and layer.class_name == "InputLayer":
                continue
            config[key] = self._value(value, depth, notes)
            if not _IMMATERIAL.fullmatch(key):
                notes.extend((layer.line, f"{key}={text}") for text in _unknowns(config[key]))
        model = None
        if layer.model is not None:
            if depth < MAX_MODEL_DEPTH:
                model = self._model(layer.model, depth + 1)
                notes.extend((line or layer.line, text) for line, text in model.notes)
            else:
                notes.append((layer.line, f"{name}: models are nested too deeply"))
        return LayerConfig(layer.class_name, name, config, calls, layer.line, model, layer.known)

    def _value(self, value: object, depth: int, notes: list[_Note], inside: int = 0) -> object:
        """A configuration value without anything of the followed code in it."""
        self._values_left -= 1
        if self._values_left < 0 or inside > _DEEPEST_VALUE:
            return NotLiteral("a deeply nested value")
        if isinstance(value, list | tuple):
            return tuple(self._value(item, depth, notes, inside + 1) for item in value)
        if isinstance(value, dict):
            return {
                str(key): self._value(item, depth, notes, inside + 1) for key, item in value.items()
            }
        if isinstance(value, Model):
            value = self.workshop.as_layer(value, value.line)
        if isinstance(value, Layer):
            name = value.name or snake_case(value.class_name)
            return self._layer(value, name, (), depth + 1, notes)
        if value is None or isinstance(value, int | float | str):
            return value
        return NotLiteral(_source(value))


def _input_shape(model: Model, layers: Sequence[LayerConfig]) -> tuple[int | None, ...] | None:
    """The shape of a model's only input; perhaps only a model that it begins with states it."""
    if len(model.inputs) > 1:
        return None
    shape = model.inputs[0].layer.config.get("shape") if model.inputs else model.shape
    if shape is None and layers and layers[0].model is not None:
        return layers[0].model.input_shape
    return plain_shape(shape)


def _unique(layer: Layer, taken: dict[str, int], notes: list[_Note]) -> str:
    """A layer's name, made unique within its model."""
    wanted = layer.name or snake_case(layer.class_name)
    name = unique(wanted, taken)
    if name != wanted:
        notes.append((layer.line, f"a second layer is called {wanted}; read as {name}"))
    return name


def _unknowns(value: object) -> list[str]:
    """A remark for an argument that is not literal, or in which something is not."""
    if isinstance(value, NotLiteral):
        return [f"{value.source} is not a literal"]
    if isinstance(value, tuple):
        unknown = [item.source for item in value if isinstance(item, NotLiteral)]
        if unknown:
            stated = ", ".join(
                item.source if isinstance(item, NotLiteral) else repr(item) for item in value[:8]
            )
            return [f"({stated}): {', '.join(unknown[:8])} not literal"]
    return []


def _source(value: object) -> str:
    return value.name if isinstance(value, Function) else source_of(value)


def _assign_remarks(models: Sequence[Model], remarks: Sequence[_Note]) -> list[list[_Note]]:
    """Remarks by model."""
    kept: list[list[_Note]] = [[] for _ in models]
    order = sorted(range(len(models)), key=lambda index: models[index].line)
    begins = [models[index].line for index in order]
    for line, text in sorted(set(remarks)):
        kept[order[max(bisect_right(begins, line) - 1, 0)]].append((line, text))
    return kept
