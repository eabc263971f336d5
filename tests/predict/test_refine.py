"""Parts of a network that are measured themselves, with the fake worker."""

import sys
from pathlib import Path

import pytest

from convcost.count import Workload
from convcost.device import load as device
from convcost.errors import UsageError
from convcost.measure import process
from convcost.predict import predict
from convcost.predict.calibration import refine as subject
from convcost.predict.columns import exact_sizes
from convcost.predict.groups import grouped
from convcost.predict.profile_file import load, save
from convcost.predict.work import Works
from convcost.runtime import load as runtime
from convcost.runtime import lower_step
from convcost.verbs import predict as verb
from convcost.zoo import load as network
from support.profiles import profile

FAKE = Path(__file__).parents[1] / "measure" / "fake_worker.py"
#: What the fake takes for each layer with parameters.
PER_LAYER = 0.004
TORCH = runtime("torch")
CPU = device("laptop-cpu")


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    monkeypatch.setattr(process, "COMMAND", (sys.executable, str(FAKE)))


def refined(net, path, workload=None, **options):
    workload = workload or Workload()
    made = options.pop("made", None) or profile([], training=workload.training)
    return subject.refine(net, workload, runtime=TORCH, profile=made, path=path,
                          seconds=options.pop("seconds", 60), **options)  # fmt: skip


def test_what_was_measured_is_predicted_and_kept(tmp_path):
    """The fake runs layers with parameters only: those are measured, all others are not."""
    path, net = tmp_path / "p.json", network("seed000")
    found = refined(net, path)
    assert load(path) == found
    assert {each.key for each in found.refined} == {
        "conv, forward", "batch_norm, forward", "dense, forward",
    }  # fmt: skip
    prediction = predict(net, device=CPU, runtime=TORCH, profile=found)
    for layer in prediction.layers:
        weighted = layer.op in ("conv", "batch_norm", "dense")
        assert (layer.seconds == pytest.approx(PER_LAYER, rel=1e-3)) == weighted
    (said,) = (each for each in prediction.assumptions if "measured themselves" in each)
    weighted = sum(layer.op.kind in ("conv", "batch_norm", "dense") for layer in net.layers)
    assert said.startswith(f"{weighted} of ")


def test_equal_kernels_of_other_networks_are_known_too(tmp_path):
    found = refined(network("seed000"), tmp_path / "p.json")
    other = network("seed000?convolutions=2")
    prediction = predict(other, device=CPU, runtime=TORCH, profile=found)
    measured = [
        x.name for x in prediction.layers if x.seconds == pytest.approx(PER_LAYER, rel=1e-3)
    ]
    assert "conv2d_1" in measured


def test_the_least_certain_first_and_within_the_time(tmp_path):
    net, said = network("alexnet"), []
    parts = subject.uncertain(net, Workload(), TORCH, profile([]))
    assert [part.seconds for part in parts] == sorted((p.seconds for p in parts), reverse=True)
    found = refined(net, tmp_path / "p.json", seconds=1e-9, say=said.append)
    assert found.refined == ()
    assert not (tmp_path / "p.json").exists()


def test_what_was_measured_is_not_measured_again(tmp_path):
    net = network("seed000")
    found = refined(net, tmp_path / "p.json")
    left = subject.uncertain(net, Workload(), TORCH, found)
    assert {layer for part in left for layer in part.layers}.isdisjoint(
        {"conv2d_1", "batch_normalization_1", "dense_1", "dense_2"}
    )


def test_ctrl_c_keeps_what_is_there(tmp_path, monkeypatch):
    original, number = subject.Sampler.sample, []

    def sample(self, chosen):
        number.append(1)
        if len(number) == 4:
            raise KeyboardInterrupt
        return original(self, chosen)

    monkeypatch.setattr(subject.Sampler, "sample", sample)
    said = []
    found = refined(network("alexnet"), tmp_path / "p.json", say=said.append)
    assert "interrupted" in said
    assert 0 < len(found.refined) <= 3
    assert load(tmp_path / "p.json") == found


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", ["resnet18?image=64", "googlenet", "mobilenet?image=64",
                                  "alexnet", "seed000"])  # fmt: skip
def test_a_segment_runs_its_layers_as_the_network_does(name, training):
    """The same sizes in the same phases: what is measured there stands for the network's."""
    net = network(name)
    workload = Workload(training=training, optimizer="sgd" if training else None)
    parts = subject.uncertain(net, workload, TORCH, profile([], training=training))
    assert parts
    for part in parts:
        cut = subject.segment(net, part.layers, trained=training)
        works = Works(cut.bind({"N": 1}), workload)
        kernels = grouped(lower_step(cut, workload, TORCH, "cpu"))
        for work in part.works:
            here = works.of(part.layers, work.phase, kernels[part.layers, work.phase])
            assert exact_sizes(here) == exact_sizes(work)


def test_the_verb_refines_this_machines_profile(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path))
    net = network("seed000")
    with pytest.raises(UsageError, match="no profile"):
        verb(net, runtime="torch", refine=1.0)
    made = profile([])
    save(made, tmp_path / f"torch-inference-{made.setting.threads}.json")
    before = verb(net, runtime="torch").seconds.value
    found = verb(net, runtime="torch", refine=60.0)
    assert found.seconds.value != before
    assert verb(net, runtime="torch").seconds == found.seconds


def test_another_dtype_is_refused(tmp_path):
    with pytest.raises(UsageError, match="float16"):
        refined(network("seed000"), tmp_path / "p", Workload(dtype="float16"))
