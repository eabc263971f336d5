"""`convcost history`: the list, one run whole, filters, formats, stores that cannot be read."""

import csv
import io
import json
import random
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import Result

import convcost
from convcost.count import Workload
from convcost.measure import Interval, Measurements, Verdict, protocol
from convcost.measure.store.fingerprint import fingerprint
from convcost.measure.store.store import Store
from support.stored import MACHINE, layer, measurement

Run = Callable[..., Result]

EXAMPLES = Path(__file__).parents[2] / "examples"
SEED = convcost.read("zoo:seed000")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of its own, not there yet."""
    found = tmp_path / "store.sqlite"
    monkeypatch.setenv("CONVCOST_STORE", str(found))
    return found


@pytest.fixture
def filled(path: Path) -> Path:
    """Three measurements: seed000; two networks side by side; seed000 in training."""
    mark = fingerprint(SEED)
    noisy = Verdict("noisy", ("it was late",), "go to bed")
    training = Workload(batch=8, training=True, optimizer="adam", dtype="float16")
    with Store(path) as store:
        store.add([measurement(source="seed000")], [mark])
        store.add(
            [
                measurement(source="first", samples=(1.0,) * 6, layers=(layer("conv_7"),)),
                measurement(source="second", samples=(3.0,) * 6, seconds=Interval(3, 3, 3, 0.96)),
            ],
            ["one", "two"],
        )
        store.add(
            [
                measurement(
                    source="again",
                    runtime="torch",
                    workload=training,
                    verdict=noisy,
                    interrupted=True,
                    peak_bytes=None,
                )
            ],
            [mark],
        )
    return path


def rows(result: Result) -> list[list[str]]:
    """The table's rows: everything from its header to the next empty line."""
    lines = result.stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("run "))
    return [line.split() for line in lines[start + 1 : lines.index("", start)]]


def test_an_empty_store_proposes_to_measure(run: Run, path: Path) -> None:
    result = run("history")
    assert result.exit_code == 0, result.stderr
    first, _, last = result.stdout.splitlines()
    assert first == f"nothing was measured yet; the runs are kept in {path}"
    assert last == "next: convcost measure zoo:seed000 --runtime onnxruntime --quick"
    assert not path.exists()
    assert json.loads(run("history", "--json").stdout)["runs"] == []


def test_the_newest_comes_first(run: Run, filled: Path) -> None:
    result = run("history")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == f"4 runs in {filled}"
    assert [row[0] for row in rows(result)] == ["4", "3", "2", "1"]
    assert lines[-1] == "next: convcost history --run 4"
    newest = next(line for line in lines if line.startswith("  4  "))
    assert "batch 8, training with adam, float16, 2 threads" in newest
    assert "1.00 s  900 ms to 1.10 s  noisy, interrupted" in newest
    (oldest,) = (line for line in lines if line.startswith("  1  "))
    assert oldest.split()[-3:] == ["stable", "1.00", "MB"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("zoo:seed000",), ["4", "1"]),
        ((str(EXAMPLES / "batchnorm.txt"),), ["4", "1"]),
        (("zoo:seed000", "zoo:alexnet", "--runtime", "onnxruntime"), ["1"]),
        (("--runtime", "torch"), ["4"]),
        (("--last", "2"), ["4", "3"]),
        (("zoo:seed000", "--last", "1"), ["4"]),
    ],
)
def test_runs_are_chosen(run: Run, filled: Path, words: tuple[str, ...], expected: list) -> None:
    result = run("history", *words)
    assert result.exit_code == 0, result.stderr
    assert [row[0] for row in rows(result)] == expected


def test_what_is_left_out_is_said(run: Run, filled: Path) -> None:
    first = run("history", "zoo:seed000", "--last", "1").stdout.splitlines()[0]
    command = "convcost history zoo:seed000 --last 2"
    assert first == f"the last 1 of 2 runs in {filled} ({command} shows all)"


def test_a_network_that_was_never_measured(run: Run, filled: Path) -> None:
    result = run("history", "zoo:alexnet")
    assert result.exit_code == 0
    assert result.stdout.startswith("this was never measured; the runs are kept in ")
    assert result.stdout.endswith(
        "next: convcost measure zoo:alexnet --runtime onnxruntime --quick\n"
    )


def test_one_run_is_whole(run: Run, filled: Path) -> None:
    result = run("history", "--run", "3")
    assert result.exit_code == 0, result.stderr
    text = result.stdout
    assert text.startswith("run 3 of 20")
    assert "UTC, second: 3.00 s (3.00 s to 3.00 s) per batch of 32 in onnxruntime" in text
    assert "\nconv " in text
    assert "machine: Some CPU, 4 cores; Linux-6" in text
    assert "second takes 3.00x (3.00-3.00x) the time of first" in text
    assert text.splitlines()[-1] == "next: convcost history"
    alone = run("history", "--run", "4").stdout
    assert "side by side" not in alone
    assert "it was late" in alone


