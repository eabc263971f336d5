"""Calibration with the fake worker, whose times are known."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from convcost.cli.main import group
from convcost.errors import ConvcostError, MissingFramework, UsageError
from convcost.measure import process
from convcost.predict.calibration import calibrate as subject
from convcost.predict.calibration import fit, loops
from convcost.predict.calibration.choosing import weighted
from convcost.predict.calibration.design import drawn
from convcost.predict.profile import Refined, Setting
from convcost.predict.profile_file import load, save
from convcost.runtime import load as runtime
from convcost.verbs import calibrate

FAKE = Path(__file__).parents[1] / "measure" / "fake_worker.py"
SETTING = Setting(runtime="fake", threads=1)
#: What the fake takes for each layer with parameters, between them, and for a batch in a loop.
PER_LAYER, LOOP, FEEDING = 0.004, 0.001, 0.0025


@pytest.fixture(autouse=True)
def fakes(monkeypatch, tmp_path):
    monkeypatch.setattr(process, "COMMAND", (sys.executable, str(FAKE)))
    monkeypatch.setattr(subject, "FEWEST", 12)
    monkeypatch.setattr(fit, "_TREES", 10)
    monkeypatch.setattr(fit, "runtime", lambda _: runtime("torch"))
    monkeypatch.setattr(loops, "runner", lambda _: SimpleNamespace(loops=frozenset({"step"})))
    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path))


def samples(tmp_path):
    return (tmp_path / "fake-inference-1.samples").read_bytes().splitlines()[1:]


def run(seconds=0.01, **options):
    """As many networks as a profile needs, where no longer time is given."""
    return subject.calibrate(SETTING, seconds=seconds, **options)


def test_it_learns_the_times(tmp_path):
    said = []
    found = run(3.0, say=said.append)  # long enough to look at what is predicted badly
    profile = found.profile
    assert profile.networks == len(samples(tmp_path)) == found.networks >= 12
    assert load(found.path) == profile
    assert abs(profile.whole.middle) < 0.02
    assert -0.2 < profile.whole.low <= profile.whole.high < 0.2
    conv = profile.kinds["conv, forward"]
    assert abs(conv.middle) < 0.02
    assert said[0] == "starting fake"
    assert any("left; Ctrl-C" in each for each in said)
    assert not found.interrupted


def test_a_second_one_goes_on(tmp_path, monkeypatch):
    first = run()
    monkeypatch.setattr(subject, "FEWEST", 15)
    second = run()
    assert second.networks == 3
    assert second.profile.networks == first.profile.networks + second.networks
    seeds = [json.loads(line)["seed"] for line in samples(tmp_path)]
    assert len(set(seeds)) == len(seeds) == second.profile.networks
    monkeypatch.setattr(subject, "FEWEST", 12)
    assert run(fresh=True).profile.networks == 12


def test_the_loop_is_told_from_the_steps(monkeypatch):
    every = frozenset({"step", "evaluate"})
    monkeypatch.setattr(loops, "runner", lambda _: SimpleNamespace(loops=every))
    found = run().profile.loops
    assert found.keys() == {"evaluate"}
    assert found["evaluate"].batch == pytest.approx(FEEDING, rel=1e-3)
    assert found["evaluate"].byte == pytest.approx(0, abs=1e-12)


def test_what_was_refined_stays_until_a_fresh_one():
    first = run()
    kept = (Refined("conv, forward", (1, 2, 3), 0.5),)
    save(replace(first.profile, refined=kept), first.path)
    assert run().profile.refined == kept
    assert run(fresh=True).profile.refined == ()


def test_a_fresh_one_that_cannot_run_anything_forgets_nothing(tmp_path):
    path = tmp_path / "fake-missing-inference-1.samples"
    path.write_text("of ten minutes")
    with pytest.raises(MissingFramework):
        subject.calibrate(Setting(runtime="fake-missing", threads=1), seconds=5, fresh=True)
    assert path.read_text() == "of ten minutes"


def test_the_folder_is_tried_before_anything_runs(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path / "file"))
    with pytest.raises(ConvcostError, match="file: ") as caught:
        subject.calibrate(Setting(runtime="fake-missing", threads=1), seconds=5)
    assert "CONVCOST_PROFILES=FOLDER" in caught.value.hint


def test_ctrl_c_keeps_what_is_there(tmp_path, monkeypatch):
    original, number = subject.Sampler.sample, []

    def sample(self, chosen):
        number.append(1)
        if len(number) in (5, 18):
            raise KeyboardInterrupt
        return original(self, chosen)

    monkeypatch.setattr(subject.Sampler, "sample", sample)
    with pytest.raises(KeyboardInterrupt):
        run(60)
    assert len(samples(tmp_path)) == 4
    found = run(60)
    assert found.interrupted
    assert found.profile.networks == len(samples(tmp_path)) >= 12


def test_a_killed_one_goes_on(tmp_path):
    first = run()
    path = tmp_path / "fake-inference-1.samples"
    path.write_bytes(path.read_bytes()[:-100])
    second = run()
    assert second.profile.networks == first.profile.networks - 1 + second.networks


def test_networks_that_fail_are_left_out_and_told(monkeypatch):
    original, number = subject.Sampler.sample, []

    def sample(self, chosen):
        number.append(1)
        if len(number) % 4 == 0:
            raise ConvcostError("this one does not run")
        return original(self, chosen)

    monkeypatch.setattr(subject.Sampler, "sample", sample)
    found = run()
    assert set(found.failed) == {"this one does not run"}


def test_a_runtime_that_runs_nothing_ends_it():
    with pytest.raises(ConvcostError, match="8 PB does not fit"):
        subject.calibrate(Setting(runtime="fake-raises", threads=1), seconds=5)


def test_as_many_networks_as_a_profile_needs():
    assert run().profile.networks == 12


def test_blocks_that_are_predicted_badly_come_more_often():
    records = [subject.Record(seed, drawn(seed).blocks, None) for seed in range(40)]
    residuals = [0.5 if "dense" in record.blocks else 0.1 for record in records]
    found = weighted(records, residuals)
    assert found.count("dense") == 4
    assert set(found) >= {"plain", "residual", "dense"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "nothing"),
        (("onnxruntime", "training"), "onnxruntime does not train"),
        (("keras-torch",), "nothing could be predicted"),
    ],
)
def test_what_cannot_be_calibrated(arguments, said):
    with pytest.raises(UsageError, match=said):
        calibrate(arguments[0], training="training" in arguments, seconds=1)


def test_the_command(monkeypatch):
    monkeypatch.setattr(subject, "runner", lambda _: type("R", (), {"trains": True})())
    monkeypatch.setattr(subject, "runtimes", lambda: {"fake": None})
    done = CliRunner().invoke(group, ["calibrate", "--runtime", "fake", "--threads", "1",
                                     "--time", "10ms"])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("fake, inference: nine of ten networks take -")
    assert "convcost predict zoo:resnet18 --runtime fake" in done.stdout
    assert "left; Ctrl-C keeps what is there" in done.stderr
    both = CliRunner().invoke(group, ["calibrate", "--runtime", "fake", "--time", "2s", "--quick"])
    assert both.exit_code == 2


def test_what_learns_is_looked_for_before_anything_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(fit, "find_spec", lambda _: None)
    with pytest.raises(MissingFramework, match="needs LightGBM") as error:
        run(60)
    assert "convcost[calibrate]" in error.value.hint
    assert not list(tmp_path.iterdir())
