"""What a damaged Keras table lacks, as far as it follows: cut sizes, lost layers, shared calls."""

from __future__ import annotations

import pytest

import convcost

CONNECTED = "Layer (type)   Output Shape   Param #   Connected to\n=====\n"
PLAIN = "Layer (type)   Output Shape   Param #\n=====\n"


def read(*rows, header=CONNECTED, total=None):
    text = header + "\n".join(rows) + "\n"
    return convcost.read(text + ("" if total is None else f"=====\nTotal params: {total:,}\n"))


def said(network, kind):
    return [note.text for note in network.notes if note.kind == kind]


def shape(network, name):
    return network.layer(name).outputs[0].shape


def test_a_convolution_tells_the_channels_that_it_takes():
    network = read(
        "relu_1 (Activation)     (None, None, None, 2 0       bn_1[0][0]",
        "pad_1 (ZeroPadding2D)   (None, None, None, 2 0       relu_1[0][0]",
        "conv_2 (Conv2D)         (None, None, None, 1 294912  pad_1[0][0]",
        "bn_2 (BatchNormalizati  (None, None, None, 1 512     conv_2[0][0]",
    )
    assert shape(network, "relu_1")[-1] == shape(network, "pad_1")[-1] == 256
    assert shape(network, "conv_2")[-1] == 128
    (note,) = [note for note in network.notes if "from the parameters of conv_2" in note.text]
    assert "256 by a kernel of 3" in note.text


def test_a_stride_tells_the_width():
    network = read(
        "conv_1 (Conv2D)         (None, 32, 720, 128  896     image[0][0]",
        "conv_2 (Conv2D)         (None, 64, 360, 640) 18496   conv_1[0][0]",
    )
    assert shape(network, "conv_1")[1:] == (32, 720, 1280)
    (note,) = [note for note in network.notes if note.layer == "conv_1" and "cut" in note.text]
    assert note.kind == "repaired"
    assert "since 360 of 720 rows are left, 640 of 1280 columns" in note.text


def test_an_image_is_assumed_to_be_as_wide_as_high():
    network = read(
        "image (InputLayer)      (None, 3, 224, 224)  0",
        "conv_1 (Conv2D)         (None, 64, 224, 2    1792    image[0][0]",
    )
    assert shape(network, "conv_1")[1:] == (64, 224, 224)


def test_two_lost_layers_have_sizes_of_their_own():
    network = read(
        "join_1 (Concatenate)    (None, None, 4)      0       head[1][0]",
        "                                                     head[2][0]",
        "join_2 (Concatenate)    (None, None, 8)      0       tail[1][0]",
        "                                                     tail[2][0]",
    )
    first, second = (network.layer(name).outputs[0].shape[1] for name in ("join_1", "join_2"))
    assert str(first) == "time"
    assert first != second
    assert not said(network, "contradiction")


def test_what_a_merge_lacks_has_the_shape_of_the_rest():
    network = read(
        "conv_2 (Conv2D)         (None, 8, 8, 32)     9248    conv_1[0][0]",
        "add_1 (Add)             (None, 8, 8, 32)     0       pool_1[0][0]",
        "                                                     conv_2[0][0]",
        "conv_3 (Conv2D)         (None, 8, 8, 16)     528     add_1[0][0]",
    )
    add = network.layer("add_1")
    assert [ref.layer for ref in add.inputs] == ["pool_1", "conv_2"]
    assert network.layer("pool_1").op.kind == "input"
    assert "pool_1 is not in the text; taken to have the shape of add_1" in said(network, "assumed")
    assert add.op.kind == "merge"


def test_a_merge_tells_a_layer_before_it():
    network = read(
        "conv_2 (Conv2D)         (None, None, None, 5 524288  add_1[0][0]",
        "bn_2 (BatchNormalizati  (None, None, None, 5 2048    conv_2[0][0]",
        "conv_3 (Conv2D)         (None, None, None, 1 524288  bn_2[0][0]",
        "bn_3 (BatchNormalizati  (None, None, None, 1 4096    conv_3[0][0]",
        "add_2 (Add)             (None, None, None, 1 0       add_1[0][0]",
        "                                                     bn_3[0][0]",
    )
    assert shape(network, "add_1")[-1] == 1024
    assert network.layer("conv_2").op.windows[0].kernel == 1
    assert network.symbols == {"N", "height", "width"}


