"""What a table says only in part: cut connections, lost classes, expanded models, shared layers."""

from __future__ import annotations

import pytest

import convcost
from convcost.count import count
from convcost.read.keras.names import classes_of

LINES = "\n"
HEADER = "Layer (type)   Output Shape   Param #   Connected to\n=====\n"


def read(*rows):
    total = sum(int(row.rsplit(") ", 1)[1].split()[0]) for row in rows)
    return convcost.read(f"{HEADER}{LINES.join(rows)}\n=====\nTotal params: {total:,}\n")


def inputs(network):
    return {layer.name: [ref.layer for ref in layer.inputs] for layer in network.layers}


RESIDUAL = (
    "input_1 (InputLayer) (None, 8, 8, 4) 0 []",
    "block_of_layers_numbered_1_conv (None, 8, 8, 6) 222 input_1[0][0]",
    "block_of_layers_numbered_1_bn (B (None, 8, 8, 6) 24 block_of_layers_numbered_1_conv[0",
    "block_of_layers_numbered_1_relu (None, 8, 8, 6) 0 block_of_layers_numbered_1_bn[0][",
    "block_of_layers_numbered_1_pool (None, 4, 4, 6) 0 block_of_layers_numbered_1_relu[0",
)


def test_a_class_that_the_column_cut_off_is_told_by_the_name_and_checked_by_the_numbers():
    network = read(*RESIDUAL)
    kinds = [layer.op.kind for layer in network.layers]
    assert kinds == ["input", "conv", "batch_norm", "activation", "pool"]
    assert count(network).complete


def test_a_name_that_could_be_two_rows_is_the_one_that_fits():
    network = read(
        "input_1 (InputLayer) (None, 8, 8, 4) 0 []",
        "a_long_name_of_a_branch_1x1 (Con (None, 8, 8, 6) 30 input_1[0][0]",
        "a_long_name_of_a_branch_3x3 (Con (None, 8, 8, 5) 185 input_1[0][0]",
        "behind (Conv2D) (None, 8, 8, 2) 92 a_long_name_of_a_br…",
        "beside (Conv2D) (None, 8, 8, 2) 14 a_long_name_of_a_br…",
    )
    found = inputs(network)
    assert found["behind"] == ["a_long_name_of_a_branch_3x3"]
    assert found["beside"] == ["a_long_name_of_a_branch_1x1"]
    assert any("could be several layers" in note.text for note in network.notes)
    assert count(network).total.forward.macs == 64 * (24 + 180 + 90 + 12)


def test_rows_of_one_shape_are_taken_in_their_order():
    network = read(
        "input_1 (InputLayer) (None, 8, 8, 4) 0 []",
        "a_long_name_left (Conv2D) (None, 8, 8, 4) 20 input_1[0][0]",
        "a_long_name_right (Conv2D) (None, 8, 8, 4) 148 input_1[0][0]",
        "bn_left (BatchNormalization) (None, 8, 8, 4) 16 a_long_na…",
        "bn_right (BatchNormalization) (None, 8, 8, 4) 16 a_long_na…",
        "sum (Add) (None, 8, 8, 4) 0 bn_left[0][0] bn_right[0][0]",
    )
    found = inputs(network)
    assert found["bn_left"] == ["a_long_name_left"]
    assert found["bn_right"] == ["a_long_name_right"]


def test_an_expanded_model_stands_where_it_is_taken():
    rows = (
        ("input_1 (InputLayer)", "(None, 8, 8, 3)", "0", "-"),
        ("stem (Sequential)", "(None, 4, 4, 6)", "78", "input_1[0][0]"),
        ("   └ conv (Conv2D)", "(None, 4, 4, 6)", "78", "-"),
        ("   └ pool (MaxPooling2D)", "(None, 2, 2, 6)", "0", "-"),
        ("left (Conv2D)", "(None, 2, 2, 2)", "14", "stem[0][0]"),
        ("right (Conv2D)", "(None, 2, 2, 2)", "14", "stem[0][0]"),
        ("sum (Add)", "(None, 2, 2, 2)", "0", "left[0][0], right[0][0]"),
    )
    head = ("Layer (type)", "Output Shape", "Param #", "Connected to")
    lines = ["┃" + "┃".join(f" {cell:30}" for cell in head) + "┃"]
    for row in rows:
        lines += ["├" + "─" * 60 + "┤", "│" + "│".join(f" {cell:30}" for cell in row) + "│"]
    network = convcost.read("\n".join(lines))
    found = inputs(network)
    assert found["conv"] == ["input_1"]
    assert found["left"] == found["right"] == ["pool"]
    assert count(network).total.forward.macs == 16 * 72 + 2 * 4 * 12


def test_a_later_call_may_take_what_stands_below():
    network = read(
        "input_1 (InputLayer) (None, 6) 0 []",
        "shared (Dense) (None, 6) 42 input_1[0][0] relu[0][0]",
        "relu (ReLU) (None, 6) 0 shared[0][0]",
        "end (Dense) (None, 2) 14 shared[1][0]",
    )
    found = inputs(network)
    assert found["shared (2)"] == ["relu"]
    assert found["end"] == ["shared (2)"]
    counted = count(network)
    assert (counted.total.parameters, counted.total.forward.macs) == (56, 36 + 36 + 12)


def test_an_operation_with_a_number_has_one_input():
    network = read(
        "input_1 (InputLayer) (None, 6) 0 []",
        "add (Add) (None, 6) 0 input_1[0][0]",
        "relu (ReLU) (None, 6) 0 add[0][0]",
        "multiply (Multiply) (None, 6) 0 relu[0][0] input_1[0][0]",
    )
    assert count(network).complete
    assert network.layer("add").op.kind == "elementwise"


def test_a_dilated_kernel_is_found_where_no_other_fits():
    text = (
        "Layer (type) Output Shape Param #\n=====\n"
        "a (InputLayer) (None, 20, 20, 8) 0\nb (Conv2D) (None, 16, 16, 4) 292\n=====\n"
    )
    network = convcost.read(text)
    assert [(w.kernel, w.dilation) for w in network.layer("b").op.windows] == [(3, 2), (3, 2)]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("Con", "reduction_concat", "Concatenate"),
        ("Con", "stem_conv1", "Conv2D"),
        ("", "separable_conv_1_normal", "SeparableConv2D"),
        ("", "separable_conv_1_bn_normal", "BatchNormalization"),
        ("", "nothing_that_tells", None),
    ],
)
def test_the_likeliest_class(kind, name, expected):
    assert (classes_of(kind, name) or (None,))[0] == expected
