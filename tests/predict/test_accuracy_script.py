"""benchmarks/accuracy/accuracy.py: what is recorded as refused, and what ends the run."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost.errors import ConvcostError, MissingFramework, NetworkError, SourceError
from support.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CHOSEN = {"runtime": "torch", "training": False, "predict_again": False, "refused_again": False}


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script with one network, and results in a folder of its own."""
    path = ROOT / "benchmarks" / "accuracy" / "accuracy.py"
    spec = importlib.util.spec_from_file_location("accuracy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "RESULTS", tmp_path / "results")
    net = convcost.read("zoo:seed000")
    monkeypatch.setattr(module, "networks", lambda: iter([("seed000", net, (1,))]))
    return module


def failing(script: Any, error: ConvcostError, monkeypatch: pytest.MonkeyPatch) -> None:
    def predicted(*_: Any) -> dict[str, Any]:
        raise error

    monkeypatch.setattr(script.Cases, "_predicted", predicted)


@pytest.mark.parametrize(
    "error",
    [SourceError("profile.json: another version of convcost made it"), MissingFramework("none")],
)
def test_what_stands_in_the_way_of_all_networks_ends_the_run(
    script: Any, error: ConvcostError, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(script, error, monkeypatch)
    with pytest.raises(type(error), match=error.message):
        script.Cases(SimpleNamespace(**CHOSEN))


def test_a_network_that_cannot_be_predicted_is_recorded_and_tried_again_when_asked(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(script, NetworkError("no rule"), monkeypatch)
    key = "seed000, batch 1"
    assert script.Cases(SimpleNamespace(**CHOSEN)).found["cases"] == {key: {"refused": "no rule"}}
    monkeypatch.setattr(script.Cases, "_predicted", lambda *_: {"macs": 1})
    assert "refused" in script.Cases(SimpleNamespace(**CHOSEN)).found["cases"][key]
    again = script.Cases(SimpleNamespace(**{**CHOSEN, "refused_again": True}))
    assert again.found["cases"][key] == {"rounds": [], "macs": 1}
    assert list(again.orders) == [key]