def test_a_merge_in_a_table_whose_connections_are_empty():
    network = read(
        "conv_1 (Conv2D)         (None, 8, 8, 32)     9248",
        "add_5 (Add)             [(None, 8, 8, 32),   0",
        "relu_5 (Activation)     (None, 8, 8, 32)     0",
    )
    assert len(network.layer("add_5").inputs) == 2
    assert [ref.layer for ref in network.layer("relu_5").inputs] == ["add_5"]


def test_a_layer_with_two_connections_is_called_twice():
    network = read(
        "left (InputLayer)       (None, 28, 28, 1)    0",
        "right (InputLayer)      (None, 28, 28, 1)    0",
        "conv (Conv2D)           (None, 26, 26, 32)   320     left[0][0]",
        "                                                     right[0][0]",
        "sub (Subtract)          (None, 26, 26, 32)   0       conv[0][0]",
        "                                                     conv[1][0]",
        total=320,
    )
    counted = convcost.count(network)
    assert counted.total.parameters == 320
    assert counted.total.forward.macs == 2 * 26 * 26 * 9 * 32
    assert [ref.layer for ref in network.layer("sub").inputs] == ["conv", "conv (2)"]
    assert network.layer("conv (2)").shared_with == "conv"
    assert counted.complete


def test_a_nested_model_counts_its_calls_from_one():
    network = read(
        "a (InputLayer)          (None, 10)           0",
        "b (InputLayer)          (None, 10)           0",
        "tower (Sequential)      (None, 4)            44      a[0][0]",
        "                                                     b[0][0]",
        "sum (Add)               (None, 4)            0       tower[1][0]",
        "                                                     tower[2][0]",
        total=44,
    )
    assert [ref.layer for ref in network.layer("sum").inputs] == ["tower", "tower (2)"]
    counted = convcost.count(network)
    assert counted.total.parameters == 44
    assert {unknown.why for unknown in counted.unknown} == {
        "the layers inside tower are not printed (summary(expand_nested=True))"
    }


def test_a_table_that_begins_late_lacks_the_rest_of_its_total():
    network = read("conv_9 (Conv2D)  (None, 8, 8, 16)  528  add_8[0][0]", total=10_528)
    assert network.missing == (
        "the text begins after the first layers: 10,000 of 10,528 parameters are not in it",
    )
    assert not said(network, "contradiction")


@pytest.mark.parametrize(("total", "missing"), [(900, False), (9_000, True)])
def test_rows_that_do_not_add_up(total, missing):
    network = read("dense (Dense)  (None, 10)  1010", header=PLAIN, total=total)
    assert said(network, "contradiction") == [
        f"the rows add up to 1,010 parameters, the table prints {total:,}"
    ]
    assert bool(network.missing) is missing


def test_a_batch_norm_over_another_axis_is_over_the_last_one():
    network = read(
        "image (InputLayer)              (None, 1, 28, 28)    0",
        "conv2d (Conv2D)                 (None, 16, 28, 28)   160",
        "batch_normalization (Batch      (None, 16, 28, 28)   112",
        header=PLAIN,
    )
    (text,) = said(network, "contradiction")
    assert text.startswith("112 = 4*28: it normalises over the width, not over the 16 channels")


def test_images_as_wide_as_they_have_channels_do_not_tell_their_order():
    rows = "conv2d (Conv2D)  (None, 32, 32, 32)  896", "flatten (Flatten)  (None, 32768)  0"
    text = "the shapes fit channels first and channels last alike; read as channels last"
    assert text in said(read(*rows, header=PLAIN), "assumed")
    other = (
        rows[0]
        .replace("896", "9248")
        .replace("conv2d ", "conv2d_1 ")
        .replace("32, 32, 32", "16, 16, 32")
    )
    assert text not in said(read(rows[0], other, header=PLAIN), "assumed")
