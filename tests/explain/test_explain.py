"""The answers to the seeds' questions, and each rule where it fires and where it is silent."""

from __future__ import annotations

from functools import partial

import pytest

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.errors import UsageError
from convcost.explain import MeasuredRatio, explain
from convcost.explain.folding import fold_advice
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import GlobalPool, Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from support.explained import explanation

I9 = device.load("i9-10940x")
GPU = device.load("gtx-1080-ti")
TENSOR = 4_194_304  # 32 x 32 x 32 x 32 values of 4 bytes
SEED_000 = ("seed000", "seed000?batch_norm=no")
SEED_001 = ("seed001-mlp", "seed001-cnn", "seed001-cnn4")


explained = partial(explanation, under="keras-tf1")


def findings(explanation, rule):
    return [finding for finding in explanation.findings if finding.rule == rule]


class TestSeed000:
    @pytest.mark.parametrize(
        ("under", "on", "low", "high"),
        [
            ("keras-tf1", I9, 0.42, 0.72),
            ("torch", GPU, 0.59, 0.91),
            ("torch-compile", GPU, 0.97, 1.0001),
        ],
    )
    def test_time_without_over_time_with_batch_norm(self, under, on, low, high):
        (ratio,) = explained(*SEED_000, on=on, under=under).ratios
        assert low <= ratio.predicted.value <= high
        assert ratio.predicted.low <= ratio.predicted.value <= ratio.predicted.high

    def test_the_first_line_says_what_why_and_what_to_do(self):
        answer = explained(*SEED_000).answer
        assert answer.startswith("BatchNorm makes seed000 take 1.5")
        assert "2 passes over memory, each reading and writing 4.19 MB" in answer
        assert "fold it forward into dense_1 (exact)" in answer
        assert "behind the ReLU it cannot go back into conv2d_1" in answer

    def test_the_passes_stand_as_integers_beside_the_convolution(self):
        (finding,) = findings(explained(*SEED_000), "memory-bound-elementwise")
        assert finding.layers == ("batch_normalization_1",)
        numbers = finding.numbers
        assert numbers["tensor_bytes"] == TENSOR
        assert numbers["passes"] == 2
        assert numbers["write_bytes"] == 2 * TENSOR
        assert numbers["product_layer"] == "conv2d_1"
        assert numbers["product_write_bytes"] == TENSOR
        assert numbers["product_read_bytes"] == 32 * 32 * 32 * 3 * 4 + 896 * 4

    def test_bias_and_relu_passes_are_found_where_they_are_not_fused(self):
        found = findings(explained(*SEED_000), "unfused-epilogues")
        assert [f.network for f in found] == [0, 1]
        assert found[0].layers == ("conv2d_1",)
        assert found[0].numbers["write_bytes"] == 2 * TENSOR
        fused = explained(*SEED_000, under="torch-compile", on=GPU)
        assert findings(fused, "unfused-epilogues") == []

    def test_differences_add_up_to_the_predicted_difference(self):
        explanation = explained(*SEED_000)
        first, second = (p.seconds.value for p in explanation.predictions)
        parts = sum(part.seconds for part in explanation.differences)
        assert parts == pytest.approx(second - first)
        assert {part.layer for part in explanation.differences} == {"batch_normalization_1"}
        assert explanation.differences[0].cause == "memory"

    def test_it_moves_with_batch_and_depth(self):
        by_batch, by_depth = explained(*SEED_000).variations
        assert [row[0] for row in by_batch.rows] == [1, 8, 32, 128, 512]
        assert "dense_1: 5.64 MB" in by_batch.text
        ratios = [row[1][0] for row in by_batch.rows]
        assert ratios == sorted(ratios, reverse=True)  # the dense weights weigh less and less
        assert [row[0] for row in by_depth.rows] == [1, 2, 3, 4, 5, 6]
        assert all(row[1][0] < 1 for row in by_depth.rows)  # without over with, as the ratio

    def test_measured_times_become_rates(self):
        networks = [zoo.load(name) for name in SEED_000]
        explanation = explain(
            networks,
            Workload(batch=32, samples=12630),
            device=I9,
            runtime=runtime.load("keras-tf1"),
            measured=(4.6, 2.3),
        )
        with_, without = explanation.achieved
        flops = 2 * 2_293_760 + 65_536 + 65_536 + 43 + 5 * 43
        assert with_.flops_per_second == pytest.approx(flops * 12630 / 4.6)
        assert without.flops_per_second > with_.flops_per_second
        assert explanation.ratios[0].measured == MeasuredRatio(pytest.approx(0.5))
        assert "FLOP/s" in with_.verdict
        assert "CPU such as" in with_.verdict


