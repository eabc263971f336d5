"""Ablations with measurements made by hand: which are measured, and how."""

from dataclasses import replace

import pytest

import convcost
from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.explain import explain
from convcost.explain.plans import plans
from convcost.measure import Effort
from convcost.network.network import Measured
from support.measurements import TURNS, measurement, side_by_side

I9 = device.load("i9-10940x")
WITH, WITHOUT = zoo.load("seed000"), zoo.load("seed000?batch_norm=no")
CNN4 = zoo.load("seed001-cnn4")
#: The turns of a network; those of another one in the same process spread alike.
SLOW = tuple(1 + 0.1 * turn for turn in range(TURNS))


class Verifier:
    """Gives seconds by hand; keeps what it was asked for.

    Args:
        seconds: of a batch, by the network's name; 1 for others.
        workload: that is measured.
        rows: of every network; see `support.measurements`.
        interrupted: in the networks, or in their loop.
    """

    def __init__(self, seconds=(), *, workload=None, rows=(), loops=True, interrupted=""):
        self.seconds, self.workload, self.rows = dict(seconds), workload, rows
        self.loops, self.interrupted = loops, interrupted
        self.asked = []

    def __call__(self, networks, *, share=1.0):
        self.asked.append(("step", [network.name for network in networks], share))
        turns = SLOW[:3] if self.interrupted == "step" else SLOW
        return side_by_side(*(
            measurement(net, [self.seconds.get(net.name, 1.0) * x for x in turns], self.rows,
                        workload=self.workload, interrupted=self.interrupted == "step")
            for net in networks
        ))  # fmt: skip

    def in_loop(self, networks, batches, *, share):
        self.asked.append(("loop", [network.name for network in networks], share, batches))
        if self.interrupted == "loop":
            raise KeyboardInterrupt
        return side_by_side(*(
            replace(measurement(net, [batches * self.seconds["loop"] * x for x in SLOW]),
                    loop="evaluate")
            for net in networks
        ))  # fmt: skip


def explained(*networks, by, ablate=None, under="keras-tensorflow", workload=None):
    return explain(
        networks, workload or Workload(batch=32), device=I9, runtime=runtime.load(under),
        verifier=by, ablate=ablate,
    )  # fmt: skip


NAME = "seed000 without BatchNorm"


class TestMeasured:
    def test_networks_and_ablations_are_measured_in_one_call(self):
        by = Verifier({"seed000": 4e-3, WITHOUT.name: 3e-3, NAME: 3e-3})
        found = explained(WITH, WITHOUT, by=by, ablate=["batch-norm"])
        assert by.asked == [("step", ["seed000", WITHOUT.name, NAME], 1.0)]
        assert [each.measurement.source for each in found.verifications] == [
            "seed000", WITHOUT.name,
        ]  # fmt: skip
        assert len(found.ratios) == 1

    def test_the_change_has_the_interval_of_the_ratio_turn_by_turn(self):
        by = Verifier({"seed000": 4e-3, NAME: 3e-3})
        (one,) = explained(WITH, by=by, ablate=["batch-norm"]).ablations
        whole = 4e-3 * (SLOW[3] + SLOW[4]) / 2
        # turns that are slow for both say nothing of the ratio
        assert one.measured.seconds == pytest.approx(-whole / 4)
        assert (one.measured.low, one.measured.high) == pytest.approx((-whole / 4, -whole / 4))
        assert one.measured.share == pytest.approx(-0.25)
        assert one.measured.confidence >= 0.95

    def test_without_a_name_those_that_save_most(self):
        by = Verifier({"seed000": 4e-3, NAME: 3e-3})
        found = explained(WITH, WITHOUT, by=by)
        chosen = [(each.name, each.network) for each in found.ablations]
        assert chosen[0] == ("batch-norm", 0)
        assert len(chosen) <= 3
        assert all(each.predicted.share <= -0.1 for each in found.ablations)
        assert all(each.without.usual for each in found.ablations)
        assert explained(WITH, by=Verifier(), ablate=["none"]).ablations == ()

    def test_the_answer_is_followed_by_a_line_for_each(self):
        by = Verifier({"seed000": 4e-3, NAME: 3e-3})
        found = explained(WITH, by=by, ablate=["batch-norm"])
        assert found.checks[-1].startswith(
            "without BatchNorm seed000 takes 1.35 ms less (1.35 ms to 1.35 ms), 25 %; predicted "
        )
        assert found.checks[-1].endswith(": in the predicted direction, not within 25 %")

    def test_per_mac_both_times_are_of_the_macs_as_they_were(self):
        by = Verifier({"seed001-cnn4": 2e-3, "seed001-cnn4 without few channels": 4e-3})
        (one,) = explained(CNN4, by=by, ablate=["few-channels"]).ablations
        macs = [convcost.count(net).total.forward.macs
                for net in (CNN4, zoo.load("seed001-cnn?filters=16,16"))]  # fmt: skip
        assert one.measured.share == pytest.approx(2 * macs[0] / macs[1] - 1)
        assert one.measured.seconds < 0

    def test_of_training_steps_the_forward_passes_are_compared(self):
        workload = Workload(batch=32, training=True, loss="cross-entropy")
        parts = [
            (("dense_1",), {"forward": 1e-3, "backward": 2e-3}),
            ((), {"update": 1e-3}),
        ]
        by = Verifier({"seed000": 4e-3, NAME: 2e-3}, workload=workload, rows=parts)
        (one,) = explained(WITH, by=by, ablate=["batch-norm"], under="torch",
                           workload=workload).ablations  # fmt: skip
        # the share of the forward pass is seconds / whole: 1 of 4 in one, 1 of 2 in the other
        assert one.measured.share == pytest.approx(0.0, abs=1e-12)

    def test_steps_without_their_layers_are_not_compared(self):
        workload = Workload(batch=32, training=True, loss="cross-entropy")
        found = explained(WITH, by=Verifier(workload=workload), ablate=["batch-norm"],
                          under="torch", workload=workload)  # fmt: skip
        assert found.ablations[0].measured is None


