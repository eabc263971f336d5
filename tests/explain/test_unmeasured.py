"""Ablations that cannot be measured: left out with a remark, and everything else is measured."""

import json
from importlib.util import find_spec

import pytest

import convcost
from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.errors import ConvcostError, UsageError
from convcost.explain import explain
from convcost.measure import Effort, protocol
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.pool import AdaptivePool
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.report import render
from convcost.report.views.explain import report
from support.measurements import TURNS, measurement, side_by_side

I9 = device.load("i9-10940x")
NORM, LINEAR = "seed000 without BatchNorm", "seed000 without activations"


class Verifier:
    """Everything takes a second; some networks fail, as a worker does that runs them.

    Args:
        failing: their names.
        in_loop: what the loop fails with: an error, or a network's name.
        named: whether the error says which network it is about.
    """

    loops = True

    def __init__(self, *failing, in_loop=None, named=True):
        self.failing, self.wrong, self.named = failing, in_loop, named
        self.asked = []

    def __call__(self, networks, *, share):
        assert 0 < share <= 1
        self.asked.append([network.name for network in networks])
        return self._measured(networks, self.failing)

    def in_loop(self, networks, batches, *, share):
        assert (batches >= 16, 0 < share < 1) == (True, True)
        self.asked.append([f"{network.name} in the loop" for network in networks])
        if isinstance(self.wrong, ConvcostError):
            raise self.wrong
        return self._measured(networks, (self.wrong,))

    def _measured(self, networks, failing):
        for network in networks:
            if network.name in failing:
                error = ConvcostError(f"'{network.name}': it ended (signal 9):\n  last words")
                error.network = network.name if self.named else None
                raise error
        return side_by_side(*(measurement(net, [1.0] * TURNS) for net in networks))


def explained(*names, by, ablate, **workload):
    return explain(
        [zoo.load(name) for name in names], Workload(batch=32, **workload), device=I9,
        runtime=runtime.load("keras-tensorflow"), verifier=by, ablate=ablate,
    )  # fmt: skip


def test_one_that_fails_is_left_out_and_all_others_are_measured():
    by = Verifier(NORM)
    found = explained("seed000", by=by, ablate=["batch-norm", "activations"])
    assert by.asked == [["seed000", NORM, LINEAR], ["seed000", LINEAR]]
    assert len(found.verifications) == 1
    norm, linear = sorted(found.ablations, key=lambda each: each.name != "batch-norm")
    assert (norm.measured, norm.agreement, norm.interrupted) == (None, None, False)
    assert norm.predicted.seconds < 0
    assert (linear.measured.seconds, linear.failure) == (0, "")
    (remark,) = (line for line in found.assumptions if line.startswith("batch-norm "))
    assert remark == (
        "batch-norm of seed000 is predicted only, as measuring failed: "
        "'seed000 without BatchNorm': it ended (signal 9): last words"
    )
    (line,) = (line for line in found.checks if line.startswith("without BatchNorm "))
    assert line.endswith(" %, by prediction: it could not be measured")
    assert not found.interrupted


def test_it_stands_in_the_table_and_in_json():
    found = explained("seed000", by=Verifier(NORM), ablate=["batch-norm", "activations"])
    lines = render(report(found), "table").splitlines()
    (row,) = (line for line in lines if line.startswith("BatchNorm  "))
    assert row.endswith("not measured")
    assert any("batch-norm of seed000 is predicted only" in line for line in lines)
    ablations = {each["name"]: each for each in found.to_dict()["ablations"]}
    assert ablations["batch-norm"]["failure"].endswith("last words")
    assert "measured" not in ablations["batch-norm"]
    assert "failure" not in ablations["activations"]
    assert json.loads(json.dumps(ablations)) == ablations


def test_several_that_fail():
    by = Verifier(NORM, LINEAR)
    found = explained("seed000", by=by, ablate=["batch-norm", "activations"])
    assert by.asked == [["seed000", NORM, LINEAR], ["seed000", LINEAR], ["seed000"]]
    assert all(each.failure for each in found.ablations)
    assert found.verifications[0].measurement.seconds.median == 1


@pytest.mark.parametrize(("failing", "named"), [("seed000", True), (NORM, False)])
def test_a_network_as_it_is_has_to_be_measured(failing, named):
    by = Verifier(failing, named=named)
    with pytest.raises(ConvcostError, match="it ended"):
        explained("seed000", by=by, ablate=["batch-norm"])
    assert len(by.asked) == 1


class TestTheLoop:
    def test_a_runtime_without_it(self):
        by = Verifier(in_loop=UsageError("onnxruntime has no loop 'evaluate'"))
        found = explained("seed000", by=by, ablate=["framework-loop", "batch-norm"])
        by_name = {each.name: each for each in found.ablations}
        assert by_name["batch-norm"].measured is not None
        assert by_name["framework-loop"].measured is None
        assert (
            "framework-loop of seed000 is predicted only, as measuring failed: onnxruntime has no "
            "loop 'evaluate'"
        ) in found.assumptions

    def test_one_of_two_networks(self):
        by = Verifier(in_loop="seed001-cnn4")
        found = explained("seed000", "seed001-cnn4", by=by, ablate=["framework-loop"])
        _, both, one = by.asked
        assert sorted(both) == ["seed000 in the loop", "seed001-cnn4 in the loop"]
        assert one == ["seed000 in the loop"]
        first, second = sorted(found.ablations, key=lambda each: each.network)
        assert (first.failure, first.measured is None) == ("", False)
        assert (bool(second.failure), second.measured) == (True, None)


def test_frozen_layers_that_would_be_gone_are_no_reason_to_fail():
    found = explained("seed000", by=None, ablate=["all"], training=True, freeze=("batch_norm*",))
    assert "batch-norm" not in {each.name for each in found.ablations}
    stays = "batch-norm stays in seed000: unknown layer to freeze"
    assert any(line.startswith(stays) for line in found.assumptions)


def adaptive():
    """Four parts divide an image of 8 pixels; without padding there are 6."""
    builder = Builder("adaptive", framework="torch")
    ref = builder.add(Input(Tensor.of(batch=BATCH, channel=4, height=8, width=8)))
    ref = builder.add(Conv(filters=4, windows=window(3, padding="same"), activation="relu"), ref)
    parts = (("height", 4), ("width", 4))
    ref = builder.add(AdaptivePool(function="average", parts=parts), ref)
    builder.add(Dense(units=2), builder.add(Flatten(), ref))
    return builder.build()


@pytest.mark.skipif(
    find_spec("onnxruntime") is None or find_spec("onnx") is None, reason="needs onnxruntime"
)
def test_a_real_one_that_no_writer_can_write(monkeypatch):
    monkeypatch.setattr(protocol, "PROCESSES", 1)
    found = convcost.explain(
        adaptive(), batch=2, runtime="onnxruntime", threads=1, store=False,
        verify=Effort(seconds=0.1), ablate=["padding", "activations"],
    )  # fmt: skip
    by_name = {each.name: each for each in found.ablations}
    assert "6 along height do not divide into 4 equal windows" in by_name["padding"].failure
    assert by_name["activations"].measured is not None
