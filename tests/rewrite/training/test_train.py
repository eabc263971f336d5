"""Training two networks alike: what they are given, what is kept, what is told."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from statistics import stdev
from typing import Any

import numpy as np
import pytest

from convcost.errors import MissingFramework, NetworkError, SourceError, UsageError
from convcost.measure import process
from convcost.network.dataclass import replace
from convcost.rewrite.samples.data import Data
from convcost.rewrite.training import train as module
from convcost.rewrite.training.curves import Curve, Run
from convcost.rewrite.training.lessons import divided, lesson_of, saved
from convcost.rewrite.training.means import mean
from convcost.rewrite.training.train import train
from convcost.runtime.runners.learning import Epoch, Lesson
from support.files import loaded
from support.proofs import CLASSES, folded, network, valued

SCRIPT = Path(__file__).with_name("fake_trainer.py")
FAKE = (sys.executable, str(SCRIPT))
TRAINER = loaded(SCRIPT)
SAMPLES = 50


def data(**changes: Any) -> Data:
    state = np.random.default_rng(0)
    found = Data(
        source="data.npz",
        inputs=(state.integers(0, 256, (SAMPLES, 3, 8, 7)).astype("uint8"),),
        dtypes=("float32",),
        labels=state.integers(0, CLASSES, SAMPLES),
    )
    return replace(found, **changes)


def pair() -> Any:
    net = network()
    return net, replace(folded(net), name="by hand, rewritten")


class Inside:
    """Stands for the process of a worker: does the same in this one."""

    def __init__(self, name: str, order: Any, **_: Any) -> None:
        self.loaded, self.versions = TRAINER["load"](order)
        assert self.loaded[0] == name

    def ready(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...

    def ask(self, command: str, number: int) -> Any:
        return TRAINER["do"](self.loaded, {command: number})


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started."""
    monkeypatch.setattr(process, "Worker", Inside)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The log of a worker that trains nothing."""
    log = tmp_path / "log"
    monkeypatch.setenv("FAKE_TRAINER_LOG", str(log))
    monkeypatch.setattr(module, "COMMAND", FAKE)
    return log


def test_both_get_the_same_batches_and_seeds_and_the_figures_are_theirs(fake: Path) -> None:
    said: list[str] = []
    found = train(*pair(), data(), runtime="torch", epochs=3, seeds=2, batch=8, say=said.append)
    started = [json.loads(line) for line in fake.read_text().splitlines()]
    seen: dict[int, set[str]] = {}
    for name, seed, order in started:
        assert len(order) == 40  # four fifths, whole batches
        seen.setdefault(seed, set()).add(str(order))
        assert name in {"by hand", "by hand, rewritten"}
    assert [len(orders) for orders in seen.values()] == [1, 1]
    assert seen[0] != seen[1]
    assert [run.seed for run in found.before.runs] == [0, 1]
    assert found.before.accuracy.mean == pytest.approx((0.8 + 0.81) / 2)
    assert [each.mean for each in found.after.per_epoch] == pytest.approx([0.555, 0.655, 0.755])
    assert found.gained.mean == pytest.approx(-0.05)
    # the first epochs are those in which a framework compiles
    assert (found.before.epoch_seconds, found.after.epoch_seconds) == (2.0, 1.0)
    assert found.epoch_ratio.median == 0.5
    assert (found.start, found.trained, found.tested) == ("fresh", 40, 10)
    assert not found.interrupted
    assert found.versions == {"fake": "1"}
    assert said[-1] == "seed 2 of 2, epoch 3 of 3: accuracy 81.0% and 76.0%"
    told = json.loads(json.dumps(found.to_dict()))
    assert told["seeds"] == [0, 1]
    assert len(told["after"]["runs"][1]["epochs"]) == 3


@pytest.mark.usefixtures("inside")
def test_ctrl_c_keeps_what_is_done() -> None:
    def until(text: str) -> Any:
        def say(told: str) -> None:
            if told.startswith(text):
                raise KeyboardInterrupt

        return say

    some = {"runtime": "torch", "epochs": 3, "seeds": 4, "batch": 8}
    found = train(*pair(), data(), say=until("seed 3 of 4, epoch 2"), **some)
    assert found.interrupted
    assert [run.seed for run in found.before.runs] == [0, 1]
    assert {len(run.epochs) for run in found.after.runs} == {3}
    found = train(*pair(), data(), say=until("seed 1 of 4, epoch 2"), **some)
    assert [len(run.epochs) for run in found.after.runs] == [2]
    with pytest.raises(KeyboardInterrupt):
        train(*pair(), data(), say=until("seed 1 of 4: starting"), **some)


def test_what_cannot_be_trained_is_said_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "Worker", None)
    nets = pair()
    for options, said in (
        ({"epochs": 0}, "epochs is 0"),
        ({"seeds": 0}, "seeds is 0"),
        ({"batch": 0}, "batch is 0"),
        ({"batch": 64}, "40 samples to train on do not fill a batch of 64"),
        ({"rate": -1.0}, "a learning rate of -1.0"),
        ({"optimizer": "adm"}, "unknown optimizer 'adm'"),
        ({"runtime": "onnxruntime"}, "onnxruntime runs no training steps"),
        ({"runtime": "torhc"}, "unknown runtime"),
    ):
        with pytest.raises(UsageError, match=said):
            train(*nets, data(), **{"runtime": "torch", **options})
    with pytest.raises(NetworkError, match="going on from the source's values needs the values"):
        train(*nets, data(), runtime="torch", start="source")
    with pytest.raises(SourceError, match="has no labels"):
        train(*nets, data(labels=None), runtime="torch")


def test_a_missing_framework_is_said_with_what_to_type() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is not None:
        pytest.skip("PyTorch is installed")
    with pytest.raises(MissingFramework, match="needs PyTorch"):
        train(*pair(), data(), runtime="torch")


@pytest.mark.usefixtures("inside")
def test_values_are_gone_on_from_where_all_are_there() -> None:
    net = valued()
    after = replace(folded(net), name="by hand, rewritten")
    some = {"runtime": "torch", "epochs": 1, "seeds": 1, "batch": 8}
    assert train(net, after, data(), **some).start == "source"
    assert train(net, after, data(), start="fresh", **some).start == "fresh"
    assert train(net, pair()[1], data(), **some).start == "fresh"


def test_lessons_pass_through_files(tmp_path: Path) -> None:
    given = data()
    order = saved(given, network(), tmp_path, seed=1)
    lesson = lesson_of({**order, "batch": 4, "optimizer": "sgd", "rate": 0.1, "seed": 7})
    assert lesson.inputs[0].dtype == "float32"
    assert (lesson.inputs[0] == given.inputs[0]).all()
    assert (lesson.labels == given.labels).all()
    assert sorted([*lesson.trained, *lesson.tested]) == list(range(SAMPLES))
    assert (lesson.batch, lesson.optimizer, lesson.rate, lesson.seed) == (4, "sgd", 0.1, 7)
    first, second = lesson.order(1), lesson.order(2)
    assert sorted(first) == sorted(lesson.trained)
    assert list(first) != list(second)
    assert list(first) == list(replace(lesson, threads=3).order(1))


def test_samples_that_the_file_sets_aside_are_those_to_test_on(tmp_path: Path) -> None:
    aside = data(inputs=(np.full((4, 3, 8, 7), 9),), labels=np.zeros(4))
    given = data(held_out=aside)
    lesson = lesson_of(saved(given, network(), tmp_path, seed=1))
    assert list(lesson.tested) == list(range(SAMPLES, SAMPLES + 4))
    assert (lesson.inputs[0][lesson.tested] == 9).all()
    assert divided(data(), 0)[1].tolist() == divided(data(), 0)[1].tolist()
    assert divided(data(), 0)[1].tolist() != divided(data(), 1)[1].tolist()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trained": np.arange(3)}, "3 samples to train on do not fill a batch of 4"),
        ({"tested": np.arange(0)}, "no sample to test on"),
        ({"rate": 0.0}, "a learning rate of 0.0"),
        ({"rate": math.nan}, "a learning rate of nan"),
    ],
)
def test_lessons_that_cannot_be_taught_are_refused(changes: dict[str, Any], said: str) -> None:
    places = np.arange(8)
    some = {"inputs": (places,), "labels": places, "trained": places, "tested": places, "batch": 4}
    with pytest.raises(UsageError, match=said):
        Lesson(**{**some, **changes})


@pytest.mark.parametrize("number", [2, 5, 31])
def test_intervals_are_those_of_students_t(number: int) -> None:
    samples = np.random.default_rng(number).standard_normal(number).tolist()
    found = mean(samples)
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    half = stats.t.ppf(0.975, number - 1) * stdev(samples) / math.sqrt(number)
    assert found.high is not None
    assert found.high - found.mean == pytest.approx(half, rel=1e-3)
    assert mean([0.5]).to_dict() == {"mean": 0.5, "low": None, "high": None, "confidence": 0.95}


def test_a_loss_that_diverged_is_no_number() -> None:
    curve = Curve("net", (Run(0, (Epoch(1.0, math.nan, 0.1),)),))
    assert curve.to_dict()["runs"][0]["epochs"] == [{"seconds": 1.0, "loss": None, "accuracy": 0.1}]
    assert curve.epoch_seconds == 1.0
