"""Networks in convcost's own format: JSON that reads back as the same networks.

One layer, parameter, note ... is one line, so that files can be compared line by line; the same
network gives the same bytes. Ops are written with all their attributes. The values of parameters
are not written.
"""

from __future__ import annotations

import dataclasses
import json
import math
from functools import cache
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import Expr
from convcost.network.network import Ref
from convcost.network.op import Op
from convcost.network.tensor import Axis
from convcost.read.exchange.classes import stored_fields
from convcost.read.exchange.names import FORMAT, KIND
from convcost.write.formula import Formulas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.network.network import Network
    from convcost.network.parameter import Parameter


def to_text(*networks: Network) -> str:
    """The networks as one file.

    Raises:
        NetworkError: a network holds something that the format has no place for.

    >>> from convcost import zoo
    >>> to_text(zoo.load("seed000")).splitlines()[1]
    '  "format": "convcost/network/1",'
    """
    parts = ["{\n", f'  "format": {_json(FORMAT)},\n', '  "networks": [']
    for number, network in enumerate(networks):
        parts += ["," * bool(number), "\n    {\n", ",\n".join(_sections(network)), "\n    }"]
    parts.append("\n  ]\n}\n")
    text = "".join(parts)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 30) : error.end].rpartition("\n")[2]
        raise NetworkError(
            f"cannot be written as UTF-8: {around!r} ends in half a letter"
        ) from None
    return text


def _sections(network: Network) -> Iterator[str]:
    """The network key by key."""
    sizes = Formulas()
    rows = {
        "layers": [_row(layer, sizes) for layer in network.layers],
        "parameters": [_row(parameter, sizes) for parameter in _in_order(network)],
        "outputs": [_json(_encoded(ref, sizes)) for ref in network.outputs],
        "modules": [_row(module, sizes) for module in network.modules],
        "missing": [_json(text) for text in network.missing],
        "measured": [_row(time, sizes) for time in network.measured],
        "notes": [_row(note, sizes) for note in network.notes],
    }
    yield f'      "name": {_json(network.name)}'
    yield f'      "framework": {_json(network.framework)}'
    yield _section("sizes", [_json(row) for row in sizes.sizes])
    for key, lines in rows.items():
        yield _section(key, lines)


def _section(key: str, lines: list[str]) -> str:
    listed = ",\n".join(f"        {line}" for line in lines)
    return f'      "{key}": [\n{listed}\n      ]' if lines else f'      "{key}": []'


def _in_order(network: Network) -> Iterator[Parameter]:
    """The table as the layers use it, then what none uses by name."""
    table = network.table
    used = dict.fromkeys(id_ for layer in network.layers for id_ in layer.parameters)
    unused = sorted(table.keys() - used.keys())
    return (table[id_] for id_ in (*used, *unused))


def _row(value: Any, sizes: Formulas) -> str:
    """A line; what is empty because nothing was said is left out."""
    return _json(
        {
            name: _encoded(getattr(value, name), sizes)
            for name, default in _fields(type(value))  # type: ignore[arg-type]
            if default not in (None, ()) or getattr(value, name) != default
        }
    )


def _encoded(value: Any, sizes: Formulas) -> Any:
    """A value as JSON has it.

    Raises:
        NetworkError: JSON has nothing for it.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Expr):
        return sizes(value)
    if isinstance(value, tuple):
        return [_encoded(part, sizes) for part in value]
    if isinstance(value, Axis):
        return [value.name, sizes(value.size)]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Ref):
        return [value.layer, value.output] if value.output else value.layer
    parts = {name: _encoded(getattr(value, name), sizes) for name, _ in _fields(type(value))}  # type: ignore[arg-type]
    return {KIND: value.kind, **parts} if isinstance(value, Op) else parts


@cache
def _fields(kind: type) -> tuple[tuple[str, Any], ...]:
    """Names and defaults of what is stored of a value.

    Raises:
        NetworkError: it is of no type that the format knows.
    """
    if not dataclasses.is_dataclass(kind):
        raise NetworkError(f"the exchange format has no place for a {kind}")
    return tuple((field.name, field.default) for field in stored_fields(kind))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
