"""Models found in pasted code, in short."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from convcost.read.keras.code.reading import find_models

if TYPE_CHECKING:
    from convcost.read.keras.config import ModelConfig


def one(text: str) -> ModelConfig:
    (model,) = find_models(dedent(text))
    return model


def classes(model: ModelConfig) -> list[str]:
    return [layer.class_name for layer in model.layers]


def sources(model: ModelConfig) -> dict[str, list[tuple[tuple[str, int, int], ...]]]:
    return {layer.name: [call.inputs for call in layer.calls] for layer in model.layers}
