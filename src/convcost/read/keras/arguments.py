"""A layer's arguments by their Keras 3 names, whichever Keras they were written for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcost.network.dataclass import dataclass, field
from convcost.read.keras.signatures import CLASS_ALIASES, SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Keras 1 and 2 argument -> Keras 3 argument.
_RENAMED = {
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "border_mode": "padding",
    "concat_axis": "axis",
    "dim_ordering": "data_format",
    "dot_axes": "axes",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "nb_filter": "filters",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
}
_RENAMED_FOR = {
    **{(name, "output_dim"): "units" for name in ("Dense", "GRU", "LSTM", "SimpleRNN")},
    ("LeakyReLU", "alpha"): "negative_slope",
    ("UpSampling1D", "length"): "size",
}
_OLD_NAMES = {*_RENAMED, *(key for _, key in _RENAMED_FOR)}
#: Arguments that only Keras 1 has: they tell which Keras a call was written for.
_KERAS_1 = {"border_mode", "subsample", "dim_ordering", "init", "W_regularizer", "nb_filter"}
#: Keras 1's parameters after the kernel's rows and columns.
_KERAS_1_CONV = ("kernel_initializer", "activation", "weights", "padding", "strides", "data_format")
_KERNEL_PARTS = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
_DATA_FORMATS = {"th": "channels_first", "tf": "channels_last"}
_RECURRENT = {"GRU", "LSTM", "RNN", "SimpleRNN", "Conv1D", "Bidirectional", "TimeDistributed"}

ACTIVATIONS = frozenset(
    {
        *("celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu"),
        *("hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish"),
        *("relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus"),
        *("softsign", "sparse_plus", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink"),
    }
)


@dataclass(slots=True)
class BoundArguments:
    """A layer's class and arguments, both by their Keras 3 names."""

    class_name: str
    config: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def bind(
    written: str,
    positional: Sequence[object],
    keywords: Mapping[str, object],
    *,
    tensorflow: bool = False,
) -> BoundArguments:
    """Arguments of a Keras layer by name.

    Args:
        written: The class's name as the code has it.
        positional: Arguments given by position.
        keywords: Arguments given by name.
        tensorflow: Whether the code is for ``tf.keras``, which never knew Keras 1's arguments.

    >>> bind("Convolution2D", (32, 3, 3), {"border_mode": "same", "subsample": (2, 2)}).config
    {'filters': 32, 'kernel_size': (3, 3), 'padding': 'same', 'strides': (2, 2)}
    >>> bind("Dense", (), {"output_dim": 10}).config, bind("MaxPool2D", (2,), {}).config
    ({'units': 10}, {'pool_size': 2})
    """
    class_name = CLASS_ALIASES.get(written, written)
    result = BoundArguments(class_name)
    if not positional:
        _bind_keywords(result, keywords)
        return result
    given = list(positional)
    names = SIGNATURES[class_name]
    rank = _keras_1_rank(written, class_name, given, keywords, tensorflow=tensorflow)
    if rank:
        sizes = given[1 : 1 + rank]
        given = [given[0], tuple(sizes), *given[1 + rank :]]
        names = ("filters", "kernel_size", *_KERAS_1_CONV)
        if written == class_name and not _KERAS_1 & keywords.keys():
            text = ", ".join(str(size) for size in sizes)
            result.notes.append(
                f"{written}(.., {text}) is read as Keras 2 did, a kernel of ({text}); "
                f"tf.keras and Keras 3 would take the second {sizes[0]} for the strides"
            )
    for name, value in zip(names, given, strict=False):
        result.config[name] = _spelled(name, value)
    if len(given) > len(names):
        result.notes.append(
            f"{written} has {len(given) - len(names)} arguments that it cannot take"
        )
    _bind_keywords(result, keywords)
    return result


def _bind_keywords(result: BoundArguments, keywords: Mapping[str, object]) -> None:
    """Add arguments given by name."""
    rest = dict(keywords)
    config, class_name = result.config, result.class_name
    for parts in _KERNEL_PARTS:
        if parts[0] in rest and all(part in rest for part in parts):
            config["kernel_size"] = tuple(rest.pop(part) for part in parts)
    for key, value in rest.items():
        name = key
        if key in _OLD_NAMES:
            name = _RENAMED_FOR.get((class_name, key)) or _RENAMED.get(key, key)
        plain = value is None or isinstance(value, (bool, int))
        config[name] = value if plain else _spelled(name, value)


def _keras_1_rank(
    written: str,
    class_name: str,
    given: Sequence[object],
    keywords: Mapping[str, object],
    *,
    tensorflow: bool,
) -> int:
    """The kernel's axes if its sizes are separate arguments, as Keras 1 had them; otherwise 0.

    Keras 2 still took ``Conv2D(32, 3, 3)`` so, while ``tf.keras`` and Keras 3 read strides. Where
    the call itself does not tell, two equal odd numbers are a kernel.
    """
    if len(given) < 3:
        return 0
    match = re.fullmatch(
        r"(?:Separable)?(?:Conv|LocallyConnected)([23])D(?:Transpose)?", class_name
    )
    if match is None:
        return 0
    rank = int(match[1])
    sizes = given[1 : 1 + rank]
    if len(sizes) < rank or any(type(size) is not int for size in sizes):
        return 0
    if _KERAS_1 & keywords.keys():
        return rank
    if tensorflow or "strides" in keywords:
        return 0
    first = sizes[0]
    plain = all(size == first for size in sizes) and isinstance(first, int) and first % 2 == 1
    return rank if written != class_name or plain else 0


def _spelled(name: str, value: object) -> object:
    """A value as Keras 3 spells it."""
    if name == "data_format" and isinstance(value, str):
        return _DATA_FORMATS.get(value, value)
    if name == "padding" and isinstance(value, str):
        return value.lower()
    return value


def stated_shape(class_name: str, config: Mapping[str, object]) -> object:
    """The input's shape, without the batch axis, that a layer's arguments state; None if none.

    >>> stated_shape("Dense", {"input_dim": 784}), stated_shape("Embedding", {"input_length": 10})
    ((784,), (10,))
    >>> stated_shape("Conv2D", {"batch_input_shape": (None, 8, 8, 3)})
    (8, 8, 3)
    """
    for name in ("input_shape", "shape"):
        if config.get(name) is not None:
            return config[name]
    for name in ("batch_input_shape", "batch_shape"):
        value = config.get(name)
        if isinstance(value, tuple | list):
            return tuple(value[1:])
        if value is not None:
            return value
    length = config.get("input_length")
    if class_name == "Embedding":
        return None if length is None else (length,)
    if config.get("input_dim") is None:
        return None
    if length is not None or class_name in _RECURRENT:
        return (length, config["input_dim"])
    return (config["input_dim"],)


def plain_shape(value: object) -> tuple[int | None, ...] | None:
    """A shape whose unknown axes are None; None if even the number of axes is unknown.

    >>> plain_shape((None, 8, "channels")), plain_shape(784)
    ((None, 8, None), (784,))
    """
    if type(value) is int:
        return (value,)
    if not isinstance(value, tuple | list):
        return None
    return tuple(axis if type(axis) is int and axis > 0 else None for axis in value)
