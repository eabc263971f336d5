"""From the statements of a text to the models that they build."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from convcost.read.keras.code.blocks import nest
from convcost.read.keras.code.freeze import Freezer
from convcost.read.keras.code.graph import layers_of
from convcost.read.keras.code.interpret import Interpreter
from convcost.read.keras.code.layers import Workshop
from convcost.read.keras.code.lines import find_statements
from convcost.read.keras.code.values import Layer, Model, Scope, Tensor

if TYPE_CHECKING:
    from convcost.read.keras.config import ModelConfig

#: Layers in all models together, those that models share counted once for each.
_MOST_LAYERS = 200_000


def models_of(text: str) -> tuple[ModelConfig, ...]:
    """Every Keras model that code in a text builds, in the order of the text."""
    with warnings.catch_warnings():
        # Python warns of dubious escapes in code that it parses; that is not ours to report.
        warnings.simplefilter("ignore")
        found = find_statements(text)
        program = nest(found.statements)
    workshop = Workshop()
    Interpreter(workshop).run(program, Scope())
    models = _whole_models(workshop)
    if not models:
        return ()
    notes = [*found.notes, *workshop.notes]
    return Freezer(workshop).freeze(models, notes, [*found.unread, *workshop.unread])


def _whole_models(workshop: Workshop) -> list[Model]:
    """The models that are no part of another one; if there are none, one for all loose layers."""
    kept: list[Model] = []
    parts: set[Model] = set()
    size = 0
    for model in workshop.models:
        layers = layers_of(model)
        size += len(layers)
        if size > _MOST_LAYERS:
            workshop.unread.append((model.line, "too many models; the rest is left out"))
            break
        if layers:
            kept.append(model)
        for layer in layers:
            inner = [layer, *(value for value in layer.config.values() if isinstance(value, Layer))]
            parts.update(item.model for item in inner if item.model is not None)
            parts.update(value for value in layer.config.values() if isinstance(value, Model))
    whole = [model for model in kept if model not in parts]
    return sorted(whole, key=lambda model: model.line) or _loose_models(workshop)


def _loose_models(workshop: Workshop) -> list[Model]:
    """Models of layers that are called, but that no ``Model(...)`` takes in."""
    ends = [*workshop.parts[1:], len(workshop.layers)]
    models = []
    for begin, end in zip(workshop.parts, ends, strict=True):
        called = [layer for layer in workshop.layers[begin:end] if layer.calls]
        read = {
            (tensor.layer, tensor.node)
            for layer in called
            for call in layer.calls
            for tensor in call.inputs
        }
        outputs = [
            Tensor(layer, node)
            for layer in called
            for node in range(len(layer.calls))
            if (layer, node) not in read and layer.class_name != "InputLayer"
        ]
        if not outputs or not any(_is_keras(layer) for layer in called):
            continue
        model = workshop.model("Functional", None, min(layer.line for layer in called))
        model.outputs = outputs
        model.inputs = [Tensor(layer, 0) for layer in called if layer.class_name == "InputLayer"]
        remark = "no Model(...) here; all layers that are called are read"
        model.notes.append((model.line, remark))
        models.append(model)
    return models


def _is_keras(layer: Layer) -> bool:
    return layer.known and layer.class_name != "InputLayer"
