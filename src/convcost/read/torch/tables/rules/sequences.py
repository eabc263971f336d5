"""Rules for embeddings, recurrent layers and attention."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import isqrt
from typing import TYPE_CHECKING, Literal

from convcost.errors import NetworkError
from convcost.network.tensor import Axis, Tensor
from convcost.ops.bidirectional import Bidirectional
from convcost.ops.cell import GATES, Cell
from convcost.ops.chain import Chain
from convcost.ops.embedding import Embedding
from convcost.ops.multi_head_attention import MultiHeadAttention
from convcost.ops.recurrent import Recurrent, RecurrentStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.torch.tables.site import Rule, TorchSite

_Function = Literal["simple", "gru", "lstm"]
_MOST_LAYERS = 8
_HEAD = 64


def _embedding(site: TorchSite) -> Op:
    """Rows of as many numbers as the output's last axis has."""
    units = site.output.axes[-1].size
    if not isinstance(units, int) or site.parameters % units or not site.parameters:
        raise NetworkError(f"{site.parameters:,} parameters are no table of rows of {units}")
    indices = Tensor(site.output.axes[:-1], "int64")
    if site.input is None:
        site.solved = indices
    elif site.input.shape != indices.shape:
        raise NetworkError(f"{site.input} holds no numbers to look up")
    entries = site.parameters // units
    site.note("inferred", f"{site.parameters:,} = {entries}*{units}")
    return Embedding(entries=entries, units=units, names=site.output.names)


def _recurrent(function: _Function, site: TorchSite) -> Op:
    """Units from the output, features from the input, layers and directions from the parameters."""
    if len(site.output.axes) != 3:
        raise NetworkError("its sequence is packed: the number of steps is not printed")
    size = site.output.axes[-1].size
    features = site.input.axes[-1].size if site.input is not None else None
    if not isinstance(size, int) or (site.input is not None and not _same_rows(site)):
        raise NetworkError(f"its sequence does not come from {site.input}")
    for directions, layers, biases in product((1, 2), range(1, _MOST_LAYERS + 1), (2, 0)):
        if size % directions:
            continue
        units = size // directions
        first = _first_features(site.parameters, function, units, directions, layers, biases)
        if first is None or (features is not None and first != features):
            continue
        if site.input is None:
            site.solved = Tensor((*site.output.axes[:-1], Axis(site.output.axes[-1].name, first)))
            site.cost = 1.0 if directions > 1 else 0.5 * (layers > 1)
        bidirectional = ", in both directions" if directions > 1 else ""
        site.note(
            "inferred",
            f"{layers} layer(s) of {units} units on {first} features{bidirectional}, "
            f"{biases} biases per gate",
        )
        return _stack(function, units, directions, layers, biases)
    raise NetworkError(f"{site.parameters:,} parameters fit no number of layers of {size} units")


def _same_rows(site: TorchSite) -> bool:
    return site.input is not None and site.input.shape[:-1] == site.output.shape[:-1]


def _first_features(
    parameters: int, function: _Function, units: int, directions: int, layers: int, biases: int
) -> int | None:
    """The input features that the parameters leave for the first layer."""
    gates = GATES[function] * units * directions
    later = (layers - 1) * gates * (directions * units + units + biases)
    features, rest = divmod(parameters - later - gates * (units + biases), gates)
    return None if rest or features < 1 else features


def _stack(function: _Function, units: int, directions: int, layers: int, biases: int) -> Op:
    cell = Cell(function=function, units=units, biases=biases)
    if directions == 1:
        return Recurrent(cells=(cell,) * layers, return_sequences=True)
    one = Recurrent(cells=(cell,), return_sequences=True)
    both = Bidirectional(forward=one, backward=one)
    return both if layers == 1 else Chain((both,) * layers)


def _step(function: _Function, site: TorchSite) -> Op:
    """One step of a cell, as PyTorch's ``LSTMCell``."""
    units = site.output.axes[-1].size
    if not isinstance(units, int):
        raise NetworkError("its number of units is not printed")
    for biases in (2, 0):
        first = _first_features(site.parameters, function, units, 1, 1, biases)
        features = site.input.axes[-1].size if site.input is not None else first
        if first is None or features != first:
            continue
        if site.input is None:
            rows = site.output.axes[:-1]
            site.solved = Tensor((*rows, Axis(site.output.axes[-1].name, first)))
        elif not _same_rows(site):
            continue
        return RecurrentStep(cells=(Cell(function=function, units=units, biases=biases),))
    raise NetworkError(f"{site.parameters:,} parameters do not fit a cell of {units} units")


def _attention(site: TorchSite) -> Op:
    """Four projections of the features; heads are not printed, and change no product's size."""
    features = site.same().axes[-1].size
    if not isinstance(features, int) or isqrt(features) < 1:
        raise NetworkError("its number of features is not printed")
    bias = site.parameters == 4 * features * features + 4 * features
    if not bias and site.parameters != 4 * features * features:
        raise NetworkError(f"{site.parameters:,} parameters are not 4 projections of {features}")
    heads = features // _HEAD if features % _HEAD == 0 else 1
    site.note("assumed", f"a printout does not show the heads: {heads} of {features // heads}")
    size = features // heads
    return MultiHeadAttention(heads=heads, key_size=size, value_size=size, bias=bias)


RULES: Mapping[str, Rule] = {
    "Embedding": _embedding,
    "GRU": partial(_recurrent, "gru"),
    "GRUCell": partial(_step, "gru"),
    "LSTM": partial(_recurrent, "lstm"),
    "LSTMCell": partial(_step, "lstm"),
    "MultiheadAttention": _attention,
    "RNN": partial(_recurrent, "simple"),
    "RNNCell": partial(_step, "simple"),
}