class TestSeed001:
    def test_both_ratios_are_given(self):
        explanation = explained(*SEED_001, under="keras-tensorflow")
        cnn, small = explanation.ratios
        assert (cnn.a, cnn.b, small.a, small.b) == (1, 0, 2, 0)
        assert cnn.predicted.value > 4

    def test_parameters_and_macs_disagree(self):
        found = findings(explained(*SEED_001), "parameters-are-not-time")
        numbers = next(f for f in found if f.network == 1).numbers
        assert numbers["parameters_ratio"] == pytest.approx(0.1657, abs=1e-4)
        assert numbers["macs_ratio"] == pytest.approx(16.306, abs=1e-3)

    def test_four_channels_take_far_more_time_than_their_macs(self):
        explanation = explained(*SEED_001, under="keras-tensorflow")
        (finding,) = findings(explanation, "few-channels")
        numbers = finding.numbers
        assert finding.network == 2
        assert numbers["macs_ratio"] == pytest.approx(0.169, abs=1e-3)
        assert numbers["time_ratio"] > 3 * numbers["macs_ratio"]
        assert numbers["vector_fill"] == 0.25
        assert numbers["activation_bytes_ratio"] > 1
        assert "do not go with the MACs" in finding.text
        assert "few channels leave the vector units empty" in explanation.answer


class TestRules:
    def test_wide_convolutions_are_not_called_narrow(self):
        assert findings(explained("vgg16", under="torch"), "few-channels") == []

    def test_a_fused_network_has_no_memory_bound_passes(self):
        explanation = explained("seed000", under="torch-compile")
        assert findings(explanation, "memory-bound-elementwise") == []

    def test_a_layer_with_the_parameters_and_little_time_is_named(self):
        (finding,) = findings(explained("vgg16", under="torch"), "parameters-are-not-time")
        assert finding.layers[0] == "classifier.0"
        assert finding.numbers["parameters"] == 102_764_544

    def test_parameters_that_agree_with_time_are_left_alone(self):
        explanation = explained("seed001-mlp", under="keras-tensorflow")
        assert findings(explanation, "parameters-are-not-time") == []


class TestTrainingStep:
    """Seed 002: which layers take the time of training?"""

    @staticmethod
    def found(name, **workload):
        explanation = explained(name, under="torch", training=True, **workload)
        return findings(explanation, "training-step")

    def test_alexnet_s_parameters_are_dense_and_its_work_is_convolution(self):
        phases, against = self.found("alexnet", batch=128, optimizer="momentum")
        numbers = phases.numbers
        assert sum(numbers[f"{x}_share"] for x in ("forward", "backward", "update")) == (
            pytest.approx(1)
        )
        assert numbers["backward_flops"] > 1.8 * numbers["forward_flops"]
        assert numbers["update_flops"] == 4 * 61_100_840
        assert "<0.1 % momentum" in phases.text
        first = 64 * 55 * 55 * 363
        of_convolutions = 3 * 655_566_528 - first
        assert against.numbers["convolution_macs_share"] == (
            pytest.approx(of_convolutions / 2_072_288_640)
        )
        assert against.numbers["dense_parameters_share"] == pytest.approx(58_631_144 / 61_100_840)
        assert against.numbers["convolution_activation_bytes_share"] > 0.97
        assert "features.0" in against.layers
        assert "the fully connected layers hold 96 % of the parameters" in against.text

    def test_frozen_layers_tell_what_they_save(self):
        *_, frozen = sorted(
            self.found("alexnet", batch=128, freeze=("features.*",)),
            key=lambda finding: "flops_saved" in finding.numbers,
        )
        assert frozen.numbers["frozen_parameters"] == 2_469_696
        saved = frozen.numbers["flops_saved"] / frozen.numbers["flops_unfrozen"]
        assert 0.6 < saved < 0.65
        # all gradients of convolutions, and that of the first dense layer's input
        macs = 2 * 655_566_528 - 64 * 55 * 55 * 363 + 9216 * 4096
        assert frozen.numbers["flops_saved"] > 2 * 128 * macs

    def test_silent_without_training(self):
        assert findings(explained("alexnet", under="torch"), "training-step") == []

    def test_other_networks_have_nothing_but_their_phases(self):
        for name in ("resnet18", "seed001-mlp"):
            (phases,) = self.found(name)
            assert "no optimizer counted" in phases.text


def norm_behind(*ops, behind=()):
    """A convolution, some ops, a BatchNorm `bn`, some more ops."""
    b = Builder("n")
    x = b.add(Input(Tensor.of(batch=BATCH, height=8, width=8, channel=4)))
    x = b.add(Conv(filters=4, windows=window(3)), x, name="conv")
    for op in ops:
        x = b.add(op, x)
    x = b.add(BatchNorm(), x, name="bn")
    for number, op in enumerate(behind):
        x = b.add(op, x, name=f"next{number}")
    return b.build()


