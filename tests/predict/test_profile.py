"""Profiles as files, and whether they fit."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.count import Workload
from convcost.errors import ConvcostError, SourceError, UsageError
from convcost.predict import profiles
from convcost.predict.profile import LEVEL, Machine, Setting, band
from convcost.predict.profile_file import file_name, folder, load, save
from convcost.predict.trees import Trees
from convcost.predict.work import Works
from convcost.zoo import load as network
from support.profiles import profile

TREES = Trees((0, 3), (1, 0, 0, 0), (0.5, 0, 0, 0), (1, 1, 2, 3), (2, 1, 2, 3), (0, 0.1, 0.2, -1))


@pytest.fixture
def made():
    found = network("seed000").bind({"N": 1})
    works = Works(found, Workload())
    return profile([works.of((layer.name,), "forward") for layer in found.layers], common=0.4)


@pytest.fixture
def path(made, tmp_path):
    path = tmp_path / "profile.json"
    save(made, path)
    return path


def test_a_file_is_the_profile_again(made, path):
    assert load(path) == made
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "convcost/profile/9"}, "another version of convcost"),
        ({"columns": ["macs"]}, "another version of convcost"),
        ({"surprise": 1}, "unknown field"),
        ({"networks": "many"}, "Expected `int`"),
        ({"trees": {"left": [0]}}, "missing required field"),
    ],
)
def test_what_does_not_fit(path, change, said):
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SourceError, match=said):
        load(path)


@pytest.mark.parametrize(
    "change",
    [{"left": [0, 1, 2, 9]}, {"left": [3, 0, 2, 3]}, {"roots": [-1]}, {"features": [99, 0, 0, 0]},
     {"values": [1.0]}],
)  # fmt: skip
def test_trees_that_lead_nowhere(path, change):
    whole = json.loads(path.read_text())
    whole["trees"] = {
        name: list(getattr(TREES, name))
        for name in ("roots", "features", "thresholds", "left", "right", "values")
    }
    path.write_text(json.dumps(whole))
    assert load(path).model.trees == TREES
    whole["trees"] |= change
    path.write_text(json.dumps(whole))
    with pytest.raises(SourceError, match="damaged"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1, 2", b"null"])
def test_no_profile(tmp_path, content):
    path = tmp_path / "p.json"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="is no profile"):
        load(path)
    with pytest.raises(SourceError, match="No such file"):
        load(tmp_path / "nothing.json")


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.floats(-1, 1))
def test_a_band_is_conformal(residuals, new):
    """Of n + 1 exchangeable numbers at most the share beyond the level lies outside."""
    everything = [*residuals, new]
    if len(set(everything)) < len(everything):
        return
    outside = 0
    for place, value in enumerate(everything):
        found = band(everything[:place] + everything[place + 1 :])
        assert found.low <= found.middle <= found.high
        outside += not found.low <= value <= found.high
    number = len(residuals)
    enough = math.ceil((number + 1) * (1 + LEVEL) / 2) <= number
    assert outside <= (round((1 - LEVEL) * (number + 1), 9) if enough else 2)


def test_the_name_of_a_file_is_safe():
    assert file_name(Setting(runtime="../Keras X", training=True)) == "___keras_x-training-1.json"


def test_this_machines_own_is_found(made, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path))
    arguments = {"training": False, "device": None, "basis": None, "path": None}
    assert profiles.chosen("torch", **arguments) is None
    save(made, tmp_path / file_name(made.setting))
    assert profiles.chosen("torch", **arguments) == made
    assert profiles.chosen("torch", **arguments | {"basis": "data sheet"}) is None
    assert profiles.chosen("torch", **arguments | {"device": "a100"}) is None
    assert profiles.chosen("torch", **arguments | {"training": True}) is None
    assert profiles.chosen("keras", **arguments) is None


def test_what_is_refused(made, path, tmp_path, monkeypatch):
    monkeypatch.setenv("CONVCOST_PROFILES", str(tmp_path / "none"))
    arguments = {"training": False, "device": None, "basis": "calibrated", "path": None}
    with pytest.raises(SourceError, match="No such file") as error:
        profiles.chosen("torch", **arguments)
    assert "convcost calibrate" in error.value.hint
    with pytest.raises(UsageError, match="not of a100"):
        profiles.chosen("torch", **arguments | {"device": "a100"})
    with pytest.raises(UsageError, match="profile of torch, inference; asked was keras"):
        profiles.chosen("keras", **arguments | {"path": path})
    with pytest.raises(UsageError, match="asked was torch, training"):
        profiles.chosen("torch", **arguments | {"path": path, "training": True})
    monkeypatch.setattr(profiles, "this_machine", lambda: Machine("another", 64, ()))
    with pytest.raises(UsageError, match="another machine") as error:
        profiles.chosen("torch", **arguments | {"path": path})
    assert "convcost calibrate --runtime torch" in error.value.hint


def test_versions_that_have_changed():
    found = profile([], versions={"numpy": "0.1", "python": "3.11", "nothing-such": "1"})
    (said,) = profiles.changes(found)
    assert said.startswith("the profile is of numpy 0.1, installed is ")


def test_a_profile_that_cannot_be_written_is_no_traceback(made, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConvcostError, match="file: ") as error:
        save(made, tmp_path / "file" / "torch.json")
    assert "CONVCOST_PROFILES=FOLDER" in error.value.hint


def test_without_a_folder_the_error_names_the_way_out(monkeypatch):
    monkeypatch.delenv("CONVCOST_PROFILES")
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~/.local/share"))
    with pytest.raises(ConvcostError, match="no folder to keep profiles in") as error:
        folder()
    assert "CONVCOST_PROFILES=FOLDER" in error.value.hint
