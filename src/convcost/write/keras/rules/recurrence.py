"""Recurrent layers: Keras's own, and PyTorch's as stacks of these."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.errors import NetworkError
from convcost.network.dims import number
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.recurrent import Recurrent
from convcost.write.kept import check_gates
from convcost.write.keras.rules.activation import check_named
from convcost.write.keras.site import Part
from convcost.write.keras.windows import window_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcost.network.tensor import Tensor
    from convcost.ops.cell import Cell
    from convcost.write.keras.graph import Numbers
    from convcost.write.keras.site import Rule, Site

LAYERS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def check_sequence(tensor: Tensor, time: str) -> None:
    """Refuse other tensors than (batch, time, features).

    Raises:
        NetworkError: it is one.
    """
    if len(tensor.axes) != 3 or tensor.names.index(time) not in {0, 1}:
        raise NetworkError(f"{tensor}; Keras's recurrent layers take a batch, steps and features")


def _settings(cell: Cell) -> dict[str, Any]:
    """What a cell is made with.

    Raises:
        NetworkError: the network does not keep what it computes, or Keras has not its functions.
    """
    check_gates(cell)
    check_named(cell.activation)
    settings = {"units": number(cell.units, "the units"), "activation": cell.activation,
                "use_bias": bool(cell.biases)}  # fmt: skip
    if cell.function != "simple":
        check_named(cell.recurrent_activation)
        settings["recurrent_activation"] = cell.recurrent_activation
    if cell.function == "gru":
        settings["reset_after"] = cell.biases == 2
    return settings


def _layer(op: Recurrent, **more: Any) -> Part:
    """A layer of one cell, or of several stacked ones."""
    ends = {"return_sequences": op.return_sequences, "return_state": op.return_state, **more}
    if len(op.cells) == 1:
        (cell,) = op.cells
        return Part(LAYERS[cell.function], {**_settings(cell), **ends})
    cells = [Part(f"{LAYERS[cell.function]}Cell", _settings(cell)) for cell in op.cells]
    return Part("RNN", {"cell": cells, **ends})


def _numbers(site: Site, cells: Sequence[Cell], where: str = "", prefix: str = "") -> Any:
    """Numbers of the variables of a layer's cells."""
    found: dict[str, Numbers] = {}
    for place, cell in enumerate(cells):
        several = len(cells) > 1
        attribute = f"{where}cell.cells.{place}" if several else f"{where}cell"
        weight = f"{prefix}cell_{place}/" if several else prefix
        for name in ("kernel", "recurrent_kernel", "bias")[: 2 + bool(cell.biases)]:
            found[f"{attribute}.{name}"] = site.numbers(f"{weight}{name}")
    return found


def _states(site: Site) -> dict[str, Any]:
    """The first states as an argument of the call; none where they are zeros anyway."""
    if len(site.values) == 1 or all(value.zeros for value in site.values[1:]):
        return {}
    return {"initial_state": [site.plain(place) for place in range(1, len(site.values))]}


def _give_all(site: Site, made: Any) -> None:
    import keras

    for output, node in enumerate(keras.tree.flatten(made)):
        site.give(node, output=output)


def _recurrent(site: Site) -> None:
    op: Any = site.op
    tensor = site.tensors[0]
    check_sequence(tensor, op.time)
    time = tensor.names.index(op.time)
    order = (1 - time, time, 2)
    layer = _layer(op)
    made = site.layer(layer.kind, site.turned(0, order), call=_states(site),
                      numbers=_numbers(site, op.cells), **layer.settings)  # fmt: skip
    _give_all(site, made)
    if op.return_sequences:
        site.made[0] = replace(site.made[0], order=order)


def _bidirectional(site: Site) -> None:
    """Two layers in one.

    Raises:
        NetworkError: they are no recurrent layers, or begin with states.
    """
    op: Any = site.op
    if not (isinstance(op.forward, Recurrent) and isinstance(op.backward, Recurrent)):
        raise NetworkError("directions that are no recurrent layers of Keras")
    check_sequence(site.tensors[0], op.forward.time)
    if site.tensors[0].names.index(op.forward.time) != 1:
        raise NetworkError(f"{site.tensors[0]}: steps have to come second")
    settings: dict[str, Any] = {"layer": _layer(op.forward), "merge_mode": op.merge}
    if op.backward != op.forward:
        settings["backward_layer"] = _layer(op.backward, go_backwards=True)
    numbers = _numbers(site, op.forward.cells, "forward_layer.", "forward/")
    numbers |= _numbers(site, op.backward.cells, "backward_layer.", "backward/")
    made = site.layer("Bidirectional", site.plain(), call=_states(site), numbers=numbers,
                      **settings)  # fmt: skip
    _give_all(site, made)


def _conv_lstm(site: Site) -> None:
    """Its windows follow the names that the op gives the axes.

    Raises:
        NetworkError: channels come before the positions, or padding is the op's own.
    """
    op: Any = site.op
    names = op.names or site.tensors[0].names
    axes = [window.axis for window in op.windows]
    padding = {window.padding for window in op.windows}
    if list(names) != ["batch", "time", *axes, "channel"] or padding not in ({"same"}, {"valid"}):
        raise NetworkError("an LSTM of convolutions whose channels do not come last")
    if len(site.values) > 1:
        raise NetworkError("an LSTM of convolutions that takes states")
    check_named(op.activation, op.recurrent_activation)
    numbers = {f"cell.{name}": site.numbers(name) for name in site.weights}
    made = site.layer(
        f"ConvLSTM{len(axes)}D", site.plain(), numbers=numbers, use_bias=op.bias,
        filters=number(op.filters, "filters"), padding=padding.pop(), activation=op.activation,
        recurrent_activation=op.recurrent_activation, return_sequences=op.return_sequences,
        return_state=op.return_state, **window_settings(op.windows),
    )  # fmt: skip
    _give_all(site, made)


RULES: Mapping[str, Rule] = {
    Recurrent.kind: _recurrent,
    Bidirectional.kind: _bidirectional,
    ConvLSTM.kind: _conv_lstm,
}
