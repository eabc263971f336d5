"""Values of a configuration: of the right type, within limits, and nothing but data."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from convcost.errors import LimitError, SourceError
from convcost.read.keras.config import LayerConfig, NotLiteral
from convcost.read.keras.signatures import canonical
from convcost.read.limits import MAX_NAME, MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

#: Arguments that are one whole number.
_ONE = frozenset(
    {
        *("filters", "groups", "units", "depth_multiplier", "n", "input_dim", "output_dim"),
        *("num_heads", "key_dim", "value_dim", "head_dim", "num_query_heads", "height", "width"),
        *("num_key_value_heads", "num_tokens", "implementation"),
    }
)
#: Arguments that are whole numbers, one or several.
_NUMBERS = _ONE | frozenset(
    {
        *("kernel_size", "strides", "dilation_rate", "pool_size", "target_shape", "dims", "axis"),
        *("axes", "cropping", "output_padding", "output_size", "shape", "shared_axes"),
        *("padding", "size", "output_shape"),
    }
)
#: Those of them that may be a word instead.
_OR_WORD = frozenset({"padding", "size"})
_WORDS = frozenset({"activation", "recurrent_activation", "data_format", "merge_mode", "equation"})
_FLAGS = frozenset(
    {
        *("use_bias", "center", "keepdims", "return_sequences", "return_state", "trainable"),
        *("go_backwards", "reset_after", "stateful", "unroll"),
    }
)
#: Arguments whose type is looked at.
_CHECKED = _NUMBERS | _WORDS | _FLAGS
_IMMATERIAL = re.compile(r"(?:.*_)?(?:initializer|regularizer|constraint)|name|weights|seed")
#: Values of one argument that are kept.
_MOST_VALUES = 1_000


def mapping(value: object, what: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        SourceError: it is something else.
    """
    if not isinstance(value, dict):
        raise SourceError(f"{what} is {_kind(value)}; expected a JSON object")
    return value


def sequence(value: object, what: str) -> list[Any]:
    """A JSON list.

    Raises:
        SourceError: it is something else.
    """
    if not isinstance(value, list):
        raise SourceError(f"{what} is {_kind(value)}; expected a list")
    return value


def name_of(value: object, what: str) -> str:
    """A name.

    Raises:
        SourceError: it is none.
        LimitError: it is too long.
    """
    if not isinstance(value, str) or not value:
        raise SourceError(f"the name of {what} is {_kind(value)}; expected text")
    if len(value) > MAX_NAME:
        raise LimitError(f"the name of {what} has {len(value):,} letters; at most {MAX_NAME:,}")
    return value


def shape_of(value: object, what: str) -> tuple[int | None, ...] | None:
    """A shape, its open axes None; None where it is not stated.

    Raises:
        SourceError: it is no list of whole numbers.
    """
    if value is None:
        return None
    items = value.get("items") if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise SourceError(f"{what} is {_kind(value)}; expected a list")
    return tuple([
        x if type(x) is int and 0 <= x <= MAX_SIZE else _axis(x, what) for x in items
    ])  # fmt: skip


@lru_cache(maxsize=1024)
def immaterial(key: str) -> bool:
    """Whether an argument changes no size and no cost."""
    return _IMMATERIAL.fullmatch(key) is not None


def argument(key: str, value: object, layer: str) -> object:
    """An argument of a layer, its type checked where convcost depends on it.

    Raises:
        SourceError: it has the wrong type.
        LimitError: it is too large a number.
    """
    if isinstance(value, (list, dict)):
        value = plain(value)
    if value is None or key not in _CHECKED or (isinstance(value, bool) and key in _FLAGS):
        return value
    if key in ("activation", "recurrent_activation"):
        value = _function(value)
    if isinstance(value, (NotLiteral, LayerConfig)):
        return value
    if key in _ONE and isinstance(value, tuple):
        raise SourceError(f"'{key}' of {shown(layer)} is a list; expected a whole number")
    if key in _NUMBERS and not (key in _OR_WORD and isinstance(value, str)):
        return _whole(value, lambda: f"'{key}' of {shown(layer)}")
    if key in _WORDS and not isinstance(value, str):
        raise SourceError(f"'{key}' of {shown(layer)} is {_kind(value)}; expected text")
    if key in _FLAGS and value not in (True, False):
        raise SourceError(f"'{key}' of {shown(layer)} is {_kind(value)}; expected true or false")
    return value


def plain(value: object) -> object:
    """A value as `LayerConfig` holds them: scalars, tuples, mappings, `NotLiteral`."""
    if isinstance(value, list):
        if len(value) > _MOST_VALUES:
            return NotLiteral(f"{len(value):,} values")
        # most items are numbers, which stay as they are
        return tuple([plain(x) if isinstance(x, (list, dict)) else x for x in value])
    if not isinstance(value, dict):
        return value
    kind = value.get("class_name")
    if kind in ("__tuple__", "__list__"):
        items = value.get("items", value.get("config"))
        return plain(items if isinstance(items, list) else [])
    if isinstance(kind, str) and kind.startswith("__"):
        return NotLiteral(kind.strip("_"))
    if len(value) > _MOST_VALUES:
        return NotLiteral(f"{len(value):,} values")
    return {k: plain(x) if isinstance(x, (list, dict)) else x for k, x in value.items()}


def shown(text: str) -> str:
    r"""Text of a source as a message may quote it: in quotes, short, control characters escaped.

    >>> shown("conv\x1b[31m"), shown("x" * 100) == repr("x" * 57 + "...")
    ("'conv\\x1b[31m'", True)
    """
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _function(value: object) -> object:
    """An activation that is given as an object: a function by its name, or a layer."""
    if not isinstance(value, dict):
        return value
    inner, name = value.get("config"), value.get("class_name")
    if isinstance(inner, str):
        return inner
    known = canonical(name) if isinstance(name, str) else None
    return NotLiteral("a function") if known is None else LayerConfig(known, known)


def _whole(value: object, what: Callable[[], str]) -> object:
    """Whole numbers, in tuples or alone; ``32.0`` is one.

    Args:
        value: as it is written.
        what: names it for a message.
    """
    if type(value) is int and -MAX_SIZE <= value <= MAX_SIZE:
        return value
    if isinstance(value, tuple):
        return tuple([x if type(x) is int and -MAX_SIZE <= x <= MAX_SIZE else _whole(x, what)
                      for x in value])  # fmt: skip
    if value is None or isinstance(value, NotLiteral):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise SourceError(f"{what()} is {_kind(value)}; expected a whole number")
    if abs(value) > MAX_SIZE:
        raise LimitError(f"{what()} is {_kind(value)}; at most {MAX_SIZE:,}")
    return value


def _axis(value: object, what: str) -> int | None:
    size = _whole(value, lambda: what)
    return size if isinstance(size, int) and size >= 0 else None


def _kind(value: object) -> str:
    """A value as a message shows it."""
    if isinstance(value, str):
        return shown(value)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)[:40]
    return "an object" if isinstance(value, dict) else "a list"
