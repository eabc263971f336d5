"""Each rule where it fires, with its numbers by hand, and where it is silent."""

import pytest

from convcost import device, runtime, zoo
from convcost.count import Workload, count
from convcost.network.builder import BATCH, Builder
from convcost.network.network import Ref
from convcost.network.tensor import Tensor
from convcost.ops.cell import Cell
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool
from convcost.ops.recurrent import Recurrent
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.predict import predict
from support.explained import found, image

I9 = device.load("i9-10940x")
GPU = device.load("gtx-1080-ti")


class TestBatchNormAxis:
    @staticmethod
    def made(axis):
        builder, ref = image(28, 32, first=True)
        builder.add(BatchNorm(axis=axis), ref, name="norm")
        return builder.build()

    def test_along_the_width(self):
        (finding,) = found("batch-norm-axis", self.made("width"))
        assert finding.layers == ("norm",)
        assert (finding.numbers["size"], finding.numbers["channels"]) == (28, 32)

    def test_along_the_channels(self):
        assert found("batch-norm-axis", self.made("channel")) == []
        assert found("batch-norm-axis", "resnet18") == []


class TestDepthwise:
    def test_mobilenet(self):
        (finding,) = found("depthwise", "mobilenet")
        network = zoo.load("mobilenet")
        rows = [row for row in count(network, Workload(batch=32)).layers
                if row.op == "depthwise_conv"]  # fmt: skip
        assert finding.numbers["layers"] == len(rows) == 13
        macs = sum(row.forward.macs for row in rows)
        whole = count(network, Workload(batch=32)).total.forward.macs
        assert finding.numbers["macs_share"] == pytest.approx(macs / whole)
        assert finding.numbers["share"] > finding.numbers["macs_share"]

    def test_silent_without(self):
        assert found("depthwise", "resnet18") == []


class TestLargeKernels:
    def test_two_of_3x3_in_place_of_5x5(self):
        (finding,) = found("large-kernels", "seed003?kernel=5&padding=same")
        # 25 C F against 9 C M + 9 M F with M = C = 32 channels between, which are enough
        assert finding.numbers["macs_ratio_of_3x3"] == pytest.approx(9 * (32 + 64) / (25 * 64))
        # 5 C M + 5 M F: 64 channels between save too
        assert finding.numbers["macs_ratio_of_asymmetric"] == pytest.approx(5 * 96 / (25 * 32))
        assert "2 of 3x3 for the 5x5 of conv2d_2 with 0.54x the MACs" in finding.advice
        assert "`convcost rewrite --apply two-3x3 --layers conv2d_2`" in finding.advice
        assert "`same` padding" in finding.text
        assert "valid" in found("large-kernels", "seed003?kernel=9&padding=valid")[0].text

    def test_equal_channels_give_the_papers_figure(self):
        """Szegedy et al., "Rethinking the Inception Architecture": (9 + 9) / 25, 28 % saved."""
        builder, ref = image(28, 64)
        builder.add(Conv(filters=64, windows=window(5, padding="same")), ref)
        (finding,) = found("large-kernels", builder.build())
        assert finding.numbers["macs_ratio_of_3x3"] == pytest.approx(18 / 25)
        assert finding.numbers["macs_ratio_of_asymmetric"] == pytest.approx(10 / 25)

    def test_nothing_is_advised_where_weights_are_shared(self):
        builder, ref = image(28, 64)
        op = Conv(filters=64, windows=window(5, padding="same"))
        ref = builder.add(op, ref, name="conv")
        builder.add(op, ref, name="again", shared_with="conv")
        (finding,) = found("large-kernels", builder.build())
        assert finding.advice == ""
        assert finding.numbers["macs_ratio_of_3x3"] is None

    def test_silent(self):
        assert found("large-kernels", "vgg16") == []
        assert found("large-kernels", "seed003?kernel=3") == []


class TestWeightsAtSmallBatch:
    def test_vgg16_with_one_image(self):
        (finding,) = found("weights-at-small-batch", "vgg16", batch=1)
        assert "classifier.0" in finding.layers
        assert finding.numbers["weight_bytes"] >= 4 * 25088 * 4096
        assert "one sample" in finding.text

    def test_silent_with_many(self):
        assert found("weights-at-small-batch", "vgg16", batch=128) == []


