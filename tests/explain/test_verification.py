"""Explanations with measurements made by hand: who is believed, what is beside what."""

import json
from dataclasses import replace

import pytest

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.errors import UsageError
from convcost.explain import explain
from convcost.predict import predict
from support.explained import explanation
from support.measurements import TURNS, measurement, side_by_side

I9, TORCH = device.load("i9-10940x"), runtime.load("torch")
WITH, WITHOUT = zoo.load("seed000"), zoo.load("seed000?batch_norm=no")
CONV, NORM, DENSE = (("conv2d_1",), ("batch_normalization_1",), ("dense_1",))
SPREAD = (0.97, 0.98, 0.99, 1.0, 1.0, 1.01, 1.02, 1.03)


def predicted(network, workload=None):
    return predict(network, workload or Workload(batch=32), device=I9, runtime=TORCH)


def pair(ratio, spread=SPREAD, seconds=None):
    """Both networks measured, the second `ratio` times as long; turns slow and quick alike."""
    seconds = seconds or predicted(WITH).seconds.value
    slow = [1 + 0.1 * turn for turn in range(len(spread))]
    first = measurement(WITH, [seconds * x for x in slow])
    second = measurement(
        WITHOUT, [seconds * ratio * x * y for x, y in zip(slow, spread, strict=True)]
    )
    return side_by_side(first, second)


def rows(*rows, phase="forward"):
    return [(names, {phase: seconds}) for names, seconds in rows]


class TestWhoIsBelieved:
    def test_a_ratio_as_predicted_leaves_the_answer_first(self):
        plain = explanation(WITH, WITHOUT)
        value = plain.ratios[0].predicted.value
        found = explanation(WITH, WITHOUT, measured=pair(value))
        assert found.answer == plain.answer
        assert found.checks[0].startswith(f"measured in torch, {WITHOUT.name} takes ")
        assert "within the predicted" in found.checks[0]
        # turn by turn: the times spread by 70 %, their ratios by 6 %
        measured = found.ratios[0].measured
        assert measured.value == pytest.approx(value)
        assert (measured.low, measured.high) == pytest.approx((0.97 * value, 1.03 * value))
        assert not plain.checks

    def test_a_ratio_outside_the_band_is_the_answer(self):
        plain = explanation(WITH, WITHOUT)
        found = explanation(WITH, WITHOUT, measured=pair(2 * plain.ratios[0].predicted.high))
        assert found.answer.startswith(f"measured in torch, {WITHOUT.name} takes ")
        assert "outside the predicted" in found.answer
        assert found.checks[0] == (f"predicted, which the measurement refutes: {plain.answer}")

    def test_an_interval_that_reaches_into_the_band_refutes_nothing(self):
        plain = explanation(WITH, WITHOUT)
        high = plain.ratios[0].predicted.high
        wide = (0.5, 0.6, 0.7, 1.1, 1.1, 1.2, 1.3, 1.4)
        found = explanation(WITH, WITHOUT, measured=pair(high, wide))
        assert found.ratios[0].measured.value > high
        assert found.answer == plain.answer
        assert "too unsure to refute" in found.checks[0]

    def test_a_few_turns_refute_nothing(self):
        plain = explanation(WITH, WITHOUT)
        far = 2 * plain.ratios[0].predicted.high
        found = explanation(WITH, WITHOUT, measured=pair(far, (1.0,) * 5))
        assert found.answer == plain.answer
        assert "too unsure to refute" in found.checks[0]

    def test_times_outside_are_told_where_the_ratio_is_right(self):
        value = explanation(WITH, WITHOUT).ratios[0].predicted.value
        seconds = 10 * predicted(WITH).seconds.high
        found = explanation(WITH, WITHOUT, measured=pair(value, seconds=seconds))
        assert "within the predicted" in found.checks[0]
        assert found.checks[1].startswith("measured times outside the predicted ones: seed000 ")
        assert found.checks[1].count(" against ") == 2

    def test_one_network(self):
        seconds = predicted(WITH).seconds.value
        parts = rows((CONV, 0.5 * seconds), (NORM, 0.1 * seconds), (DENSE, 0.4 * seconds))
        measured = side_by_side(measurement(WITH, [seconds] * TURNS, parts))
        found = explanation(WITH, measured=measured)
        assert found.answer == explanation(WITH).answer
        (check,) = found.checks
        assert check.startswith("measured in torch: ")
        assert "within the predicted" in check
        assert check.endswith("; conv2d_1 takes most, 50 %")
        far = side_by_side(measurement(WITH, [9 * seconds] * TURNS, parts))
        assert "outside the predicted" in explanation(WITH, measured=far).checks[0]

    def test_another_runtime_and_other_threads_are_told(self):
        one = measurement(WITH, [1.0] * TURNS, runtime="onnxruntime", threads=1)
        found = explanation(WITH, measured=side_by_side(one))
        assert found.checks[0].startswith(
            "measured in onnxruntime (the prediction is for PyTorch, eager): "
        )
        assert "predicted for all 14 cores, measured with 1" in found.assumptions
        assert any("in onnxruntime (onnxruntime 1.2.3)" in line for line in found.assumptions)


