"""Rules about how things are counted: where they fire, with numbers by hand, and where not."""

from functools import partial

import pytest

from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.cell import Cell
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.recurrent import Recurrent
from convcost.ops.window import window
from support.explained import found
from support.explained import image as made

image = partial(made, first=True, framework="torch")


class TestBatchNormStatistics:
    def test_a_small_network(self):
        builder, ref = image()
        ref = builder.add(Conv(filters=8, windows=window(3), bias=False), ref, name="conv")
        ref = builder.add(BatchNorm(), ref, name="norm")
        builder.add(BatchNorm(scale=False), ref, name="norm2")
        (finding,) = found("batch-norm-statistics", builder.build())
        numbers = finding.numbers
        assert finding.layers == ("norm", "norm2")
        assert (numbers["learned"], numbers["statistics"]) == (2 * 8 + 8, 2 * 2 * 8)
        assert numbers["stored"] == 9 * 3 * 8 + 24 + 32
        assert "32 statistics" in finding.text

    def test_silent_where_they_are_few(self):
        assert found("batch-norm-statistics", "resnet50") == []
        assert found("batch-norm-statistics", "seed000") == []
        assert found("batch-norm-statistics", "vgg16") == []


class TestWeightsTimesPositions:
    def test_one_convolution(self):
        builder, ref = image(10, 6)
        builder.add(Conv(filters=4, windows=window(3, 2), groups=2), ref, name="conv")
        (finding,) = found("weights-times-positions", builder.build(), batch=7)
        assert finding.numbers["layers"] == {
            "conv": {"macs": 9 * 3 * 4 * 16, "weights": 9 * 3 * 4, "share": 1.0}
        }
        assert (
            "3x3 window x 3 input channels x 4 filters = 108 weights x 16 positions" in finding.text
        )
        assert finding.numbers["parameters_times_input_positions"] == (108 + 4) * 100

    def test_a_network_at_one_resolution_is_what_parameters_say(self):
        builder, ref = image(16, 8)
        for _ in range(2):
            ref = builder.add(Conv(filters=8, windows=window(3, padding="same")), ref)
        (finding,) = found("weights-times-positions", builder.build())
        assert finding.numbers["ratio"] == pytest.approx((9 * 8 * 8 + 8) / (9 * 8 * 8))
        assert "positions of its own" not in finding.text

    def test_no_image(self):
        (finding,) = found("weights-times-positions", "seed001-mlp", batch=3)
        assert finding.numbers["layers"]["dense_33"]["macs"] == 784 * 512
        assert "ratio" not in finding.numbers

    def test_silent_where_no_layer_does_much_or_two_are_compared(self):
        assert found("weights-times-positions", "resnet50") == []
        assert found("weights-times-positions", "seed001-mlp", "seed001-cnn") == []


class TestCountersDisagree:
    @staticmethod
    def lstm():
        builder = Builder("made", framework="torch")
        ref = builder.add(Input(Tensor.of(batch=BATCH, time=50, channel=32)), name="words")
        ref = builder.add(Recurrent(cells=(Cell(function="lstm", units=64),)), ref, name="lstm")
        builder.add(Dense(units=2), ref, name="dense")
        return builder.build()

    def test_fvcore_has_no_rule_for_an_lstm(self):
        (finding,) = found("counters-disagree", self.lstm(), batch=2)
        numbers = finding.numbers
        dense, steps = 2 * 64 * 2, 2 * 50 * 4 * 64 * (32 + 64)
        assert numbers["macs"] in (steps + dense, steps + 50 * dense)
        assert numbers["fvcore"] == numbers["macs"] - steps
        assert finding.layers == ("lstm",)
        assert "fvcore says" in finding.text

    def test_silent_where_they_agree_or_count_another_framework(self):
        assert found("counters-disagree", "vgg16") == []
        assert found("counters-disagree", "resnet18") == []
        assert found("counters-disagree", "seed000") == []
        assert found("counters-disagree", self.lstm(), self.lstm()) == []


class TestPassSize:
    def test_a_chain_at_inference(self):
        builder, ref = image(16, 8)
        for number in range(6):
            ref = builder.add(
                Conv(filters=8, windows=window(3, padding="same")), ref, name=f"c{number}"
            )
        (finding,) = found("pass-size", builder.build(), batch=4)
        tensor = 4 * 8 * 16 * 16 * 4
        assert finding.numbers["pass_size_bytes"] == 2 * 6 * tensor
        # the caller holds the input; a convolution reads one tensor and writes another
        assert finding.numbers["alive_bytes"] == 3 * tensor

    def test_silent(self):
        assert found("pass-size", "seed000", under="keras-tf1") == []
        # what fills the memory of one image is the weights
        builder, ref = image(8, 4)
        ref = builder.add(Conv(filters=4, windows=window(3, padding="same")), ref)
        builder.add(Conv(filters=4096, windows=window(8)), ref)
        assert found("pass-size", builder.build(), batch=1) == []
