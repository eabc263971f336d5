"""Recurrent layers: features, biases, and what a wrapper around them merges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcost.errors import NetworkError
from convcost.network.dims import Dim, symbol
from convcost.network.network import Alternative
from convcost.network.tensor import Axis, Tensor
from convcost.ops.activation import activation_name
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.cell import GATES, Cell
from convcost.ops.recurrent import Recurrent
from convcost.read.keras.solve.by_code import by_code
from convcost.read.keras.solve.inside import fitting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.network import Note
    from convcost.network.op import Op
    from convcost.read.keras.solve.site import Rule, Site

_Function = Literal["simple", "gru", "lstm"]

#: Bias vectors per gate, the likeliest first: GRU has two by default, cuDNN's LSTM too.
_BIASES: Mapping[_Function, tuple[int, ...]] = {
    "simple": (1, 0),
    "gru": (2, 1, 0),
    "lstm": (1, 0, 2),
}


def _recurrent(function: _Function) -> Rule:
    def rule(site: Site) -> Op:
        units, gates = _units(site), GATES[function]
        readings = _readings(site, function, units)
        if not readings:
            on = f" on {site.inputs[0].axes[-1].size} features" if site.inputs else ""
            raise NetworkError(
                f"{site.parameters:,} parameters are not {gates} gates of {units} units{on}, which "
                f"have {gates}*{units}*(features+{units}+bias)"
            )
        (biases, features), *others = readings
        _state(site, function, readings, [_op(site, function, count) for count, _ in others])
        if not site.inputs:
            site.input = _sequence(site, features)
        return _op(site, function, biases)

    return rule


def _op(site: Site, function: _Function, biases: int) -> Op:
    cell = Cell(
        function=function,
        units=_units(site),
        biases=biases,
        activation=_stated(site, "activation", "tanh"),
        recurrent_activation=_stated(site, "recurrent_activation", "sigmoid"),
    )
    return _over_time(site, cell)


def _state(
    site: Site, function: _Function, readings: Sequence[tuple[int, int]], others: Sequence[Op]
) -> None:
    """Say what is read, and list the other readings; `others` are their ops."""
    units = _units(site)
    (biases, features), *_ = readings
    if not others:
        text = _equation(site.parameters, function, units, features, biases)
        usual = biases == _BIASES[function][0]
        site.note("inferred", text if usual else f"{text}: {_vectors(biases)}")
        return
    texts = [
        f"{size} features, with {_vectors(count)}: "
        + _equation(site.parameters, function, units, size, count)
        for count, size in readings
    ]
    steps = site.item.shape[1] if site.item.rank == 3 else None
    known = steps if isinstance(steps, int) else None
    alternatives = [
        Alternative(text, op, (None, known, size))
        for text, op, (_, size) in zip(texts[1:], others, readings[1:], strict=True)
    ]
    site.note("ambiguous", f"the input is read as {texts[0]}", alternatives)


def _readings(site: Site, function: _Function, units: int) -> list[tuple[int, int]]:
    """(bias vectors, features) that give the parameters, the likeliest first."""
    given = site.inputs[0].axes[-1].size if site.inputs else None
    columns, rest = divmod(site.parameters, GATES[function] * units)
    stated = site.config("use_bias")
    return [
        (biases, features)
        for biases in _BIASES[function]
        if (features := columns - units - biases) >= 1 and not rest
        if given in (None, features) and (stated is None or bool(stated) == (biases > 0))
    ]


def _equation(parameters: int, function: _Function, units: Dim, features: Dim, biases: int) -> str:
    """How the parameters come about: ``264,192 = 4*256*(1+256+1)``."""
    gates = GATES[function]
    by = f"{gates}*" if gates > 1 else ""
    bias = f"+{biases}" if biases else ""
    return f"{parameters:,} = {by}{units}*({features}+{units}{bias})"


def _vectors(biases: int) -> str:
    return ("no bias", "a bias vector", "two bias vectors")[biases]


def _over_time(site: Site, cell: Cell) -> Op:
    names = site.inputs[0].names if site.inputs else ("batch", "time", "channel")
    if len(names) != 3 or names[1] is None:
        raise NetworkError(f"its input has {len(names)} axes, not samples, steps and features")
    return Recurrent(
        cells=(cell,),
        time=names[1],
        return_sequences=site.item.rank == 3,
        return_state=len(site.item.row.shapes) > 1,
    )


def _units(site: Site) -> int:
    units = site.item.shape[-1] if site.item.shape else None
    if not isinstance(units, int) or units < 1:
        raise NetworkError("its number of units is not printed")
    return units


def _stated(site: Site, argument: str, default: str) -> str:
    """An activation by code, or Keras's default: a summary does not print it."""
    stated = site.config(argument)
    return (activation_name(stated) if isinstance(stated, str) else None) or default


