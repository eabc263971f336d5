"""Models in pasted Python code: a forum post, a notebook cell, a mail, a file.

The code is read as text: nothing of it is run, imported or looked up. What cannot be followed
stays unknown and is said so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.keras.signatures import relevant

if TYPE_CHECKING:
    from convcost.read.keras.config import ModelConfig


def find_models(text: str) -> tuple[ModelConfig, ...]:
    """Every Keras model that code in a text builds, in the order of the text.

    A model that is used inside another one is given as a part of that one only. Where the code
    calls layers but makes no model of them, all that they compute is one model.

    >>> text = '''Why is this slow?
    ... > model = Sequential()
    ... > model.add(Conv2D(32, (3, 3), activation="relu", input_shape=x_train.shape[1:]))
    ... > model.add(Flatten())'''
    >>> (model,) = find_models(text)
    >>> [(layer.name, dict(layer.config)) for layer in model.layers][1:]
    [('flatten', {})]
    >>> model.layers[0].config["filters"], model.layers[0].config["kernel_size"]
    (32, (3, 3))
    >>> model.notes
    ((3, 'input_shape=x_train.shape[1:] is not a literal'),)
    """
    if not relevant().search(text):
        return ()
    # most texts hold no code: the interpreter is only loaded for those that do
    from convcost.read.keras.code.models import models_of

    return models_of(text)
