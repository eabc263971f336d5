"""`convcost report`, and pages and charts of the other commands."""

import json
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result

import convcost
from convcost.cli.support.output import Output
from convcost.errors import UsageError
from convcost.measure.store.fingerprint import fingerprint
from convcost.measure.store.store import Store
from support.measurements import side_by_side
from support.stored import layer, measurement

Run = Callable[..., Result]
FAST = ("--device", "laptop-cpu")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run 1 alone; runs 2 and 3 side by side."""
    path = tmp_path / "store.sqlite"
    monkeypatch.setenv("CONVCOST_STORE", str(path))
    mark = fingerprint(convcost.read("zoo:seed000"))
    slow = measurement(source="slow", samples=(3.0,) * 6, layers=(layer("conv_7"),))
    with Store(path) as store:
        store.add([measurement(source="alone")], [mark])
        store.add([measurement(source="first", samples=(1.0,) * 6), slow], ["one", "two"])
    return path


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_a_network_on_one_page(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    words = ("report", "zoo:seed000", *FAST, "-o", str(path))
    result = run(*words)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"wrote {path}\n")
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert f"convcost report zoo:seed000 --device laptop-cpu -o {path}" in page
    assert (
        "runtime: keras-tensorflow, Keras 3 on TensorFlow (assumed; --runtime changes it)" in page
    )
    assert "device: laptop-cpu, a laptop CPU" in page
    assert "seed000: 1,410,027 parameters, " in page
    assert page.count("<figure>") == 4
    only = run(*words[:-2], "--chart", "time").stdout
    assert only.count("<figure>") == 1
    assert run(*words).exit_code == 2
    assert run(*words, "--force").exit_code == 0


def test_html_is_what_report_prints_where_nothing_else_is_asked_for(run: Run) -> None:
    result = run("report", "zoo:seed000", *FAST)
    assert result.exit_code == 0
    assert result.stdout.startswith("<!doctype html>")
    text = run("report", "zoo:seed000", *FAST, "--format", "table").stdout
    assert "what is predicted of seed000:" in text
    assert "<" not in text.splitlines()[0]
    document = json.loads(run("report", "zoo:seed000", *FAST, "--json").stdout)
    assert document["schema"] == "convcost/report/1"
    assert document["answer"] == text.splitlines()[0]


def test_several_networks_and_training(run: Run) -> None:
    result = run("report", "zoo:seed001-mlp", "zoo:seed001-cnn", "--training", "--optimizer",
                 "adam", *FAST)  # fmt: skip
    assert result.exit_code == 0, result.stderr
    page = result.stdout
    found = re.findall(r"<h2>(.*?)</h2>", page)
    assert found == ["in short", "the networks", "seed001-mlp", "seed001-cnn", "comparison",
                     "roofline", "memory", "batches", "method", "Conventions"]  # fmt: skip
    assert "in a training step, batch of 32" in page


def test_runs_beside_each_other(run: Run, filled: Path) -> None:
    result = run("report", "3", "2", "1")
    assert result.exit_code == 0, result.stderr
    words = words_of(result.stdout)
    assert "slow takes 3.00x (3.00-3.00x) the time of first in onnxruntime" in words
    assert "alone: 1.00 s (900 ms to 1.10 s) per batch of 32 in onnxruntime" in words
    assert "two times of different moments are no ratio" in words
    assert re.search(r"run 3 20\d\d-\d\d-\d\d \d\d:\d\d UTC slow onnxruntime batch 32", words)
    assert "run 3: slow" in words
    one = run("report", "1", "--format", "table")
    assert one.stdout.startswith("alone: 1.00 s (900 ms to 1.10 s) per batch of 32")
    document = json.loads(run("report", "2", "3", "--json").stdout)
    assert document["schema"] == "convcost/measure/1"
    assert [each["run"] for each in document["networks"]] == [2, 3]
    assert document["ratios"][0]["value"] == 3.0


def test_a_file_of_measure_is_a_run(run: Run, filled: Path, tmp_path: Path) -> None:
    whole = side_by_side(
        measurement(source="one"),
        measurement(source="two", samples=(2.0, 2.0, 2.0, 2.0, 2.0, 2.2)),
    )
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(whole.to_dict(), indent=2), encoding="utf-8")
    result = run("report", str(path), "1", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert [each["source"] for each in found["networks"]] == ["one", "two", "alone"]
    for one, two in zip(found["networks"], whole.to_dict()["networks"], strict=False):
        assert one == two
    (ratio,) = found["ratios"]
    assert (ratio["a"], ratio["b"], ratio["value"]) == ("two", "one", 2.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('"networks": []}', "'convcost/measure/1'"),
        ('"networks": [{}]}', "not as `convcost measure --json` writes it"),
        ('"networks": 3}', "not as `convcost measure --json` writes it"),
        ('"networks": [3]}', "not as `convcost measure --json` writes it"),
    ],
)
def test_a_damaged_file_of_a_result(run: Run, tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.json"
    head = '{\n  "schema": "convcost/measure/1",\n  '
    if reason == "'convcost/measure/1'":
        head = head.replace("measure", "predict")
    path.write_text(head + text, encoding="utf-8")
    result = run("report", str(path))
    assert result.exit_code == 1
    assert reason in result.stderr
    assert "bad.json" in result.stderr
    assert "next: convcost measure SOURCE --json" in result.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("1", "zoo:seed000"), "networks and runs do not go on one page"),
        (("1", "--batch", "8"), "--batch is for networks"),
        (("1", "--training"), "--training is for networks"),
        (("99",), "no run 99"),
        (("zoo:seed000", "--quick"), "are for measuring"),
        (
            ("zoo:seed000", "--format", "table", "--chart", "time"),
            "--chart is for formats that draw",
        ),
        (("zoo:seed000", "--chart", "tim"), "did you mean time?"),
        (("zoo:seed000", "--format", "svg"), "--chart NAME: time, roofline, memory, batches"),
    ],
)
def test_what_is_refused(run: Run, filled: Path, words: tuple[str, ...], reason: str) -> None:
    given = FAST if words[0].startswith("zoo:") else ()
    result = run("report", *words, *given)
    assert result.exit_code == 2, result.stderr
    assert reason in result.stderr


@pytest.mark.parametrize(
    ("words", "charts"),
    [
        (("predict", "zoo:seed000", "--batches", "1,8", *FAST), ["time", "batches"]),
        (("explain", "zoo:seed000", "zoo:alexnet", *FAST), ["networks", "time", "time-2",
                                                            "roofline", "roofline-2"]),
        (("memory", "zoo:seed000"), ["memory"]),
        (("compare", "zoo:alexnet", "zoo:resnet18", *FAST), ["accuracy", "time"]),
        (("sweep", "zoo:seed000", "--vary", "batch=1,4", *FAST), ["time"]),
    ],
)  # fmt: skip
def test_commands_draw(run: Run, tmp_path: Path, words: tuple[str, ...], charts: list[str]) -> None:
    for chart in charts:
        path = tmp_path / f"{chart}.svg"
        assert run(*words, "--chart", chart, "-o", str(path)).exit_code == 0
        assert ET.parse(path).getroot().tag == f"{SVG}svg"  # noqa: S314 - our own
    nosuch = run(*words, "--chart", "nosuch", "--format", "svg")
    assert nosuch.exit_code == 2
    assert f"Known: {', '.join(sorted(charts))}" in nosuch.stderr
    page = run(*words, "--format", "html").stdout
    assert page.count("<figure>") == len(charts)


@pytest.mark.parametrize("words", [("count", "zoo:seed000"), ("devices",), ("runtimes",)])
def test_results_without_charts_say_so_at_once(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--format", "svg")
    assert result.exit_code == 2
    assert "the format 'svg' shows a chart, and this result has none" in result.stderr
    assert "--chart" not in run(words[0], "--help").stdout
    assert run(*words, "--format", "html").stdout.startswith("<!doctype html>")


def test_a_sweep_over_words_has_no_chart(run: Run) -> None:
    words = ("sweep", "zoo:seed003", "--vary", "conv*.padding=same,valid", *FAST)
    result = run(*words, "--format", "svg")
    assert result.exit_code == 2
    assert "this result has none" in result.stderr


def test_history_as_a_page(run: Run, filled: Path) -> None:
    assert "slow" in run("history", "--format", "html").stdout
    page = run("history", "--run", "3", "--format", "html").stdout
    assert "conv_7" in page
    assert page.count("<figure>") == 1


def test_png_needs_its_package(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    words = ("predict", "zoo:seed000", *FAST, "-o", str(path))
    if find_spec("resvg_py"):
        assert run(*words).exit_code == 0
        assert path.read_bytes().startswith(b"\x89PNG")
        path.unlink()
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    result = run(*words)
    assert result.exit_code == 4
    assert "pip install 'convcost[png]'" in result.stderr
    assert not path.exists()


@pytest.mark.parametrize("format_", ["html", "svg"])
def test_markup_is_not_for_terminals(monkeypatch: pytest.MonkeyPatch, format_: str) -> None:
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("convcost.cli.support.output.sys", terminal)
    with pytest.raises(UsageError, match=f"'{format_}' is not for terminals") as caught:
        Output.chosen(format_=None, as_json=False, path=None, force=False, drawn=True,
                      usual=format_)  # fmt: skip
    assert caught.value.hint == "write it to a file: -o FILE"


def test_a_pasted_text_is_not_repeated_in_the_command(run: Run, summary: str) -> None:
    text = Path(summary).read_text(encoding="utf-8")
    page = run("predict", text, *FAST, "--format", "html").stdout
    assert "made by <code>convcost predict - --device laptop-cpu --format html</code>" in page
    quoted = run("predict", summary, *FAST, "--format", "html").stdout
    assert "made by <code>convcost predict &#39;" in quoted