class TestFolding:
    def test_directly_behind_a_convolution_it_folds_back(self):
        assert fold_advice(norm_behind(), ["bn"]).startswith("fold it into conv (exact")

    def test_behind_an_activation_layer_it_does_not(self):
        advice = fold_advice(norm_behind(Activation("relu")), ["bn"])
        assert "behind the ReLU it cannot go back" in advice
        assert "fold it forward" not in advice

    def test_it_folds_forward_into_an_unpadded_convolution_but_not_into_a_padded_one(self):
        relu = Activation("relu")
        unpadded = norm_behind(relu, behind=(Conv(filters=2, windows=window(3)),))
        padded = norm_behind(relu, behind=(Conv(filters=2, windows=window(3, padding="same")),))
        assert "forward into next0 (exact)" in fold_advice(unpadded, ["bn"])
        assert "forward" not in fold_advice(padded, ["bn"])

    def test_through_flatten_it_folds_into_dense_but_not_through_pooling(self):
        relu = Activation("relu")
        flat = norm_behind(relu, behind=(Flatten(), Dense(units=2)))
        pooled = norm_behind(
            relu,
            behind=(Pool(function="max", windows=window(2, 2)), Flatten(), Dense(units=2)),
        )
        assert "forward into next1 (exact)" in fold_advice(flat, ["bn"])
        assert "forward" not in fold_advice(pooled, ["bn"])

    def test_several_get_the_advice_that_holds_for_each(self):
        b = Builder("three")
        x = b.add(Input(Tensor.of(batch=BATCH, height=8, width=8, channel=4)))
        for number in range(3):
            conv = Conv(filters=4, windows=window(3, padding="same"), activation="relu")
            x = b.add(BatchNorm(), b.add(conv, x, name=f"conv{number}"), name=f"bn{number}")
        b.add(Dense(units=2), b.add(Flatten(), x), name="dense")
        advice = fold_advice(b.build(), ["bn0", "bn1", "bn2"])
        first, last = advice.split("; likewise for 1 more; ")
        assert first.startswith("for bn0: run it where it is fused")
        assert last.startswith("for bn2: fold it forward into dense (exact)")

    def test_behind_pooling_nothing_takes_it_back(self):
        gap = GlobalPool(function="average", axes=("height", "width"), keep_axes=True)
        assert fold_advice(norm_behind(gap), ["bn"]).startswith("run it where it is fused")


class TestRequests:
    def test_one_network_says_where_its_time_goes(self):
        answer = explained("seed001-cnn", under="keras-tensorflow").answer
        assert answer.startswith("conv2d_37 takes ")
        assert "97 % of its MACs" in answer

    def test_no_network_is_refused(self):
        with pytest.raises(UsageError, match="no network"):
            explain([], device=I9)

    def test_another_number_of_times_is_refused(self):
        with pytest.raises(UsageError, match="3 measured times for 2 networks"):
            explain([zoo.load(n) for n in SEED_000], device=I9, measured=(1, 2, 3))

    def test_the_dictionary_has_the_contract_s_keys(self):
        found = explained(*SEED_000).to_dict()
        assert {"networks", "ratios", "findings", "differences"} <= set(found)
        assert set(found["ratios"][0]) >= {"a", "b", "predicted"}
        assert {"rule", "network", "layers", "text", "numbers", "advice"} == set(
            found["findings"][0]
        )

    def test_it_does_not_fold_where_somebody_else_would_notice(self):
        b = Builder("two readers")
        image = Input(Tensor.of(batch=BATCH, height=8, width=8, channel=4))
        x = b.add(Conv(filters=4, windows=window(3)), b.add(image), name="conv")
        b.add(BatchNorm(), x, name="bn")
        b.add(Activation("tanh"), x, name="other")
        assert "fold it into conv" not in fold_advice(b.build(), ["bn"])

    def test_it_does_not_fold_into_shared_weights(self):
        b = Builder("shared")
        image = b.add(Input(Tensor.of(batch=BATCH, height=8, width=8, channel=4)))
        conv = Conv(filters=4, windows=window(3, padding="same"))
        x = b.add(conv, image, name="conv")
        y = b.add(conv, x, name="again", shared_with="conv")
        b.add(BatchNorm(), y, name="bn")
        assert "fold it into" not in fold_advice(b.build(), ["bn"])

    def test_it_does_not_fold_over_another_axis_or_through_flatten(self):
        b = Builder("axis")
        image = b.add(Input(Tensor.of(batch=BATCH, height=8, width=8, channel=4)))
        x = b.add(Conv(filters=4, windows=window(3)), image, name="conv")
        b.add(BatchNorm(axis="height"), x, name="bn")
        assert "fold it into conv" not in fold_advice(b.build(), ["bn"])
        c = Builder("flat")
        image = c.add(Input(Tensor.of(batch=BATCH, height=8, width=8, channel=4)))
        x = c.add(Conv(filters=4, windows=window(3)), image, name="conv")
        c.add(BatchNorm(axis="feature"), c.add(Flatten(), x), name="bn")
        assert "fold it into conv" not in fold_advice(c.build(), ["bn"])