class TestLayers:
    def test_what_ran_as_one_is_one_row_with_the_sum_of_the_predictions(self):
        parts = rows((CONV + NORM, 3e-3), (DENSE, 1e-3))
        parts += [((), {"loop": 5e-4})]
        found = explanation(WITH, measured=side_by_side(measurement(WITH, [5e-3] * TURNS, parts)))
        by_name = {row.name: row for row in found.verifications[0].rows}
        layers = {layer.name: layer.seconds for layer in predicted(WITH).layers}
        conv = by_name["conv2d_1"]
        assert conv.together_with == NORM
        assert conv.predicted == pytest.approx(layers["conv2d_1"] + layers[NORM[0]])
        assert conv.measured == 3e-3
        assert by_name["loop"].predicted is None
        assert NORM[0] not in by_name
        assert set(by_name) == {"conv2d_1", "dense_1", "loop"}

    def test_what_was_predicted_and_not_seen_has_no_measured_time(self):
        parts = rows((CONV, 3e-3), (DENSE, 1e-3))
        found = explanation(WITH, measured=side_by_side(measurement(WITH, [5e-3] * TURNS, parts)))
        (row,) = found.verifications[0].rows_of(NORM)
        assert (row.measured, row.step) == (None, None)
        assert row.predicted > 0
        (finding,) = (f for f in found.findings if f.layers == NORM)
        assert finding.numbers["measured_seconds"] == 0
        assert "; measured: batch_normalization_1 no time of its own of 5.00 ms" in finding.text

    def test_a_finding_has_the_measured_time_of_its_layers(self):
        parts = rows((CONV, 3e-3), (NORM, 1.3e-3), (DENSE, 9e-4))
        found = explanation(WITH, measured=side_by_side(measurement(WITH, [5.2e-3] * TURNS, parts)))
        (finding,) = (f for f in found.findings if f.layers == NORM)
        assert finding.numbers["measured_seconds"] == 1.3e-3
        assert finding.numbers["measured_share"] == pytest.approx(0.25)
        assert finding.numbers["predicted_seconds"] == pytest.approx(finding.numbers["seconds"])
        assert "measured_with" not in finding.numbers
        assert "; measured: batch_normalization_1 1.30 ms of 5.20 ms (25 %), predicted" in (
            finding.text
        )

    def test_a_finding_says_what_else_ran_in_the_same_kernel(self):
        parts = rows((CONV + NORM, 4e-3), (DENSE, 1e-3))
        found = explanation(WITH, measured=side_by_side(measurement(WITH, [5e-3] * TURNS, parts)))
        (finding,) = (f for f in found.findings if f.layers == NORM)
        assert finding.numbers["measured_with"] == ["conv2d_1"]
        assert finding.numbers["predicted_seconds"] > finding.numbers["seconds"]
        assert "measured: conv2d_1 with batch_normalization_1 4.00 ms of 5.00 ms" in finding.text

    @pytest.mark.parametrize(
        ("names", "training"),
        [
            (("vgg16",), False),
            (("resnet18",), False),
            (("alexnet",), True),
            (("seed001-mlp", "seed001-cnn", "seed001-cnn4"), False),
            (("seed001-mlp", "seed001-cnn", "seed001-cnn4"), True),
        ],
    )
    def test_every_finding_about_predicted_seconds_has_measured_ones(self, names, training):
        workload = Workload(batch=32, training=training)
        networks = [zoo.load(name) for name in names]
        measured = side_by_side(
            *(
                measurement(
                    net,
                    [1.0] * TURNS,
                    rows(*(((layer.name,), 0.9 / len(net.layers)) for layer in net.layers)),
                    workload=workload,
                )
                for net in networks
            )
        )
        found = explanation(*networks, measured=measured, workload=workload)
        about = {"seconds", "share", "time_share", "convolution_forward_time_share"}
        seen = [f for f in found.findings if about & set(f.numbers)]
        assert seen
        for finding in seen:
            assert finding.numbers["measured_seconds"] > 0
            assert "; measured: " in finding.text
        for finding in found.findings:
            assert ("time_ratio" in finding.numbers) == ("measured_time_ratio" in finding.numbers)


def test_rates_of_a_measurement_leave_the_framework_s_own_loop_out():
    keras = runtime.load("keras-tensorflow")
    assert keras.rules["cpu"].loop_seconds.value > 0
    seconds = predict(WITH, Workload(batch=32), device=I9, runtime=keras).seconds.value
    shares = []
    for measured in (side_by_side(measurement(WITH, [seconds] * TURNS)), (seconds,)):
        found = explain([WITH], Workload(batch=32), device=I9, runtime=keras, measured=measured)
        shares.append(found.achieved[0].fraction_of_device)
    assert shares[0] == pytest.approx(1)
    assert shares[1] > 1.2  # what a user times has it


