"""Recurrent layers, their cells, and convolutional LSTM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from convcost.errors import NetworkError
from convcost.ops.cell import Cell
from convcost.ops.conv_lstm import ConvLSTM
from convcost.ops.recurrent import Recurrent, RecurrentStep
from convcost.ops.window import AXES, window
from convcost.read.keras.layers.inner import inner_layers
from convcost.read.keras.layers.site import each

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcost.network.op import Op
    from convcost.read.keras.layers.site import Rule, Site

_FUNCTIONS: Mapping[str, Literal["simple", "gru", "lstm"]] = {
    "SimpleRNN": "simple",
    "GRU": "gru",
    "LSTM": "lstm",
}


def _cell(function: Literal["simple", "gru", "lstm"]) -> Callable[[Site], Cell]:
    def cell(site: Site) -> Cell:
        # GRU adds a bias to the product of the state as well, unless it resets before it
        two = function == "gru" and site.get("reset_after", True)
        return Cell(
            function=function,
            units=site.need("units"),
            biases=(2 if two else 1) if site.get("use_bias", True) else 0,
            activation=site.activation("tanh"),
            recurrent_activation=site.activation("sigmoid", "recurrent_activation"),
        )

    return cell


def _recurrent(function: Literal["simple", "gru", "lstm"]) -> Rule:
    return lambda site: _over_time(site, (_cell(function)(site),))


def _over_time(site: Site, cells: tuple[Cell, ...]) -> Op:
    """Cells along the second axis, whatever it is called."""
    return Recurrent(
        cells=cells,
        time=site.axis_name(1),
        return_sequences=site.get("return_sequences", False),
        return_state=site.get("return_state", False),
    )


def _step(function: Literal["simple", "gru", "lstm"]) -> Rule:
    return lambda site: RecurrentStep(cells=(_cell(function)(site),))


def _rnn(site: Site) -> Op:
    return _over_time(site, _cells(site, "cell"))


def _stacked_cells(site: Site) -> Op:
    return RecurrentStep(cells=_cells(site, "cells"))


def _cells(site: Site, argument: str) -> tuple[Cell, ...]:
    """The cells of a layer, stacked ones one after another.

    Raises:
        NetworkError: one is custom.
    """
    cells: list[Cell] = []
    for class_name, config in inner_layers(site.config.get(argument), argument):
        inside = site.among(*site.inputs, config=config)
        function = _FUNCTIONS.get(class_name.removesuffix("Cell"))
        if class_name == "StackedRNNCells":
            cells += _cells(inside, "cells")
        elif function is None or not class_name.endswith("Cell"):
            raise NetworkError(f"there is no rule for the cell {class_name}")
        else:
            cells.append(_cell(function)(inside))
    if not cells:
        raise NetworkError(f"'{argument}' is not stated")
    return tuple(cells)


def _conv_lstm(rank: int) -> Rule:
    # in a tensor of Keras's, time and the axes of one-dimensional windows would share their name
    axes = ("width",) if rank == 1 else AXES[rank]

    def rule(site: Site) -> Op:
        spatial = ("channel", *axes) if site.channels_first else (*axes, "channel")
        return ConvLSTM(
            filters=site.need("filters"),
            windows=window(
                each(site.need("kernel_size"), rank),
                each(site.get("strides", 1), rank),
                padding=str(site.get("padding", "valid")).lower(),  # type: ignore[arg-type]
                dilation=each(site.get("dilation_rate", 1), rank),
                axes=axes,
            ),
            bias=site.get("use_bias", True),
            activation=site.activation("tanh"),
            recurrent_activation=site.activation("sigmoid", "recurrent_activation"),
            return_sequences=site.get("return_sequences", False),
            return_state=site.get("return_state", False),
            names=("batch", "time", *spatial),
            state_names=site.names(rank + 2),
        )

    return rule


RULES: Mapping[str, Rule] = {
    **{name: _recurrent(function) for name, function in _FUNCTIONS.items()},
    **{f"{name}Cell": _step(function) for name, function in _FUNCTIONS.items()},
    "RNN": _rnn,
    "StackedRNNCells": _stacked_cells,
    **{f"ConvLSTM{rank}D": _conv_lstm(rank) for rank in (1, 2, 3)},
}