class TestTheLoop:
    def test_steps_against_batches_of_the_loop(self):
        by = Verifier({"seed000": 4e-3, NAME: 3e-3, "loop": 6e-3})
        found = explained(WITH, by=by, ablate=["framework-loop", "batch-norm"])
        step, loop = by.asked
        assert step == ("step", ["seed000", NAME], pytest.approx(2 / 3))
        assert loop[:3] == ("loop", ["seed000"], pytest.approx(1 / 3))
        prediction = found.predictions[0]
        batch = prediction.seconds.value + prediction.loop.seconds
        assert loop[3] * batch == pytest.approx(0.5, rel=0.1)
        one = next(each for each in found.ablations if each.name == "framework-loop")
        middle = (SLOW[3] + SLOW[4]) / 2
        assert one.measured.seconds == pytest.approx(-2e-3 * middle)
        assert one.measured.share == pytest.approx(-1 / 3)
        assert one.measured.low < one.measured.seconds < one.measured.high < 0

    @pytest.mark.parametrize("loops", [True, False])
    def test_it_is_measured_unasked_where_the_source_tells_a_time_of_it(self, loops):
        told = replace_network(WITH, measured=(Measured(seconds=4.6),))
        names = [each.name for each in explained(
            told, by=Verifier({"loop": 2.0}, loops=loops)).ablations]  # fmt: skip
        assert ("framework-loop" in names) == loops
        assert "framework-loop" not in [
            each.name for each in explained(WITH, by=Verifier({"loop": 2.0})).ablations
        ]


class TestInterrupted:
    def test_in_the_networks_what_there_is_stays_and_the_loop_is_not_begun(self):
        by = Verifier({"seed000": 4e-3, NAME: 3e-3}, interrupted="step")
        found = explained(WITH, by=by, ablate=["batch-norm", "framework-loop"])
        assert [each[0] for each in by.asked] == ["step"]
        assert found.interrupted
        norm, loop = sorted(found.ablations, key=lambda each: each.name)
        assert norm.measured.share == pytest.approx(-0.25)
        assert norm.agreement == "unsure"  # three turns
        assert (loop.measured, loop.interrupted) == (None, True)

    def test_in_the_loop_the_networks_stay(self):
        by = Verifier({"seed000": 4e-3, NAME: 3e-3}, interrupted="loop")
        found = explained(WITH, by=by, ablate=["batch-norm", "framework-loop"])
        assert found.interrupted
        norm, loop = sorted(found.ablations, key=lambda each: each.name)
        assert (norm.interrupted, loop.interrupted) == (False, True)
        assert norm.measured is not None
        assert not found.verifications[0].measurement.interrupted


def test_plans_without_a_verifier_or_names_are_none():
    assert plans([], None, None) == ((), ())


def replace_network(network, **changes):
    from convcost.network.dataclass import replace as of_network

    return of_network(network, **changes)


class TestTheVerb:
    @pytest.fixture(autouse=True)
    def asked(self, monkeypatch):
        """The calls of `measure`; a network without BatchNorm takes three quarters."""
        from convcost.explain import verify

        calls = []

        def measure(networks, workload, *, runtime, effort, loop, **options):
            calls.append(([net.name for net in networks], loop, workload.samples, effort))
            return side_by_side(*(
                replace(measurement(net, [0.75 if "without" in net.name else 1.0] * TURNS,
                                    runtime=runtime, workload=workload), loop=loop)
                for net in networks
            ))  # fmt: skip

        monkeypatch.setattr(verify, "measure", measure)
        return calls

    def test_names_effort_and_loop_reach_the_measurement(self, asked):
        found = convcost.explain(
            WITH, verify=Effort(seconds=6.0), runtime="keras-tensorflow", store=False,
            ablate="batch-norm",
        )  # fmt: skip
        assert asked == [(["seed000", NAME], "step", None, Effort(seconds=6.0))]
        assert found.ablations[0].measured.share == pytest.approx(-0.25)

    def test_a_loop_has_samples_and_its_part_of_the_effort(self, asked):
        found = convcost.explain(
            WITH, verify=Effort(seconds=6.0), runtime="keras-tensorflow", store=False,
            ablate=["framework-loop"],
        )  # fmt: skip
        step, loop = asked
        assert step == (["seed000"], "step", None, Effort(seconds=3.0))
        assert loop[:2] == (["seed000"], "evaluate")
        assert loop[2] % 32 == 0
        assert loop[3] == Effort(seconds=3.0)
        assert found.ablations[0].measured is not None

    def test_all_that_was_measured_is_kept(self, tmp_path):
        path = tmp_path / "measurements.sqlite"
        convcost.explain(WITH, verify=True, runtime="keras-tensorflow", store=path,
                         ablate="batch-norm")  # fmt: skip
        runs = convcost.history(store=path).runs
        assert {run.measurement.source for run in runs} == {"seed000", NAME}