class TestTraining:
    WORKLOAD = Workload(batch=32, training=True, loss="cross-entropy")

    def one(self, network, *, forward, backward, update, scale=1.0):
        parts = [
            (DENSE, {"forward": forward * scale, "backward": backward * scale}),
            ((), {"loss": 0.0}),
            ((), {"update": update * scale}),
        ]
        whole = (forward + backward + update) * scale
        samples = [whole * x for x in SPREAD]
        return measurement(network, samples, parts, workload=self.WORKLOAD)

    def test_the_forward_pass_of_a_step_is_compared(self):
        measured = side_by_side(
            self.one(WITH, forward=1e-3, backward=2e-3, update=1e-3),
            self.one(WITHOUT, forward=3e-3, backward=3e-3, update=2e-3),
        )
        found = explanation(WITH, WITHOUT, measured=measured, workload=self.WORKLOAD)
        first = found.verifications[0]
        assert first.compared.median == pytest.approx(1e-3)
        assert first.compared.low == pytest.approx(0.97e-3)
        (ratio,) = found.ratios
        assert ratio.measured.value == pytest.approx(2)
        assert ratio.measured_forward.value == pytest.approx(3)
        row = first.rows_of(DENSE)[0]
        assert (row.measured, row.step) == (1e-3, pytest.approx(3e-3))
        assert found.achieved[0].seconds == pytest.approx(1e-3)
        assert "of the forward pass" in found.achieved[0].verdict
        assert found.to_dict()["ratios"][0]["measured_forward"]["value"] == pytest.approx(3)
        layer = found.to_dict()["networks"][0]["measured"]["layers"]
        dense = next(row for row in layer if row["name"] == "dense_1")
        assert dense["step_seconds"] == pytest.approx(3e-3)
        (phases,) = (f for f in found.findings if f.network == 0 and "forward_flops" in f.numbers)
        assert phases.numbers["measured_backward_seconds"] == 2e-3
        assert "; measured: forward 1.00 ms, backward 2.00 ms" in phases.text

    def test_steps_without_their_layers_are_not_compared(self):
        measured = side_by_side(
            *(
                measurement(net, [1.0] * 2, workload=self.WORKLOAD, interrupted=True)
                for net in (WITH, WITHOUT)
            )
        )
        found = explanation(WITH, WITHOUT, measured=measured, workload=self.WORKLOAD)
        assert found.interrupted
        assert found.ratios[0].measured.value == 1
        assert found.ratios[0].measured_forward is None
        assert not found.achieved
        assert "predicted" not in found.checks[0].partition("; ")[0]
        assert found.checks[0].endswith("; interrupted")


class TestTheDocument:
    def test_it_is_plain_json_with_the_measurement_s_own_figures(self):
        parts = rows((CONV, 3e-3), (NORM, 1e-3), (DENSE, 1e-3))
        measured = side_by_side(
            measurement(WITH, [5e-3 * x for x in SPREAD], parts),
            measurement(WITHOUT, [4e-3 * x for x in SPREAD], parts[::2]),
        )
        document = explanation(WITH, WITHOUT, measured=measured).to_dict()
        assert json.loads(json.dumps(document)) == document
        one = document["networks"][0]["measured"]
        assert (one["median"], one["low"], one["high"]) == pytest.approx(
            (5e-3, 0.97 * 5e-3, 1.03 * 5e-3)
        )
        assert (one["verdict"], one["reasons"]) == ("stable", [])
        assert one["runtime"] == "torch"
        assert [row["name"] for row in one["layers"]] == [
            "conv2d_1", "batch_normalization_1", "dense_1",
        ]  # fmt: skip
        assert one["layers"][1]["measured_seconds"] == 1e-3
        assert one["layers"][1]["predicted_seconds"] > 0
        assert set(document["ratios"][0]["measured"]) == {"value", "low", "high", "confidence"}
        assert document["ratios"][0]["measured"]["value"] == pytest.approx(0.8)

    def test_times_of_the_user_have_no_interval(self):
        document = explanation(WITH, WITHOUT, measured=(2.0, 1.0)).to_dict()
        assert document["ratios"][0]["measured"] == {"value": 0.5}
        assert "measured" not in document["networks"][0]
        assert "checks" not in document


class TestRefused:
    def test_another_number_of_networks(self):
        one = side_by_side(measurement(WITH, [1.0] * TURNS))
        with pytest.raises(UsageError, match="1 measured networks, 2 to explain"):
            explanation(WITH, WITHOUT, measured=one)

    def test_a_loop_over_many_batches(self):
        loop = replace(measurement(WITH, [1.0] * TURNS), loop="evaluate")
        with pytest.raises(UsageError, match="'seed000' was measured per evaluate"):
            explanation(WITH, measured=side_by_side(loop))

    @pytest.mark.parametrize(
        "workload", [Workload(batch=1), Workload(batch=32, training=True)], ids=["batch", "mode"]
    )
    def test_another_workload(self, workload):
        one = side_by_side(measurement(WITH, [1.0] * TURNS, workload=workload))
        with pytest.raises(
            UsageError, match=r"'seed000' was measured with (batch 1|mode training),"
        ):
            explanation(WITH, measured=one)