def _sequence(site: Site, features: int) -> Tensor:
    steps = site.item.shape[1] if site.item.rank == 3 else None
    size: Dim = steps if isinstance(steps, int) else symbol("time")
    return Tensor((Axis("batch", 1), Axis("time", size), Axis("channel", features)))


def _bidirectional(site: Site) -> Op:
    """Two equal layers, their outputs joined or, where that does not fit, added."""
    if "layer" in site.item.config and (stated := by_code(site)) is not None:
        return stated
    if not site.inputs:
        raise NetworkError("the layer before it is not in the text")
    width = _units(site)
    merges: tuple[tuple[Literal["concat", "sum"], int], ...] = (
        ("concat", width // 2),
        ("sum", width),
    )
    for merge, units in merges:
        found = _halves(site, units) if merge == "sum" or width % 2 == 0 else []
        if found:
            (kind, op, notes), *others = found
            outputs = "joined" if merge == "concat" else "added (they may be multiplied, averaged)"
            text = f"two {kind} of {units} units, their outputs {outputs}"
            if others:
                alternatives = [
                    Alternative(
                        f"two {other}, {_vectors(_biases(half))}: {_half(site, half)}",
                        Bidirectional(forward=half, backward=half, merge=merge),
                    )
                    for other, half, _ in others
                ]
                site.note("ambiguous", f"{text}: {_half(site, op)}", alternatives)
            else:
                site.notes += notes
                site.note("inferred", text)
            return Bidirectional(forward=op, backward=op, merge=merge)
    raise NetworkError(f"{site.parameters:,} parameters are not two recurrent layers of one kind")


def _halves(site: Site, units: int) -> list[tuple[str, Recurrent, list[Note]]]:
    """Layers that have half of the parameters, the likeliest first: by name, then by its biases."""
    found = []
    shape, before = [*site.item.shape[:-1], units], len(site.notes)
    for kind in ("LSTM", "GRU", "SimpleRNN") if site.parameters % 2 == 0 else ():
        half = fitting(site, (kind,), site.inputs[0], shape, site.parameters // 2)
        notes = site.notes[before:]
        del site.notes[before:]
        if half is not None and isinstance(half[1], Recurrent):
            found.append((kind, half[1], notes))
    name = site.item.name.lower()
    return sorted(found, key=lambda half: (half[0].lower() not in name, not _is_usual(half[1])))


def _half(site: Site, op: Recurrent) -> str:
    """How the parameters of each of two layers come about."""
    (cell,), features = op.cells, site.inputs[0].axes[-1].size
    return _equation(site.parameters // 2, cell.function, cell.units, features, cell.biases)


def _biases(op: Recurrent) -> int:
    return op.cells[0].biases


def _is_usual(op: Recurrent) -> bool:
    return _biases(op) == _BIASES[op.cells[0].function][0]


RULES: Mapping[str, Rule] = {
    "LSTM": _recurrent("lstm"),
    "GRU": _recurrent("gru"),
    "SimpleRNN": _recurrent("simple"),
    "Bidirectional": _bidirectional,
}
