"""What a summary does not print is found again: made from real ops, solved, compared."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcost
from convcost.count import count
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.op import Call
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.window import window
from convcost.read.keras.names import class_of
from convcost.read.keras.solve import pooling
from convcost.read.keras.solve.convolution import Task, solve

HEADER = "Layer (type)   Output Shape   Param #\n=====\n"


def table(*rows, total=None):
    text = HEADER + "\n".join(rows) + "\n=====\n"
    return text + ("" if total is None else f"Total params: {total:,}\n")


def notes(text, kind):
    return [note for note in convcost.read(text).notes if note.kind == kind]


@settings(max_examples=150, deadline=None)
@given(
    channels=st.integers(1, 40),
    filters=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["valid", "same"]),
    bias=st.booleans(),
    size=st.integers(8, 40),
)
def test_every_square_convolution_is_among_its_solutions(
    channels, filters, kernel, stride, padding, bias, size
):
    op = Conv(filters=filters, windows=window(kernel, stride, padding=padding), bias=bias)
    image = Tensor.of(batch=1, height=size, width=size, channel=channels)
    (result,) = op.outputs(image)
    parameters = sum(prod(weight.shape) for weight in op.weights(image))
    assume(all(side > 0 for side in result.shape))
    task = Task("conv", parameters, channels, filters, (size, size), tuple(result.shape[1:3]))
    solutions = solve(task)
    fitting = [
        s
        for s in solutions
        if s.geometry.kernel == (kernel, kernel)
        and s.geometry.stride == (stride, stride)
        and s.bias == bias
        and (s.geometry.padding == padding or kernel == 1)
    ]
    assert fitting
    for solution in solutions:  # whatever is chosen, shape and parameters are the printed ones
        windows = solution.geometry.windows(("height", "width"))
        again = Conv(filters=filters, windows=windows, bias=solution.bias, groups=solution.groups)
        assert again.outputs(image)[0].shape == result.shape
        assert sum(prod(w.shape) for w in again.weights(image)) == parameters
        call = Call((image,), again.outputs(image))
        assert solution.macs(task) == again.cost("forward", call).macs


@settings(max_examples=100, deadline=None)
@given(size=st.integers(4, 64), side=st.integers(1, 5), stride=st.integers(1, 4))
def test_every_pooling_window_is_among_its_solutions(size, side, stride):
    assume(side <= size)
    (w, _) = window(side, stride)
    found = pooling.solve((size, size), (w.output(size),) * 2)
    assert any(g.kernel == (side, side) and g.stride == (stride, stride) for g in found)


def test_the_equation_is_stated_with_its_line():
    text = table("a (InputLayer) (None, 26, 26, 32) 0", "b (Conv2D) (None, 24, 24, 64) 18496")
    (note,) = [n for n in notes(text, "inferred") if "kernel" in n.text]
    assert note.text == "kernel 3x3: 18,496 = 64*(3*3*32+1)"
    assert (note.layer, note.line) == ("b", 4)


def test_a_real_ambiguity_is_kept_with_what_it_changes():
    text = table("a (InputLayer) (None, 5, 5, 64) 0", "b (Conv2D) (None, 3, 3, 64) 36928")
    (note,) = notes(text, "ambiguous")
    assert "3x3 stride 1 valid" in note.text
    (other,) = note.alternatives
    assert other.text == "3x3 stride 2 same, on 5x5x64: same MACs per sample"
    assert count(convcost.read(text)).total.forward.macs == 331_776


def test_groups_are_found_where_nothing_else_fits():
    text = table("a (InputLayer) (None, 32, 32, 32) 0", "b (Conv2D) (None, 32, 32, 8) 576")
    op = convcost.read(text).layer("b").op
    assert (op.groups, op.bias) == (4, False)


def test_asymmetric_kernels_keep_height_and_width_apart():
    text = table("a (InputLayer) (None, 17, 17, 64) 0", "b (Conv2D) (None, 17, 11, 96) 43104")
    op = convcost.read(text).layer("b").op
    assert [(w.axis, w.kernel) for w in op.windows] == [("height", 1), ("width", 7)]


def test_a_row_that_fits_nothing_is_a_contradiction_not_a_guess():
    text = table("a (InputLayer) (None, 26, 26, 30) 0", "b (Conv2D) (None, 24, 24, 64) 18496")
    (note,) = notes(text, "contradiction")
    assert "18,496 parameters fit no kernel on 30 input channels" in note.text
    assert "was a row lost?" in note.text
    counted = count(convcost.read(text))
    assert not counted.complete
    assert counted.total.parameters == 18_496


def test_rows_that_do_not_add_up_to_the_total_are_reported():
    text = table("a (InputLayer) (None, 3) 0", "b (Dense) (None, 4) 16", total=17)
    (note,) = notes(text, "contradiction")
    assert note.text == "the rows add up to 16 parameters, the table prints 17"


IMAGE = "a (InputLayer) (None, 28, 28, 1) 0"
FIRST = "conv2d (Conv2D) (None, 26, 26, 32) 320"


def test_a_layer_whose_parameters_follow_from_its_input_needs_no_printed_ones():
    text = table(
        "a (InputLayer) (None, 8, 8, 96) 0",
        "layer_scale (LayerScale) (None, 8, 8, 96) 9…",
        "d (Dense) (None, 8, 8, 2) 194",
    )
    network = convcost.read(text)
    assert not [row for row in count(network).unknown if row.layer]
    assert count(network).total.parameters == 96 + 194
    assert not notes(text, "contradiction")


def test_the_only_number_that_is_cut_off_is_what_the_total_leaves():
    text = table(IMAGE, FIRST, "conv2d_2 (Conv2D) (None, 24, 24, 64) 184…", total=18_816)
    network = convcost.read(text)
    assert not notes(text, "contradiction")
    assert any("18,496 of the 18,816 parameters" in note.text for note in notes(text, "repaired"))
    assert [w.kernel for w in network.layer("conv2d_2").op.windows] == [3, 3]
    assert count(network).complete


@pytest.mark.parametrize("total", [18_817 + 1_000, 300])
def test_a_total_that_contradicts_the_digits_fills_nothing(total):
    text = table(IMAGE, FIRST, "conv2d_2 (Conv2D) (None, 24, 24, 64) 184…", total=total)
    assert not any("in no other row" in note.text for note in notes(text, "repaired"))
    assert not count(convcost.read(text)).complete


def test_several_numbers_that_are_cut_off_are_missing_and_no_contradiction():
    text = table(
        IMAGE,
        "conv2d (Conv2D) (None, 26, 26, 32) 3…",
        "conv2d_2 (Conv2D) (None, 24, 24, 64) 184…",
        "conv2d_3 (Conv2D) (None, 22, 22, 1) 577",
        total=320 + 18_496 + 577,
    )
    network = convcost.read(text)
    assert not notes(text, "contradiction")
    (missing,) = network.missing
    assert missing == (
        "18,816 of 19,393 parameters are in rows whose numbers are cut off: conv2d, conv2d_2"
    )


def test_batch_norm_over_the_wrong_axis_is_reported():
    text = table(
        "a (InputLayer) (None, 3, 28, 20) 0",
        "b (Conv2D) (None, 16, 28, 20) 448",
        "c (BatchNormalization) (None, 16, 28, 20) 80",
    )
    (note,) = notes(text, "contradiction")
    assert "80 = 4*20: it normalises over the width, not over the 16 channels" in note.text
    assert convcost.read(text).layer("c").op.axis == "width"


@pytest.mark.parametrize(("parameters", "scale", "center"), [(12, False, True), (8, False, False)])
def test_batch_norm_without_scale_or_shift(parameters, scale, center):
    text = table(
        "a (InputLayer) (None, 4, 4, 4) 0",
        f"b (BatchNormalization) (None, 4, 4, 4) {parameters}",
    )
    op = convcost.read(text).layer("b").op
    assert (op.scale, op.center) == (scale, center)


@pytest.mark.parametrize(
    ("following", "activation"),
    [
        ("c (Activation) (None, 4, 4, 8) 0", "linear"),
        ("c (BatchNormalization) (None, 4, 4, 8) 32", "relu"),
        ("c (Dropout) (None, 4, 4, 8) 0", "relu"),
    ],
)
def test_an_activation_is_assumed_aloud_where_no_layer_follows_with_one(following, activation):
    text = table(
        "a (InputLayer) (None, 4, 4, 8) 0",
        "b (Conv2D) (None, 4, 4, 8) 584",
        following,
        "d (Flatten) (None, 128) 0",
        "e (Dense) (None, 3) 387",
    )
    network = convcost.read(text)
    assert network.layer("b").op.activation == activation
    assert network.layer("e").op.activation == "softmax"
    assumed = " ".join(note.text for note in notes(text, "assumed"))
    assert "softmax for e" in assumed
    assert ("relu for b" in assumed) == (activation == "relu")


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("Batch", "batch_normalization_1", "BatchNormalization"),
        ("BatchNormaliza", "bn1", "BatchNormalization"),
        ("MaxPooling3", "max_pooling3d_1", "MaxPooling3D"),
        ("MaxPooling", "pool", "MaxPooling2D"),
        ("ZeroPadding", "zero_padding2d", "ZeroPadding2D"),
        ("Bidirection", "bi", "Bidirectional"),
        ("", "conv2d_7", "Conv2D"),
        ("", "maxpooling2d_1", "MaxPooling2D"),
        ("ConvLSTM", "conv_lstm1d", "ConvLSTM1D"),  # as Keras 3 numbers them
        ("ConvLSTM", "conv_lst_m3d_2", "ConvLSTM3D"),  # and Keras 2
        ("", "conv_lstm2d", "ConvLSTM2D"),
        ("CapsuleLayer", "digitcaps", "CapsuleLayer"),
    ],
)
def test_cut_classes_are_completed(kind, name, expected):
    assert class_of(kind, name, cut=kind not in ("", "CapsuleLayer")) == expected


def test_a_size_below_one_names_the_layer():
    b = Builder("too small")
    x = b.add(Input(Tensor.of(batch=BATCH, height=2, width=2, channel=1)))
    with pytest.raises(NetworkError, match="layer 'c'"):
        b.add(Conv(filters=1, windows=window(5)), x, name="c")
