"""`convcost explain --ablate`: predicted changes, what is refused, and one real run."""

import json
from collections.abc import Callable
from importlib.util import find_spec

import pytest
from click.testing import Result

from convcost.measure import protocol

Run = Callable[..., Result]

FAST = ("--device", "i9-10940x", "--runtime", "keras-tensorflow")
in_onnxruntime = pytest.mark.skipif(
    find_spec("onnxruntime") is None or find_spec("onnx") is None, reason="needs onnxruntime"
)


def test_predicted_changes(run: Run) -> None:
    words = ("explain", "zoo:seed000", *FAST, "--ablate", "batch-norm, padding")
    document = json.loads(run(*words, "--json").stdout)
    assert {each["name"] for each in document["ablations"]} == {"batch-norm", "padding"}
    assert all(each["predicted"]["seconds"] < 0 for each in document["ablations"])
    table = run(*words).stdout
    assert "what time changes by, without one cause:" in table
    assert "folded forward into dense_1: the results stay the same" in table


def test_none_and_nothing(run: Run) -> None:
    for words in ((), ("--ablate", "none")):
        result = run("explain", "zoo:seed000", *FAST, *words, "--json")
        assert result.exit_code == 0
        assert "ablations" not in json.loads(result.stdout)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("batch-nrm", "unknown ablation 'batch-nrm'\n  next: did you mean batch-norm"),
        ("", "unknown ablation ''"),
        ("none,padding", "'none' and other ablations exclude each other"),
        ("dropout", "there is nothing in seed000 for 'dropout' to take out\n  next: dropout looks"),
    ],
)
def test_wrong_names(run: Run, names: str, expected: str) -> None:
    result = run("explain", "zoo:seed000", *FAST, "--ablate", names)
    assert (result.exit_code, result.stdout) == (2, "")
    assert expected in result.stderr


@in_onnxruntime
def test_a_real_change_has_an_interval(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "PROCESSES", 1)
    words = ("explain", "zoo:seed000", "--batch", "2", "--verify", "--runtime", "onnxruntime")
    more = ("--ablate", "batch-norm", "--time", "200ms", "--threads", "1", "--json")
    result = run(*words, *more)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    (one,) = document["ablations"]
    measured = one["measured"]
    assert measured["low"] <= measured["seconds"] <= measured["high"]
    whole = document["networks"][0]["measured"]["median"]
    assert measured["share"] == pytest.approx(measured["seconds"] / whole)
    assert one["agreement"] == "unsure"  # an interval needs more processes
    assert document["checks"][-1].startswith("without BatchNorm seed000 takes ")
