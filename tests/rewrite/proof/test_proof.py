"""Denormal numbers, measured times beside predicted ones, and the proof as a whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from convcost.measure import measuring, process
from convcost.measure.protocol import Effort
from convcost.network.dataclass import replace
from convcost.predict import Estimate
from convcost.rewrite.proof.denormals import denormals
from convcost.rewrite.proof.proof import Proof, proved
from convcost.rewrite.proof.timing import timing
from convcost.rewrite.running.valued import with_arrays
from convcost.runtime.runners.runner import Runner
from convcost.write.values import Values
from support.proofs import factorised, folded, network, valued

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.rewrite.rewrite import Kind

FAKE = Path(__file__).parents[2] / "measure" / "fake_worker.py"


def changed(net: Network, layer: str, name: str, number: float) -> Network:
    """With two numbers of a parameter replaced."""
    found = net.layer(layer)
    names = list(Values(net).of(found))
    array = Values(net).of(found)[name].copy()
    array.reshape(-1)[:2] = number
    return with_arrays(net, {found.parameters[names.index(name)]: array})


def test_denormals_are_found_where_the_rewrite_or_the_statistics_have_them() -> None:
    net = valued()
    assert denormals(net, net) == ()
    after = changed(net, "head", "kernel", -1e-40)
    (found,) = denormals(net, after)
    assert found.to_dict() == {
        "layer": "head", "parameter": "kernel", "count": 2, "numbers": 30, "new": True,
    }  # fmt: skip
    # what the source has is only looked at in statistics
    old = changed(changed(net, "norm1", "moving_variance", 1e-39), "conv1", "kernel", 1e-40)
    (found,) = denormals(old, old)
    assert (found.layer, found.parameter, found.new) == ("norm1", "moving_variance", False)


@pytest.mark.parametrize(
    ("number", "dtype", "count"),
    [
        (float(np.finfo("float32").tiny), "float32", 0),
        (float(np.nextafter(np.float32(np.finfo("float32").tiny), np.float32(0))), "float32", 1),
        (0.0, "float32", 0),
        (1e-39, "float64", 0),
        (1e-310, "float64", 1),
        (1e-7, "float16", 0),
    ],
)
def test_what_is_denormal_depends_on_the_dtype(number: float, dtype: str, count: int) -> None:
    net = valued().with_dtype(dtype)
    found = denormals(net, changed(net, "head", "bias", number))
    assert len(found) == count


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Effort:
    """Every name is a runtime whose clock the tests know; the least effort."""

    class Known(Runner):
        name, needs, trains = "fake", "pip install fake", True

        def versions(self) -> Any:
            raise AssertionError

        def load(self, network: Any, job: Any) -> Any:
            raise AssertionError(network, job)

    monkeypatch.setattr(process, "COMMAND", (sys.executable, str(FAKE)))
    monkeypatch.setattr(measuring, "runner", lambda _: Known())
    return Effort(seconds=0.05, timeout=20)


def test_times_are_measured_beside_what_was_predicted(fakes: Effort) -> None:
    net = network()
    found = timing(net, folded(net), runtime="fake", effort=fakes,
                   predicted=Estimate(0.5, 0.4, 0.6))  # fmt: skip
    # the fake takes 4 ms per layer with parameters, five and three, and 1 ms besides
    assert found.measured.median == pytest.approx(13 / 21, rel=1e-3)
    assert found.after.source == "by hand, rewritten"
    assert (found.faster, found.as_predicted) == (True, False)
    assert replace(found, predicted=Estimate(0.5, 0.4, 0.7)).as_predicted
    told = json.loads(json.dumps(Proof(kind="exact", timing=found).to_dict()))["timing"]
    assert told["ratio"]["predicted"] == {"value": 0.5, "low": 0.4, "high": 0.6}
    assert told["before"]["median"] == pytest.approx(0.021, rel=1e-3)
    assert replace(found, predicted=None).as_predicted is None
    both = replace(found.measured, low=0.9, high=1.1)
    assert replace(found, measured=both).faster is None


def test_exact_steps_are_proved_by_equal_outputs() -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    net = valued()
    found = proved(net, folded(net), ["exact"], measured=False)
    assert (found.kind, found.failed, found.agreement, found.weights) == ("exact", False, None, ())
    assert found.equality is not None
    assert json.loads(json.dumps(found.to_dict()))["equality"]["equal"] is True
    wrong = proved(net, folded(net, epsilon=0.1), ["exact"], measured=False)
    assert wrong.failed
    # new statistics are meant to change the outputs
    mended = proved(net, folded(net, epsilon=0.1), ["exact"], recalibrated=True, measured=False)
    assert (mended.equality, mended.failed, mended.weights) == (None, False, ())
    assert mended.agreement is not None


def test_a_network_without_values_is_proved_with_random_ones() -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    net = network()
    found = proved(net, folded(net), ["exact"], again=folded, measured=False)
    assert found.equality is not None
    assert (found.equality.equal, found.equality.values) == (True, "random")
    without = proved(net, folded(net), ["exact"], measured=False)
    assert without.equality is None
    assert without.remarks == ("the source has no values of parameters: outputs were not compared",)


def test_approximate_steps_are_proved_by_agreement() -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    net = valued()
    after, error = factorised(net, 2)
    kinds: list[Kind] = ["exact", "approximate"]
    found = proved(net, after, kinds, measured=False)
    assert (found.kind, found.equality, found.failed) == ("approximate", None, False)
    assert [each.error for each in found.weights] == [pytest.approx(error, rel=1e-5)]
    assert found.agreement is not None
    assert found.agreement.difference > 1e-3
    assert json.dumps(found.to_dict())


def test_steps_to_retrain_say_what_is_not_proved() -> None:
    net = network()
    kinds: list[Kind] = ["approximate", "retrain"]
    found = proved(net, folded(net), kinds, measured=False)
    assert found == Proof(kind="retrain", remarks=found.remarks)
    assert "training" in found.remarks[0]