def test_the_documents(run: Run, filled: Path) -> None:
    listed = json.loads(run("history", "--json").stdout)
    assert listed["schema"] == "convcost/history/1"
    assert [each["run"] for each in listed["runs"]] == [4, 3, 2, 1]
    assert {each["session"] for each in listed["runs"]} == {1, 2, 3}
    one = json.loads(run("history", "--run", "2", "--json").stdout)
    assert one["runs"][0]["layers"][0]["name"] == "conv_7"
    assert one["ratios"][0]["value"] == 3.0
    table = list(csv.DictReader(io.StringIO(run("history", "--format", "csv").stdout)))
    assert [row["run"] for row in table] == ["4", "3", "2", "1"]
    assert float(table[0]["low"]) == 0.9
    assert (table[0]["mode"], table[0]["peak_bytes"]) == ("training", "")
    assert (table[1]["model"], table[1]["threads"]) == ("Some CPU", "2")
    trace = json.loads(run("history", "--run", "2", "--format", "trace").stdout)
    assert "conv_7" in [event["name"] for event in trace["traceEvents"]]
    whole = run("history", "--format", "trace")
    assert (whole.exit_code, whole.stdout) == (2, "")
    layers = run("history", "--run", "2", "--format", "csv").stdout.splitlines()
    assert layers[0].startswith("network,runtime,batch,layer,seconds,")
    assert layers[1].startswith("first,onnxruntime,32,conv_7,0.5,")
    assert "| run | measured | network |" in run("history", "--format", "md").stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--run", "99"), "no run 99 in "),
        (("--run", "1", "zoo:seed000"), "--run excludes"),
        (("--run", "1", "--last", "3"), "--run excludes"),
        (("--runtime", "onnxruntim"), "did you mean onnxruntime"),
        (("--last", "0"), "0 is not in the range"),
    ],
)
def test_wrong_questions(run: Run, filled: Path, words: tuple[str, ...], expected: str) -> None:
    result = run("history", *words)
    assert result.exit_code == 2, result.output
    assert expected in result.stderr
    assert not result.stdout


def test_a_damaged_file_is_named(run: Run, path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + bytes(4000))
    for words in ((), ("zoo:seed000",), ("--run", "1")):
        result = run("history", *words)
        assert result.exit_code == 1
        assert str(path) in result.stderr
        assert "next: move it away" in result.stderr
        assert not result.stdout


def test_bytes_changed_anywhere_are_no_fault_of_ours(run: Run, filled: Path) -> None:
    whole = filled.read_bytes()
    used = [place for place, byte in enumerate(whole) if byte]
    chance = random.Random(18)  # noqa: S311 - no secret
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 10])):
            data[chance.choice(used)] = chance.randrange(256)
        filled.write_bytes(data)
        for words in (("history",), ("history", "--run", "2")):
            result = run(*words)
            assert result.exit_code in (0, 1, 2), result.output
            assert "internal" not in result.stderr, result.stderr


# convcost measure


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring without a framework."""

    def made_up(networks: tuple, *_: object, **__: object) -> Measurements:
        return Measurements(tuple(measurement(source=n.name) for n in networks), ())

    monkeypatch.setattr(sys.modules["convcost.measure"], "measure", made_up)


@pytest.mark.usefixtures("measured")
def test_measure_keeps_unless_told_otherwise(run: Run, path: Path) -> None:
    assert "kept as run 1 of convcost history" in run("measure", "zoo:seed000").stdout
    result = run("measure", "zoo:seed000", "--no-store", "--json")
    assert json.loads(result.stdout)["networks"][0]["run"] is None
    assert convcost.history().total == 1


@pytest.mark.usefixtures("measured")
def test_measure_compares(run: Run, path: Path) -> None:
    first = run("measure", "zoo:seed000", "--against", "last")
    assert (first.exit_code, first.stderr) == (0, "")
    assert "seed000: no earlier run to compare with" in first.stdout.splitlines()[1]
    second = run("measure", "zoo:seed000", "--against", "last").stdout.splitlines()
    assert second[1].startswith("seed000 against run 1 of 20")
    assert second[1].endswith("UTC: no difference seen, 1.00x (0.818-1.22x) its time")
    document = json.loads(run("measure", "zoo:alexnet", "--against", "1", "--json").stdout)
    (one,) = document["networks"]
    assert one["run"] == 3
    against = one["against"]
    assert (against["run"], against["verdict"]) == (1, "no difference seen")
    assert against["ratio"]["value"] == 1.0
    assert against["ratio"]["low"] == pytest.approx(0.9 / 1.1)
    assert against["changed"].keys() == {"network"}
    assert (
        json.loads(run("measure", "zoo:vgg16", "--json").stdout)["networks"][0]["against"] is None
    )


def test_an_interrupted_measurement_is_kept(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Measurements((measurement(interrupted=True, layers=(), peak_bytes=None),), ())
    monkeypatch.setattr(sys.modules["convcost.measure"], "measure", lambda *_, **__: found)
    assert run("measure", "zoo:seed000").exit_code == 130
    (kept,) = json.loads(run("history", "--json").stdout)["runs"]
    assert kept["interrupted"]
    assert kept["peak_bytes"] is None


@pytest.mark.usefixtures("measured")
def test_measure_answers_where_nothing_can_be_kept(run: Run, path: Path) -> None:
    path.write_text("no database " * 1000)
    result = run("measure", "zoo:seed000", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["networks"][0]["run"] is None
    assert result.stderr.startswith(f"warning: not stored: the store of measurements {path} cannot")
    assert "CONVCOST_STORE=FILE" in result.stderr


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("against", ["7", "lasst"])
def test_measure_refuses_an_unknown_run(run: Run, path: Path, against: str) -> None:
    result = run("measure", "zoo:seed000", "--against", against)
    assert result.exit_code == 2
    assert not result.stdout


@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="needs onnxruntime")
def test_a_real_measurement_comes_back(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PROCESSES", 2)
    words = ("--runtime", "onnxruntime", "--time", "100ms", "--threads", "1", "--json")
    (one,) = json.loads(run("measure", "zoo:seed000", *words).stdout)["networks"]
    (kept,) = json.loads(run("history", "--run", "1", "--json").stdout)["runs"]
    assert (one.pop("against"), one.pop("earlier")) == (None, 0)
    assert {name: kept[name] for name in one} == one
    assert kept["fingerprint"] == fingerprint(SEED)
    assert kept["machine"].keys() == MACHINE.keys()