class TestOddNetworks:
    def test_one_dimensional_networks_are_compared(self):
        def net(norm):
            b = Builder("with" if norm else "without", framework="keras")
            x = b.add(Input(Tensor.of(batch=BATCH, time=64, channel=8)))
            x = b.add(Conv(filters=8, windows=window((3,), padding="same")), x)
            if norm:
                x = b.add(BatchNorm(), x)
            b.add(Dense(units=2), b.add(Flatten(), x))
            return b.build()

        explanation = explain([net(norm=True), net(norm=False)], device=I9)
        assert {v.parameter for v in explanation.variations} == {"batch", "convolutions"}

    def test_a_network_without_macs_is_compared_too(self):
        b = Builder("pool only", framework="keras")
        x = b.add(Input(Tensor.of(batch=BATCH, height=8, width=8, channel=4)))
        b.add(Pool(function="max", windows=window(2, 2)), x)
        assert explain([zoo.load("seed000"), b.build()], device=I9).ratios[0].predicted.value < 1

    def test_names_with_punctuation_do_not_cut_the_answer(self):
        b = Builder("C: (net)", framework="keras")
        x = b.add(Input(Tensor.of(batch=BATCH, height=64, width=64, channel=16)))
        b.add(BatchNorm(), b.add(Conv(filters=16, windows=window(3)), x, name="a: b (c)"))
        assert explain([b.build()], device=I9).answer.count("C: (net)") == 1

    def test_a_repeated_chain_of_one_is_the_same_network(self):
        from convcost.count import count
        from convcost.explain.variations import repeated

        network = zoo.load("seed000").with_dtype("float16")
        again = repeated(network, ("conv2d_1", "batch_normalization_1"), 1)
        assert count(again).total == count(network).total

    def test_an_impossibly_short_time_is_called_that(self):
        networks = [zoo.load("vgg16")]
        (rate,) = explain(networks, device=I9, measured=(1e-9,)).achieved
        assert "faster than the fastest device" in rate.verdict

    def test_there_are_no_rates_of_a_network_of_which_a_part_is_unknown(self):
        b = Builder("with a lambda")
        image = Tensor.of(batch=BATCH, height=64, width=64, channel=16)
        x = b.add(Conv(filters=16, windows=window(3, padding="same")), b.add(Input(image)))
        b.add(Unknown(name="Lambda", results=(image,)), x)
        found = explain([b.build()], device=I9, measured=(0.01,))
        (rate,) = found.to_dict()["achieved"]
        assert [rate[key] for key in ("seconds", "samples")] == [0.01, 32]
        keys = ("flops_per_second", "bytes_per_second", "fraction_of_device")
        assert [rate[key] for key in keys] == [None] * 3
        assert rate["verdict"] == "not all of the network's cost is known: no rates"


def test_passes_without_advice_end_the_answer():
    b = Builder("dropouts")
    x = b.add(Input(Tensor.of(batch=BATCH, height=64, width=64, channel=64)))
    for _ in range(3):
        x = b.add(Dropout(), x)
    explanation = explain([b.build()], Workload(batch=32, training=True), device=I9,
                          runtime=runtime.load("torch"))  # fmt: skip
    forward, _, rest = explanation.answer.partition(": ")
    assert forward == (
        "in the forward pass of a training step (its backward pass has no predicted time)"
    )
    assert rest == "dropout takes 100 % of the time of dropouts"


@pytest.mark.parametrize(
    ("function", "subject"), [("relu", "applying activations"), ("softmax", "softmax")]
)
def test_no_convolution_can_compute_a_softmax(function, subject):
    b = Builder("rows")
    x = b.add(Input(Tensor.of(batch=BATCH, channel=16, height=64, width=64)))
    x = b.add(Conv(filters=16, windows=window(1)), x)
    b.add(Activation(function), x)
    explanation = explain([b.build()], Workload(batch=32), device=I9, runtime=runtime.load("torch"))
    (finding,) = findings(explanation, "memory-bound-elementwise")
    assert finding.subject == subject
    assert ("fuses it into the convolution" in finding.advice) == (function == "relu")


def test_the_answer_for_a_deep_network_begins_with_what_takes_most():
    explanation = explained("resnet50", under="torch")
    layers = explanation.predictions[0].layers
    convolutions, norms = (
        sum(layer.share for layer in layers if layer.op == op) for op in ("conv", "batch_norm")
    )
    assert convolutions > norms > max(layer.share for layer in layers)
    start = f"the conv layers take {100 * convolutions:.0f} % of the time of resnet50, BatchNorm "
    assert explanation.answer.startswith(start)
