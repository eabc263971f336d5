"""Explanations by a profile: whole training steps, and parts that add up."""

from dataclasses import replace

import pytest

from convcost.count import Workload, count
from convcost.device import load as device
from convcost.errors import UsageError
from convcost.explain import explain
from convcost.measure import Measurements
from convcost.runtime import load as runtime
from convcost.verbs import explain as verb
from convcost.zoo import load
from support.measurements import TURNS, measurement
from support.profiles import knowing

CPU, TORCH = device("laptop-cpu"), runtime("torch")
STEP = Workload(batch=32, training=True, optimizer="adam")
MLP, CNN = load("seed001-mlp"), load("seed001-cnn")


def explained(*networks, workload=STEP, **options):
    made = knowing(*networks, workload=workload)
    return explain(networks, workload, device=CPU, runtime=TORCH, profile=made, **options)


@pytest.mark.parametrize("workload", [STEP, Workload(batch=32)], ids=["training", "inference"])
def test_parts_add_up_to_the_difference(workload):
    found = explained(MLP, load("seed001-cnn4"), workload=workload)
    first, second = (each.seconds.value for each in found.predictions)
    assert sum(part.seconds for part in found.differences) == pytest.approx(second - first)
    assert found.ratios[0].predicted.value == pytest.approx(second / first)
    causes = {part.cause for part in found.differences}
    assert ("update" in causes) == workload.training


def test_the_answer_is_about_whole_steps():
    by_profile = explained(MLP, CNN)
    by_sheet = explain([MLP, CNN], STEP, device=CPU, runtime=TORCH)
    assert "its backward pass has no predicted time" in by_sheet.answer
    assert "its backward pass has no predicted time" not in by_profile.answer
    assert any("training step; times by calibrated profile" in a for a in by_profile.assumptions)


def test_rates_of_a_measured_epoch_count_the_whole_step():
    found = explained(CNN, workload=Workload(batch=128, training=True, optimizer="rmsprop",
                                             samples=60000), measured=(340.0,))  # fmt: skip
    (achieved,) = found.achieved
    step = count(CNN, Workload(batch=128, training=True, optimizer="rmsprop")).total.step.flops
    assert achieved.flops_per_second == pytest.approx(step * 60000 / 128 / 340)
    assert "forward pass" not in achieved.verdict


def test_only_passes_of_the_forward_pass_are_unfused():
    """A backward pass of an activation is no pass that the forward pass could have saved."""
    network = load("resnet18")
    kernels = [f"{layer.name}/backward" for layer in network.layers]
    for finding in explained(network).findings:
        assert not set(finding.layers) & set(kernels)
        assert not any(kernel in finding.text for kernel in kernels)


def test_the_share_of_the_convolutions_is_of_the_step():
    found = explained(load("alexnet"), workload=Workload(batch=8, training=True, optimizer="sgd"))
    (finding,) = (f for f in found.findings if "fully connected layers hold" in f.text)
    assert "of the step's time" in finding.text
    shares = [
        sum(layer.share for layer in found.predictions[0].layers if layer.op == "conv"),
        finding.numbers["convolution_step_time_share"],
    ]
    assert shares[0] == pytest.approx(shares[1])


def test_the_verb_takes_this_machines_profile(tmp_path, monkeypatch):
    from convcost.predict.profile_file import save

    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path))
    assert verb(MLP, runtime="torch").predictions[0].basis == "data sheet"
    made = knowing(MLP, workload=Workload(batch=32))
    save(made, tmp_path / f"torch-inference-{made.setting.threads}.json")
    assert verb(MLP, runtime="torch").predictions[0].basis == "calibrated"
    assert verb(MLP, runtime="torch", basis="data sheet").predictions[0].basis == "data sheet"
    assert verb(MLP, runtime="torch", device="a100").predictions[0].basis == "data sheet"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"optimizer": "sgd"}, "with optimizer sgd, and is to be explained with optimizer adam"),
        ({"freeze": ("conv*",)}, r"with freeze conv\*, and is to be explained with freeze none"),
    ],
)
def test_steps_of_another_update_are_not_compared(other, message):
    """What is predicted is the whole step; of forward passes alone the update does not matter."""
    ran = measurement(CNN, [1.0] * TURNS, [((x.name,), {"forward": 0.1}) for x in CNN.layers[1:2]],
                      workload=replace(STEP, **other))  # fmt: skip
    measured = Measurements((ran,), ())
    with pytest.raises(UsageError, match=message):
        explained(CNN, measured=measured)
    assert explain([CNN], STEP, device=CPU, runtime=TORCH, measured=measured).verifications
