"""What Keras's own names do when they are called, and the methods of its models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.read.keras.arguments import ACTIVATIONS, plain_shape
from convcost.read.keras.code import builtins, training
from convcost.read.keras.code.graph import layers_of
from convcost.read.keras.code.values import (
    Arguments,
    Keywords,
    Layer,
    Model,
    NotFollowed,
    Opaque,
    Partial,
    Reference,
    Tensor,
    source_of,
)
from convcost.read.keras.signatures import MERGE_FUNCTIONS, MERGE_MODES, canonical

if TYPE_CHECKING:
    from convcost.read.keras.code.layers import Workshop

#: Libraries whose `Sequential`, `Flatten` or `Dropout` is not Keras's.
_FOREIGN = {
    *("chainer", "flax", "gluon", "haiku", "lasagne", "mxnet", "nn", "paddle", "tflearn"),
    *("torch", "torchvision"),
}
_FORMATS = {"channels_first", "channels_last", "th", "tf"}
#: Functions of tensors whose results are none.
_NO_TENSORS = {
    "get_shape",
    "get_source_inputs",
    "int_shape",
    "is_keras_tensor",
    "ndim",
    "print",
    "shape",
}
_SETTERS = ("set_image_data_format", "set_image_dim_ordering")
#: What a model's class may be called, as a base or by itself.
MODEL_CLASSES = frozenset({"Functional", "Model"})


class KerasNames:
    """Keras's functions and classes, for the layers and models of one text."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self._format_assumed = False

    def call(
        self, callee: Reference, arguments: Arguments, keywords: Keywords, line: int
    ) -> object:
        """The value of a call of a name that the text does not define.

        Raises:
            NotFollowed: it is none of Keras's and takes no tensors.
        """
        name = callee.name
        if callee.path in builtins.BUILTINS:
            return builtins.builtin(name, arguments, keywords)
        if callee.root in _FOREIGN:
            raise NotFollowed
        if name == "partial" and arguments:
            return Partial(arguments[0], tuple(arguments[1:]), keywords)
        if name in ("image_data_format", "image_dim_ordering", *_SETTERS):
            return self._data_format(name, arguments, line)
        if name == "Sequential":
            return self._sequential(arguments, keywords, line)
        if name in MODEL_CLASSES:
            return self._functional(arguments, keywords, line)
        if name == "Input":
            layer = self.workshop.layer("InputLayer", arguments, keywords, line)
            return self.workshop.input(layer)
        if canonical(name) or name == "Merge":
            return self.workshop.layer(name, arguments, keywords, line)
        if name.lstrip("_") == "obtain_input_shape":
            return _obtained_shape(arguments, keywords)
        tensors = self.workshop.tensors_in([*arguments, *keywords.values()])
        if not tensors or name in _NO_TENSORS:
            raise NotFollowed
        return self._function_of_tensors(name, tensors, arguments, keywords, line)

    def _function_of_tensors(
        self,
        name: str,
        tensors: list[Tensor],
        arguments: Arguments,
        keywords: Keywords,
        line: int,
    ) -> object:
        """``concatenate([a, b])``, ``tf.nn.relu(x)``, and any other function of tensors."""
        config = {
            key: value for key, value in keywords.items() if not self.workshop.tensors_in(value)
        }
        plain = [value for value in arguments if not self.workshop.tensors_in(value)]
        if name == "merge":
            mode = config.pop("mode", plain[0] if plain else "sum")
            name = MERGE_MODES.get(mode, name) if isinstance(mode, str) else name
            config = {key: value for key, value in config.items() if key != "output_shape"}
        elif name in MERGE_FUNCTIONS:
            name = MERGE_FUNCTIONS[name]
            if plain and name in ("Concatenate", "Dot"):
                config.setdefault("axis" if name == "Concatenate" else "axes", plain[0])
        elif name in ACTIVATIONS:
            name, config = "Activation", {"activation": name, **config}
        elif plain:
            config["arguments"] = tuple(plain)
        return self.workshop.operation(name, tensors, config, line)

    def _data_format(self, name: str, arguments: Arguments, line: int) -> object:
        """Keras's global choice of the channels' axis."""
        if name in _SETTERS:
            value = arguments[0] if arguments else None
            if isinstance(value, str) and value in _FORMATS:
                first = value in ("channels_first", "th")
                self.workshop.data_format = "channels_first" if first else "channels_last"
            return None
        if self.workshop.data_format is None and not self._format_assumed:
            self._format_assumed = True
            remark = f"{name}() is not set here; taken as Keras's default, channels last"
            self.workshop.notes.append((line, remark))
        first = self.workshop.data_format == "channels_first"
        if name == "image_dim_ordering":
            return "th" if first else "tf"
        return "channels_first" if first else "channels_last"

    def _sequential(self, arguments: Arguments, keywords: Keywords, line: int) -> object:
        """``Sequential([...])``."""
        layers = keywords.get("layers", arguments[0] if arguments else None)
        if isinstance(layers, Layer | Model):
            # Another library's `Sequential(a, b, c)`, imported by its bare name.
            raise NotFollowed
        name = keywords.get("name", arguments[1] if len(arguments) > 1 else None)
        model = self.workshop.model("Sequential", name, line)
        if isinstance(layers, list | tuple):
            for layer in layers:
                self._add(model, layer, line)
        elif layers is not None:
            text = f"the layers of Sequential({source_of(layers)}) are not a literal list"
            self.workshop.unread.append((line, text))
        return model

    def _add(self, model: Model, value: object, line: int) -> None:
        try:
            self.workshop.add(model, value, line)
        except NotFollowed:
            self.workshop.unread.append((line, "what is added to the model is not a layer"))

    def _functional(self, arguments: Arguments, keywords: Keywords, line: int) -> object:
        """``Model(inputs, outputs)``."""
        given = dict(zip(("inputs", "outputs", "name"), arguments, strict=False)) | keywords
        inputs = given.get("inputs", given.get("input", []))
        outputs = given.get("outputs", given.get("output"))
        if not self.workshop.tensors_in(outputs):
            self.workshop.unread.append((line, f"the outputs of {_shown(given)} are not known"))
            raise NotFollowed
        model = self.workshop.model("Functional", given.get("name"), line)
        self.workshop.functional(model, inputs, outputs, line)
        return model

    def method(
        self, model: Model, name: str, arguments: Arguments, keywords: Keywords, line: int
    ) -> object:
        """The value of a call of a model's method.

        Raises:
            NotFollowed: it tells nothing about the model.
        """
        if name == "add" and model.class_name == "Sequential":
            for value in arguments[:1] or list(keywords.values())[:1]:
                self._add(model, value, line)
            return None
        if name == "pop" and model.class_name == "Sequential":
            self.workshop.pop(model)
            return None
        if name == "build" and (arguments or "input_shape" in keywords):
            shape = plain_shape(arguments[0] if arguments else keywords["input_shape"])
            if shape is not None and model.shape is None:
                model.shape = shape[1:]
            return None
        if name == "get_layer":
            return self._get_layer(model, arguments, keywords)
        if training.record(model.training, name, arguments, keywords):
            return None
        raise NotFollowed

    def _get_layer(self, model: Model, arguments: Arguments, keywords: Keywords) -> object:
        """``model.get_layer(name)`` or ``(index=3)``, by names that the code states."""
        layers = layers_of(model)
        self.workshop.spend(len(layers))
        name = keywords.get("name", arguments[0] if arguments else None)
        index = keywords.get("index")
        if type(index) is int and -len(layers) <= index < len(layers):
            return layers[index]
        for layer in layers:
            if isinstance(name, str) and layer.name == name:
                return layer
        raise NotFollowed

    def set_trainable(self, owner: Layer | Model | Opaque, value: object, line: int) -> None:
        """``owner.trainable = value``."""
        layers = [owner] if isinstance(owner, Layer) else []
        if isinstance(owner, Opaque) and owner.callee:
            layers = [self.workshop.as_layer(owner, line)]
        elif isinstance(owner, Model):
            layers = layers_of(owner)
            self.workshop.spend(len(layers))
        for layer in layers:
            layer.config["trainable"] = value


def _shown(given: Keywords) -> str:
    """A functional model as it may be shown in a remark."""
    return f"Model(outputs={source_of(given.get('outputs', given.get('output')))})"


def _obtained_shape(arguments: Arguments, keywords: Keywords) -> object:
    """The helper of Keras's own applications: the shape that is given, or the default one."""
    given = keywords.get("input_shape", arguments[0] if arguments else None)
    size = keywords.get("default_size", arguments[1] if len(arguments) > 1 else None)
    if given is None and type(size) is int:
        return (size, size, 3)
    if not isinstance(given, tuple | list):
        raise NotFollowed
    return given
