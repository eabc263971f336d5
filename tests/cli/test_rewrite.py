"""`convcost rewrite`: lists, rewrites, writes beside the source, proves."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import numpy as np
import pytest

import convcost
from convcost import zoo
from convcost.measure import protocol
from convcost.rewrite.running.valued import filled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]

FAST = ("--device", "laptop-cpu")
VERDICTS = {"worth it", "undecided", "not worth it"}


def test_the_list_begins_with_the_answer_and_ends_with_what_to_do(run: Run) -> None:
    result = run("rewrite", "zoo:seed000", "--batch", "32", *FAST)
    assert result.exit_code == 0, result.stderr
    first, *rest = result.stdout.splitlines()
    assert first.startswith("seed000: ")
    assert "worth it" in first
    assert "those that keep the outputs: fold-batch-norm-forward saves" in first
    assert rest[-1] == (
        "next: convcost rewrite zoo:seed000 --batch 32 --device laptop-cpu --apply "
        "fold-batch-norm-forward -o new.keras"
    )
    assert result.stderr == ""
    assert "fold batch_normalization_1 into dense_1" in result.stdout
    whole = run("rewrite", "zoo:seed000", "--batch", "32", "-v", *FAST).stdout
    assert "behind the ReLU it cannot go back into conv2d_1" in whole
    assert "dense-svd: saves MACs and weights where R < Ci*Co / (Ci + Co)" in whole
    assert "(-v shows" in result.stdout
    assert "(-v shows" not in whole


def test_the_json_of_a_list_and_of_what_was_done(run: Run) -> None:
    listed = json.loads(run("rewrite", "zoo:seed000", "--json", *FAST).stdout)
    assert listed["schema"] == "convcost/rewrite/1"
    assert {each["verdict"] for each in listed["candidates"]} <= VERDICTS
    words = ("--apply", "fold-batch-norm-forward", "--json", *FAST)
    done = json.loads(run("rewrite", "zoo:seed000", *words).stdout)
    (step,) = done["steps"]
    assert step["layers"] == ["batch_normalization_1", "dense_1"]
    assert done["ratio"].keys() == {"value", "low", "high"}


def test_by_data_sheet_the_time_of_training_is_that_of_the_forward_pass(run: Run) -> None:
    words = ("zoo:seed000", "--training", *FAST)
    listed = run("rewrite", *words).stdout
    assert " per forward pass of a batch of 32, " in listed.splitlines()[0]
    only = "of training the time of the forward pass only: no backward pass, no update"
    assert only in " ".join(listed.split())
    done = run("rewrite", *words, "--apply", "global-average-pooling", "--layers", "*").stdout
    assert " predicted for the forward pass" in done.splitlines()[0]
    assert only in " ".join(done.split())
    assert "forward pass" not in run("rewrite", "zoo:seed000", *FAST).stdout


def test_a_list_is_not_written_where_a_network_is_expected(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.onnx"
    result = run("rewrite", "zoo:seed000", "-o", str(path), *FAST)
    assert result.exit_code == 2
    assert "nothing is applied, so there is no new network\n  next: add --apply" in result.stderr
    assert not path.exists()


def test_csv_has_a_row_per_candidate(run: Run) -> None:
    listed = json.loads(run("rewrite", "zoo:seed000", "--json", *FAST).stdout)
    lines = run("rewrite", "zoo:seed000", "--format", "csv", *FAST).stdout.splitlines()
    assert len(lines) == 1 + len(listed["candidates"])
    assert lines[0].startswith("rewrite,kind,text,places,size,parameters_before,parameters_after")


def test_the_new_network_is_written_and_the_old_one_stays(run: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "old.onnx", tmp_path / "new.onnx"
    convcost.write(filled(zoo.load("seed000")), old)
    data = old.read_bytes()
    words = ("rewrite", str(old), "--apply", "fold-batch-norm-forward", *FAST)
    result = run(*words, "-o", str(new))
    assert result.exit_code == 0, result.stderr
    assert result.stderr == f"wrote {new}\n"
    assert old.read_bytes() == data
    assert f"the new network is in {new}" in result.stdout
    counts = [convcost.count(convcost.read(path)).total for path in (old, new)]
    assert [x.parameters + x.statistics for x in counts] == [1_410_091, 1_409_963]
    outputs = [_ran(path) for path in (old, new)]
    assert np.abs(outputs[0] - outputs[1]).max() <= 1e-5
    again = run(*words, "-o", str(new))
    assert again.exit_code == 2
    assert "add --force to overwrite it" in again.stderr
    assert run(*words, "-o", str(new), "--force").exit_code == 0
    for same in (old, tmp_path / "." / "old.onnx"):
        over = run(*words, "-o", str(same), "--force")
        assert over.exit_code == 2
        assert "is the source, which stays as it is" in over.stderr
    assert old.read_bytes() == data


def _ran(path: Path) -> np.ndarray:
    import onnxruntime as runtime

    session = runtime.InferenceSession(str(path))
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    found: np.ndarray = session.run(None, {session.get_inputs()[0].name: x})[0]
    return found


def test_json_with_a_file_is_both(run: Run, tmp_path: Path) -> None:
    new = tmp_path / "new.json"
    words = ("rewrite", "zoo:seed000", "--apply", "fold-batch-norm-forward", *FAST)
    result = run(*words, "-o", str(new), "--json")
    assert json.loads(result.stdout)["output"] == str(new)
    assert convcost.read(new).layers[-1].name == "dense_1"
    shown = run(*words, "-o", str(tmp_path / "other.json"))
    assert shown.stdout.startswith("seed000: fold-batch-norm-forward at 1 place")


def test_a_list_can_be_written_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.md"
    assert run("rewrite", "zoo:seed000", "-o", str(path), *FAST).exit_code == 0
    assert "fold-batch-norm-forward" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("zoo:seed000", "--size", "8"), 2, "--size, --verify, --data"),
        (("zoo:seed000", "--verify"), 2, "add --apply NAME"),
        (("zoo:seed000", "--apply", "fold-batch-norm", "--quick"), 2, "add --verify"),
        (("zoo:seed000", "--apply", "fold-batch-norm-forward", "--verify"), 2,
         "what is measured is this machine, not laptop-cpu"),
        (("zoo:seed000", "zoo:vgg16"), 2, "one network is rewritten at a time"),
        (("zoo:seed000", "--apply", "nothing"), 2, "unknown rewrite 'nothing'"),
        (("zoo:seed000", "--apply", "fold-batch-norm", "-o", "new.txt"), 2,
         "not written as '.txt' files"),
        (("zoo:seed000", "--apply", "fold-batch-norm", "-o", "new.onnx"), 2,
         "new.onnx is not written: nothing was rewritten"),
        (("zoo:seed000", "--layers", "nobody*"), 2, "unknown layer 'nobody*'"),
        (("zoo:seed004", "--apply", "spatial-svd"), 1, "sizes that are not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    run: Run, words: tuple[str, ...], code: int, message: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    result = run("rewrite", *words, *FAST)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_do_is_an_answer_as_well(run: Run) -> None:
    result = run("rewrite", "zoo:seed000", "--apply", "fold-batch-norm", *FAST)
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "seed000: nothing was rewritten: batch_normalization_1: behind the ReLU"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("rewrite", "zoo:resnet18?image=64", *FAST),
        ("rewrite", "zoo:seed001-mlp", *FAST),
        ("rewrite", "zoo:resnet18?image=64", "--apply", "fold-batch-norm", "--layers", "layer1.*",
         *FAST),
        ("rewrite", "zoo:seed000", "--apply", "fold-batch-norm", *FAST),
    ],
)  # fmt: skip
def test_the_proposed_command_is_one(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    last = result.stdout.splitlines()[-1]
    assert last.startswith("next: convcost ")
    verb, *following = shlex.split(last.removeprefix("next: convcost "))
    assert verb in {"rewrite", "explain"}
    assert not run(verb, *following, "--help").exit_code


def test_proof_stands_in_the_first_line_and_below(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PROCESSES", 2)
    words = ("zoo:seed000", "--apply", "fold-batch-norm-forward", "--runtime", "onnxruntime")
    result = run("rewrite", *words, "--verify", "--time", "100ms")
    assert result.exit_code == 0, result.stderr
    first = result.stdout.splitlines()[0]
    assert "; outputs equal, measured " in first
    assert "outputs equal in onnxruntime, with random weights: largest difference" in result.stdout
    assert "predicted were" in result.stdout


def test_accuracy_on_the_users_own_data_is_told(run: Run, tmp_path: Path) -> None:
    path, model = tmp_path / "data.npz", tmp_path / "old.onnx"
    state = np.random.default_rng(0)
    x = state.normal(size=(40, 32, 32, 3)).astype("float32")
    np.savez(path, x=x, y=state.integers(0, 43, 40))
    convcost.write(filled(zoo.load("seed000")), model)
    result = run(
        "rewrite", str(model), "--apply", "dense-svd", "--size", "8", "--data", str(path), *FAST
    )
    assert result.exit_code == 0, result.stderr
    assert "the same class for" in result.stdout.splitlines()[0]
    assert "accuracy" in result.stdout
    assert "weights are off by" in result.stdout


def test_statistics_can_be_estimated_anew(run: Run, tmp_path: Path) -> None:
    path, model, new = (tmp_path / name for name in ("data.npz", "old.onnx", "new.onnx"))
    x = np.random.default_rng(0).normal(size=(64, 32, 32, 3)).astype("float32")
    np.savez(path, x=x)
    convcost.write(filled(zoo.load("seed000")), model)
    words = ("--apply", "spatial-svd", "--size", "8", "--recalibrate", str(path), "-o", str(new))
    result = run("rewrite", str(model), *words, *FAST)
    assert result.exit_code == 0, result.stderr
    assert "statistics of 1 BatchNorm estimated anew from 64 samples" in result.stdout
    old, after = (convcost.read(p) for p in (model, new))
    means = [next(p for p in net.table.values() if not p.learned) for net in (old, after)]
    values = [p.values() for p in means if p.values is not None]
    assert not np.allclose(values[0], values[1])
