"""A network in which what is varied is left open: a symbol for each number."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from convcost.errors import UsageError, unknown_name
from convcost.network.dataclass import fields, replace
from convcost.network.dims import Dim, maximum, symbol
from convcost.network.edit import changed, edited
from convcost.ops.input import Input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Layer, Network
    from convcost.network.op import Op
    from convcost.ops.window import Window
    from convcost.sweep.vary import Value, Vary

#: Names that are no attribute of a layer: of the workload, of all widths, of the input's sides.
BATCH, WIDTH, IMAGE = "batch", "width", "image"
_SIDES = ("height", "width")
_OF_WINDOWS = ("kernel", "stride", "dilation", "padding")
_WIDTHS = ("filters", "units")
#: Widths are multiplied by whole thousandths: sizes are exact.
THOUSAND = 1000
#: Fields of ops that are no attribute of their own.
_PARTS = frozenset({"windows", "tensor"})


def check(network: Network, varies: Sequence[Vary]) -> None:
    """Refuse what the network does not have.

    Raises:
        UsageError: something is varied twice; a pattern fits no layer, or none with the attribute;
            a value is of another kind than the attribute.
    """
    names = [vary.name for vary in varies]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"'{twice[0]}' is varied twice")
    for vary in varies:
        _check(network, vary)


def _check(network: Network, vary: Vary) -> None:
    if vary.name in (BATCH, IMAGE):
        if not (vary.whole and min(cast("tuple[int, ...]", vary.values)) >= 1):
            raise UsageError(f"{vary.name} is a whole number of at least 1")
        if vary.name == IMAGE and not _images(network):
            raise UsageError(f"'{network.name}' has no input with height and width")
    elif vary.name == WIDTH:
        if not vary.numeric or min(cast("tuple[float, ...]", vary.values)) <= 0:
            raise UsageError("width is a factor above zero", hint="width=0.25..2")
    elif vary.pattern is None:
        known = sorted({*network.symbols, BATCH, WIDTH, IMAGE})
        if vary.name not in network.symbols:
            raise unknown_name("parameter to vary", vary.name, known)
    else:
        _check_attribute(network, vary)


def _check_attribute(network: Network, vary: Vary) -> None:
    chosen = [layer for layer in network.layers if fnmatchcase(layer.name, vary.pattern or "")]
    if not chosen:
        names = [layer.name for layer in network.layers]
        raise unknown_name("layer to vary", vary.pattern or "", names)
    having = [layer for layer in chosen if vary.attribute in attributes(layer.op)]
    if not having:
        known = sorted({name for layer in chosen for name in attributes(layer.op)})
        raise unknown_name(f"attribute of '{vary.pattern}'", vary.attribute, known)
    for layer in having:
        old = attributes(layer.op)[vary.attribute]
        if isinstance(old, bool) or isinstance(old, str) != (not vary.numeric):
            other = isinstance(old, tuple) and not vary.numeric  # explicit padding and its names
            if isinstance(old, bool) or not other:
                raise UsageError(
                    f"{vary.attribute} of '{layer.name}' is {old!r}; '{vary.values[0]}' is of "
                    "another kind"
                )


def attributes(op: Op) -> dict[str, Any]:
    """What of an op can be varied, and what it is now.

    >>> from convcost.ops.conv import Conv
    >>> from convcost.ops.window import window
    >>> sorted(attributes(Conv(filters=8, windows=window(3))))
    ['activation', 'bias', 'dilation', 'filters', 'groups', 'kernel', 'padding', 'stride']
    """
    names = [field.name for field in fields(cast("Any", op)) if field.name not in _PARTS]
    found = {name: getattr(op, name) for name in names}
    windows: tuple[Window, ...] = getattr(op, "windows", ())
    if windows:
        found |= {name: getattr(windows[0], name) for name in _OF_WINDOWS}
    return found


def varied(
    network: Network, varies: Sequence[Vary], words: Mapping[str, Value]
) -> tuple[Network, dict[str, str]]:
    """The network with symbols, and words, in place of what is varied.

    Args:
        network: as it is.
        varies: what is varied; checked.
        words: values that are no whole numbers, by the names of what is varied; all others become
            symbols.

    Returns:
        The network, and the names of the symbols by the names of what is varied: the batch and open
        sizes keep theirs.

    Raises:
        NetworkError: a layer does not fit behind what was changed.
    """
    symbols = {
        vary.name: vary.name if vary.name in network.symbols else f"v{place}"
        for place, vary in enumerate(varies)
        if vary.name not in words and vary.name != BATCH
    }
    values: dict[str, Dim | Value] = {
        vary.name: words.get(vary.name, symbol(symbols.get(vary.name, "N")))
        for vary in varies
        if vary.name != BATCH
    }
    of_layers = [vary for vary in varies if vary.pattern is not None]
    returned = _returned(network) if WIDTH in values else frozenset()

    def op_of(layer: Layer) -> Op:
        op = layer.op
        if isinstance(op, Input):
            return _resized(op, values[IMAGE]) if IMAGE in values else op
        for vary in of_layers:
            if fnmatchcase(layer.name, vary.pattern or ""):
                op = _changed(op, vary.attribute, values[vary.name])
        if WIDTH in values and layer.name not in returned:
            op = _wider(op, cast("Dim", values[WIDTH]))
        return op

    if set(values) <= network.symbols:
        return network, symbols
    return edited(network, op_of), symbols


def _changed(op: Op, name: str, value: Any) -> Op:
    """An op with another attribute; itself where it has no such one."""
    if name not in attributes(op):
        return op
    if name in _OF_WINDOWS and hasattr(op, "windows"):
        windows: tuple[Window, ...] = op.windows
        return changed(op, windows=tuple(replace(w, **{name: value}) for w in windows))
    return changed(op, **{name: value})


def _wider(op: Op, thousandths: Dim) -> Op:
    """Filters or units multiplied, at least one."""
    for name in _WIDTHS:
        size = getattr(op, name, None)
        if size is not None:
            return changed(op, **{name: maximum(size * thousandths // THOUSAND, 1)})
    return op


def _resized(op: Input, side: Any) -> Input:
    tensor = op.tensor
    if not all(tensor.has(axis) for axis in _SIDES):
        return op
    return replace(op, tensor=tensor.resized(**dict.fromkeys(_SIDES, side)))


def _images(network: Network) -> list[Layer]:
    return [
        layer
        for layer in network.layers
        if isinstance(layer.op, Input) and all(layer.op.tensor.has(axis) for axis in _SIDES)
    ]


def _returned(network: Network) -> frozenset[str]:
    """Layers whose width is that of the results: the last ones with a width on the way back."""
    found = set()
    open_ = [ref.layer for ref in network.outputs]
    while open_:
        layer = network.layer(open_.pop())
        if any(hasattr(layer.op, name) for name in _WIDTHS):
            found.add(layer.name)
        else:
            open_ += [ref.layer for ref in layer.inputs]
    return frozenset(found)
