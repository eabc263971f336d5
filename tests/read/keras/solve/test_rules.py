"""Rows of layers beside convolutions and dense ones: what their numbers say about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from convcost.count import count
from convcost.ops.unknown import Unknown
from convcost.read.source import read_source

if TYPE_CHECKING:
    from convcost.network.network import Network


def read(*rows: str) -> Network:
    """The network of a table with these rows, written as ``name (Class) | shape | parameters``."""
    lines = ["Layer (type)                 Output Shape              Param #", "=" * 65]
    for row in rows:
        name, shape, parameters = (cell.strip() for cell in row.split("|"))
        lines += [f"{name:<29}{shape:<26}{parameters:<10}", "_" * 65]
    total = sum(int(row.rsplit("|", 1)[1]) for row in rows)
    lines[-1] = "=" * 65
    lines += [f"Total params: {total:,}", f"Trainable params: {total:,}", "_" * 65]
    (network,) = read_source("\n".join(lines))
    return network


def unknown(network: Network) -> list[str]:
    return [layer.name for layer in network.layers if isinstance(layer.op, Unknown)]


#: An input row, the row to read, its MACs for one sample.
ROWS = [
    # 264,192 = 4*256*(1+256+1), keras-team/keras#9603
    (
        "i (InputLayer) | (None, 21, 1) | 0",
        "l (LSTM) | (None, 21, 256) | 264192",
        21 * 4 * 256 * 257,
    ),
    ("i (InputLayer) | (None, 4, 2) | 0", "l (LSTM) | (None, 3) | 72", 4 * 4 * 3 * 5),
    ("i (InputLayer) | (None, 28, 28) | 0", "l (SimpleRNN) | (None, 128) | 20096", 28 * 128 * 156),
    # Keras 3's GRU has two bias vectors, Keras 2.0's one
    ("i (InputLayer) | (None, 9, 5) | 0", "l (GRU) | (None, 6) | 234", 9 * 3 * 6 * 11),
    ("i (InputLayer) | (None, 9, 5) | 0", "l (GRU) | (None, 6) | 216", 9 * 3 * 6 * 11),
    ("i (InputLayer) | (None, 9, 5) | 0", "l (LSTM) | (None, 6) | 312", 9 * 4 * 6 * 11),
    (
        "i (InputLayer) | (None, 9, 5) | 0",
        "b (Bidirectional) | (None, 9, 12) | 576",
        2 * 9 * 4 * 6 * 11,
    ),
    (
        "i (InputLayer) | (None, 9, 5) | 0",
        "b (Bidirectional) | (None, 6) | 468",
        2 * 9 * 3 * 6 * 11,
    ),
    ("i (InputLayer) | (None, 9, 5) | 0", "t (TimeDistributed) | (None, 9, 3) | 18", 9 * 5 * 3),
    (
        "i (InputLayer) | (None, 4, 8, 8, 3) | 0",
        "t (TimeDistributed) | (None, 4, 6, 6, 16) | 448",
        4 * 36 * 27 * 16,
    ),
    ("i (InputLayer) | (None, 4, 8, 8, 3) | 0", "t (TimeDistributed) | (None, 4, 192) | 0", 0),
    ("i (InputLayer) | (None, 4, 8, 8, 3) | 0", "t (TimeDistributed) | (None, 4, 4, 4, 3) | 0", 0),
    (
        "i (InputLayer) | (None, 4, 8, 8, 1) | 0",
        "c (ConvLSTM2D) | (None, 4, 8, 8, 16) | 9856",
        4 * 64 * 9 * 17 * 64,
    ),
    (
        "i (InputLayer) | (None, 4, 8, 8, 1) | 0",
        "c (ConvLSTM2D) | (None, 6, 6, 16) | 9856",
        4 * 36 * 9 * 17 * 64,
    ),
    ("i (InputLayer) | (None, 50) | 0", "e (Embedding) | (None, 50, 64) | 1280000", 0),
    (
        "i (InputLayer) | (None, 8, 8, 32) | 0",
        "u (Conv2DTranspose) | (None, 16, 16, 16) | 2064",
        64 * 4 * 32 * 16,
    ),
    (
        "i (InputLayer) | (None, 8, 8, 32) | 0",
        "u (Conv2DTranspose) | (None, 17, 17, 16) | 4624",
        64 * 9 * 32 * 16,
    ),
    (
        "i (InputLayer) | (None, 6, 6, 3) | 0",
        "l (LocallyConnected2D) | (None, 4, 4, 8) | 3584",
        16 * 27 * 8,
    ),
    ("i (InputLayer) | (None, 6, 6, 3) | 0", "u (UpSampling2D) | (None, 12, 18, 3) | 0", 0),
    ("i (InputLayer) | (None, 6, 6, 3) | 0", "c (Cropping2D) | (None, 3, 4, 3) | 0", 0),
    ("i (InputLayer) | (None, 6, 6, 3) | 0", "p (PReLU) | (None, 6, 6, 3) | 108", 0),
    ("i (InputLayer) | (None, 6, 6, 3) | 0", "p (PReLU) | (None, 6, 6, 3) | 3", 0),
    ("i (InputLayer) | (None, 6, 6, 3) | 0", "n (LayerNormalization) | (None, 6, 6, 3) | 6", 0),
    ("i (InputLayer) | (None, 6, 6, 64) | 0", "n (GroupNormalization) | (None, 6, 6, 64) | 128", 0),
    ("i (InputLayer) | (None, 6, 6, 3) | 0", "n (Normalization) | (None, 6, 6, 3) | 7", 0),
    ("i (InputLayer) | (None, 6, 6, 3) | 0", "n (Rescaling) | (None, 6, 6, 3) | 0", 0),
    ("i (InputLayer) | (None, 5, 7) | 0", "p (Permute) | (None, 7, 5) | 0", 0),
    ("i (InputLayer) | (None, 7) | 0", "r (RepeatVector) | (None, 4, 7) | 0", 0),
    ("i (InputLayer) | (None, 7, 3) | 0", "m (Masking) | (None, 7, 3) | 0", 0),
    ("i (InputLayer) | (None, 8, 8, 3) | 0", "a (AdaptiveMaxPooling2D) | (None, 3, 3, 3) | 0", 0),
]


@pytest.mark.parametrize(("first", "row", "macs"), ROWS, ids=[row for _, row, _ in ROWS])
def test_a_row_is_read(first: str, row: str, macs: int) -> None:
    network = read(first, row)
    result = count(network)
    assert not unknown(network), network.notes
    assert result.total.forward.macs == macs
    assert result.total.parameters + result.total.statistics == int(row.rsplit("|", 1)[1])
    assert not [note for note in network.notes if note.kind == "contradiction"]


@pytest.mark.parametrize(
    "row",
    [
        "l (LSTM) | (None, 6) | 311",
        "l (GRU) | (None, 6) | 235",
        "b (Bidirectional) | (None, 12) | 577",
        "t (TimeDistributed) | (None, 9, 3) | 19",
        "u (Conv1DTranspose) | (None, 18, 4) | 43",
        "p (PReLU) | (None, 9, 5) | 7",
        "n (LayerNormalization) | (None, 9, 5) | 11",
        "e (Embedding) | (None, 9, 5, 4) | 7",
        "p (Permute) | (None, 4, 9) | 0",
        "u (UpSampling1D) | (None, 20, 5) | 0",
        "c (Cropping1D) | (None, 10, 5) | 0",
    ],
)
def test_numbers_that_fit_nothing_become_an_unknown_layer(row: str) -> None:
    network = read("i (InputLayer) | (None, 9, 5) | 0", row)
    (layer,) = (layer for layer in network.layers if isinstance(layer.op, Unknown))
    assert layer.op.parameters == int(row.rsplit("|", 1)[1])
    (note,) = (note for note in network.notes if note.kind == "contradiction")
    assert note.layer == layer.name


def test_recurrent_layers_have_their_own_activations() -> None:
    network = read(
        "l (LSTM) | (None, 21, 8) | 320", "k (GRU) | (None, 4) | 168", "d (Dense) | (None, 1) | 5"
    )
    lstm, gru, dense = network.layers[-3:]
    assert lstm.op.cells[0].activation == gru.op.cells[0].activation == "tanh"  # type: ignore[attr-defined]
    assert dense.op.activation == "sigmoid"  # type: ignore[attr-defined]


def test_without_the_layer_before_it_features_are_solved_and_steps_stay_open() -> None:
    network = read("simple_rnn (SimpleRNN) | (None, 128) | 20096", "d (Dense) | (None, 10) | 1290")
    assert {str(symbol) for symbol in network.symbols} == {"N", "time"}
    bound = network.bind({"time": 28})
    assert count(bound).total.forward.macs == 28 * 128 * (28 + 128) + 1280
    assert count(bound).total.parameters == 21386


def test_a_merge_takes_a_lost_input_in_its_own_shape() -> None:
    network = read(
        "i (InputLayer) | (None, 8, 8, 4) | 0",
        "c (Conv2D) | (None, 8, 8, 4) | 148",
        "a (Add) | (None, 8, 8, 4) | 0",
    )
    add = network.layer("a")
    assert [network.tensor(ref).shape[1:] for ref in add.inputs] == [(8, 8, 4), (8, 8, 4)]
    assert any(note.layer == "a" and note.kind == "assumed" for note in network.notes)
