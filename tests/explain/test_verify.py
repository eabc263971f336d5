"""What is measured to verify an explanation, and what is refused; nothing is run."""

from types import SimpleNamespace

import pytest

import convcost
from convcost import zoo
from convcost.errors import MissingFramework, UsageError
from convcost.explain import verify
from convcost.measure import Effort, measuring
from support.measurements import TURNS, measurement, side_by_side

KERAS, TORCH = zoo.load("seed000"), zoo.load("alexnet")


class Asked(list):
    """What `measure` was asked for; runtimes in `missing` are not installed."""

    missing = frozenset()


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """The calls of `measure`; onnxruntime and torch are the runners there are."""
    calls = Asked()

    def measure(networks, workload, *, runtime, **options):
        calls.append({"runtime": runtime, "workload": workload, **options})
        if runtime in calls.missing:
            raise MissingFramework(f"measuring in {runtime} needs it", hint="pip install it")
        of_each = (
            measurement(net, [1.0] * TURNS, runtime=runtime, workload=workload) for net in networks
        )
        return side_by_side(*of_each)

    def known():
        return {
            name: SimpleNamespace(
                name=name,
                trains=name == "torch",
                installed=name not in calls.missing,
                loops={"step"},
            )
            for name in ("onnxruntime", "torch")
        }

    monkeypatch.setattr(verify, "measure", measure)
    monkeypatch.setattr(verify, "runners", known)
    monkeypatch.setattr(measuring, "runners", known)
    monkeypatch.setattr(verify, "runner", lambda name: known()[name])
    return calls


@pytest.mark.parametrize(
    ("network", "missing", "expected"),
    [
        (TORCH, (), "torch"),
        (TORCH, ("torch",), "onnxruntime"),
        (KERAS, (), "onnxruntime"),  # none of its own is there
        (KERAS, ("onnxruntime",), "torch"),
    ],
)
def test_the_explained_runtime_else_the_first_that_is_there(asked, network, missing, expected):
    asked.missing = frozenset(missing)
    found = convcost.explain(network, verify=True)
    assert [call["runtime"] for call in asked] == [expected]
    assert found.verifications[0].measurement.runtime == expected
    assert f"measured in {expected}" in found.checks[0]


def test_nothing_installed_tells_what_to_install_first(asked):
    asked.missing = frozenset({"torch", "onnxruntime"})
    with pytest.raises(MissingFramework, match="measuring in torch"):
        convcost.explain(TORCH, verify=True)


def test_a_named_runtime_is_not_replaced(asked):
    asked.missing = frozenset({"torch"})
    with pytest.raises(MissingFramework, match="measuring in torch"):
        convcost.explain(TORCH, verify=True, runtime="torch")


def test_a_runtime_that_can_only_be_measured(asked, monkeypatch):
    monkeypatch.setattr(verify, "runtimes", lambda: {"torch"})
    found = convcost.explain(TORCH, verify=True, runtime="onnxruntime")
    assert [call["runtime"] for call in asked] == ["onnxruntime"]
    assert found.predictions[0].runtime.name == "torch"


def test_effort_threads_and_workload_are_passed_on(asked):
    effort = Effort(seconds=1.0)
    convcost.explain(TORCH, KERAS, batch=4, dtype="float16", verify=effort, threads=3)
    (call,) = asked
    assert (call["effort"], call["threads"]) == (effort, 3)
    assert (call["workload"].batch, call["workload"].dtype) == (4, "float16")


@pytest.mark.parametrize(("given", "loss"), [(None, "cross-entropy"), ("mse", "mse")])
def test_a_step_has_a_loss(asked, given, loss):
    found = convcost.explain(
        TORCH, training=True, optimizer="adam", freeze="features.*", loss=given, verify=True
    )
    (call,) = asked
    workload = call["workload"]
    assert (workload.training, workload.optimizer, workload.loss) == (True, "adam", loss)
    assert workload.freeze == ("features.*",)
    assert call["runtime"] == "torch"  # onnxruntime runs no training steps
    assert any(f"loss {loss}, optimizer adam" in line for line in found.assumptions)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"runtime": "keras-tf1"}, "keras-tf1 cannot be run here", "onnxruntime or torch"),
        ({"device": "v100"}, "is this machine, not v100", "leave out --device"),
        ({"measured": (1.0,)}, "exclude each other", "leave out --measured"),
        ({"samples": 10}, "samples say", "leave out --samples"),
        ({"training": True, "input_gradient": True}, "cannot be measured", "--input-gradient"),
        ({"verify": False, "threads": 2}, "threads are for measuring", "add --verify"),
    ],
)
def test_what_is_refused_before_anything_runs(asked, options, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        convcost.explain(TORCH, **{"verify": True} | options)
    assert hint in caught.value.hint
    assert not asked


def test_this_machine_may_be_named(asked):
    assert convcost.explain(TORCH, verify=True, device="this-machine").verifications


def test_no_network_is_refused(asked):
    with pytest.raises(UsageError, match="no network"):
        convcost.explain(verify=True)


def test_what_was_measured_is_kept_unless_asked(asked, tmp_path):
    path = tmp_path / "measurements.sqlite"
    convcost.explain(TORCH, verify=True, store=False)
    assert not path.exists()
    found = convcost.explain(TORCH, KERAS, verify=True, store=path, ablate="none")
    assert [run.id for run in convcost.history(store=path).runs] == [2, 1]
    assert [each.measurement.run for each in found.verifications] == [1, 2]


def test_a_store_that_cannot_be_written_is_a_warning(asked, tmp_path):
    path = tmp_path / "measurements.sqlite"
    path.write_text("no store")
    said = []
    found = convcost.explain(TORCH, verify=True, store=path, warn=said.append)
    assert found.verifications
    assert said[0].startswith("not stored: ")