class TestLaunches:
    def test_a_small_network_on_a_gpu(self):
        (finding,) = found("launches", "seed001-cnn4", on=GPU, batch=1)
        assert finding.numbers["launch_share"] >= 0.5
        crossover = finding.numbers["crossover"]
        by = runtime.load("torch")

        def share(batch):
            predicted = predict(zoo.load("seed001-cnn4"), Workload(batch=batch), device=GPU,
                                runtime=by)  # fmt: skip
            # launches overlap: a kernel takes as long as its launch, or as its work
            launch = sum(x.seconds for x in predicted.kernels
                         if x.launch >= max(x.compute, x.memory))  # fmt: skip
            return launch / predicted.seconds.value

        assert share(crossover) < 0.5 <= share(crossover // 2)

    def test_silent_where_there_is_work(self):
        assert found("launches", "vgg16", on=GPU) == []


class TestRecurrentSteps:
    @staticmethod
    def made(stacked=1):
        builder = Builder("made")
        ref = builder.add(Input(Tensor.of(batch=BATCH, time=50, channel=32)), name="words")
        cells = tuple(Cell(function="lstm", units=64) for _ in range(stacked))
        ref = builder.add(Recurrent(cells=cells), ref, name="lstm")
        builder.add(Dense(units=2), ref)
        return builder.build()

    def test_steps_of_an_lstm(self):
        (finding,) = found("recurrent-steps", self.made())
        assert finding.numbers["steps"] == 50
        assert finding.numbers["macs_per_step"] == 32 * 4 * 64 * (32 + 64)
        assert found("recurrent-steps", self.made(2))[0].numbers["steps"] == 100

    def test_silent_without(self):
        assert found("recurrent-steps", "seed000") == []


class TestFlattenWithoutPooling:
    def test_the_dense_layer_of_seed_000(self):
        (finding,) = found("flatten-without-pooling", "seed000")
        assert finding.layers == ("flatten_1", "dense_1")
        assert finding.numbers["parameters"] == 1_409_067
        assert finding.numbers["positions"] == 32 * 32
        assert finding.numbers["parameters_pooled"] == 32 * 43 + 43
        assert finding.numbers["parameters_max_pooled"] == 16 * 16 * 32 * 43 + 43
        assert ": 1,419 parameters are left (`convcost rewrite" in finding.advice
        assert "--apply pool-before-flatten --layers flatten_1`" in finding.advice

    def test_silent_where_all_values_are_needed(self):
        builder, ref = image()
        ref = builder.add(Flatten(), ref, name="flat")
        builder.add(Dense(units=43), ref, name="dense")
        network = builder.build(outputs=[Ref("flat"), Ref("dense")])
        assert found("flatten-without-pooling", network) == []

    def test_silent_where_it_pools(self):
        builder, ref = image()
        ref = builder.add(Conv(filters=8, windows=window(3)), ref)
        ref = builder.add(GlobalPool(function="average", axes=("height", "width")), ref)
        builder.add(Dense(units=1000), ref)
        assert found("flatten-without-pooling", builder.build()) == []

    def test_silent_where_little_is_left_to_pool(self):
        builder, ref = image(3)
        ref = builder.add(Flatten(), ref)
        builder.add(Dense(units=100), ref)
        assert found("flatten-without-pooling", builder.build()) == []


class TestFrameworkLoop:
    def test_the_loop_of_keras_around_a_small_network(self):
        (finding,) = found("framework-loop", "seed001-mlp", under="keras-tensorflow",
                           samples=60000, measured=(16.0,))  # fmt: skip
        constant = runtime.load("keras-tensorflow").rules["cpu"].loop_seconds.value
        seconds = predict(zoo.load("seed001-mlp"), Workload(batch=32), device=I9,
                          runtime=runtime.load("keras-tensorflow")).seconds.value  # fmt: skip
        assert finding.numbers["loop_share"] == pytest.approx(constant / (constant + seconds))

    def test_silent(self):
        assert found("framework-loop", "seed001-mlp", under="keras-tensorflow") == []
        assert found("framework-loop", "vgg16", samples=1000, measured=(1000.0,)) == []


class TestMoreParametersThanSamples:
    def test_alexnet_on_few_images(self):
        (finding,) = found("more-parameters-than-samples", "alexnet", training=True, samples=1000,
                           measured=(60.0,))  # fmt: skip
        assert finding.numbers["per_sample"] == pytest.approx(61_100_840 / 1000)
        assert finding.layers == ("classifier.1",)

    def test_silent(self):
        assert found("more-parameters-than-samples", "seed001-cnn4", training=True, samples=60000,
                     measured=(60.0,)) == []  # fmt: skip
        assert found("more-parameters-than-samples", "alexnet", samples=1000,
                     measured=(60.0,)) == []  # fmt: skip


class TestPointwise:
    def test_resnet50(self):
        network = zoo.load("resnet50")
        (finding,) = found("pointwise", network)
        rows = {row.name: row for row in count(network, Workload(batch=32)).layers}
        ones = [x.name for x in network.layers
                if x.op.kind == "conv" and x.op.windows[0].kernel == 1]  # fmt: skip
        assert finding.layers == tuple(ones)
        macs = sum(rows[name].forward.macs for name in ones)
        assert finding.numbers["macs_share"] == pytest.approx(
            macs / count(network, Workload(batch=32)).total.forward.macs
        )
        assert finding.numbers["time_per_mac_ratio"] >= 1.3

    def test_silent(self):
        assert found("pointwise", "vgg16") == []


class TestSmallBranches:
    def test_googlenet_with_one_image_on_a_gpu(self):
        (finding,) = found("small-branches", "googlenet", on=GPU, batch=1)
        assert finding.numbers["joins"] == 9
        assert finding.numbers["small_kernels"] <= finding.numbers["kernels"]

    def test_silent_with_a_large_batch_or_without_branches(self):
        assert found("small-branches", "googlenet", on=GPU, batch=256) == []
        assert found("small-branches", "resnet18", on=GPU, batch=1) == []


class TestCutChannels:
    def test_what_a_narrower_layer_saves(self):
        (finding,) = found("cut-channels", "vgg16", batch=8)
        name, left = finding.layers[0], finding.numbers["filters_left"]
        assert left % 16 == 0
        by = runtime.load("torch")
        before = predict(zoo.load("vgg16"), Workload(batch=8), device=I9, runtime=by).seconds.value
        from convcost.network.edit import changed, edited

        vgg16 = zoo.load("vgg16")
        after = edited(vgg16, {name: changed(vgg16.layer(name).op, filters=left)})
        seconds = predict(after, Workload(batch=8), device=I9, runtime=by).seconds.value
        assert finding.numbers["saved_seconds"] == pytest.approx(before - seconds)
        assert f"--apply narrow --layers {name} --size {left}`" in finding.advice

    def test_a_sum_keeps_its_channels_and_others_are_tried(self):
        op = Conv(filters=64, windows=window(3, padding="same"))
        builder, ref = image(28, 16)
        first = builder.add(op, ref, name="first")
        ref = builder.add(Merge("add"), first, builder.add(op, first, name="second"))
        ref = builder.add(op, ref, name="third")
        builder.add(op, ref, name="returned")
        (finding,) = found("cut-channels", builder.build())
        assert finding.layers == ("third",)
        assert finding.numbers["filters_left"] == 48

    def test_silent_where_there_is_nothing_to_cut(self):
        assert found("cut-channels", "seed001-mlp") == []
        assert found("cut-channels", "seed001-cnn4") == []


class TestBatchLimit:
    def test_vgg16(self):
        (finding,) = found("batch-limit", "vgg16", training=True, optimizer="sgd")
        from convcost.runtime.memory import memory

        one, two = (
            memory(zoo.load("vgg16"), Workload(batch=batch, training=True, optimizer="sgd"),
                   runtime=runtime.load("torch")).peak for batch in (32, 33)
        )  # fmt: skip
        assert finding.numbers["bytes_per_sample"] == two - one
        assert finding.numbers["peak_bytes"] == one

    def test_silent(self):
        assert found("batch-limit", "vgg16") == []
        assert found("batch-limit", "seed001-mlp", training=True, optimizer="adam", batch=1) == []
