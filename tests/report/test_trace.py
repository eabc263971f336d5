"""Traces: the rules of the format, what runs when, and that times are the results' own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from convcost import device, runtime, zoo
from convcost.cli.main import group
from convcost.count import Workload, count
from convcost.errors import UsageError
from convcost.explain import explain
from convcost.measure import Measurements
from convcost.predict import predict
from convcost.report import Document, Report, Table, render
from convcost.report.trace import Event, Process, Trace, in_order
from convcost.report.views import count as count_view
from convcost.report.views import explain as explain_view
from convcost.report.views import measure as measure_view
from convcost.report.views import predict as predict_view
from convcost.runtime.runners.runner import RunPhase
from support.measurements import TURNS, measurement, side_by_side

if TYPE_CHECKING:
    from collections.abc import Sequence

NET = zoo.load("seed000")
#: Nanoseconds: what rounding may move an end by.
ROUNDED = 0.5e-9
HOSTILE = '\x1b[31m"},\n\u202e\ud800卷积'


def plain(report: Report) -> dict[str, Any]:
    """The rendered trace; it has to keep the rules of the format."""
    found: dict[str, Any] = json.loads(render(report, "trace"))
    check(found)
    return found


def check(found: dict[str, Any]) -> None:
    """The rules of the trace event format that viewers rely on."""
    assert found["displayTimeUnit"] in {"ms", "ns"}
    assert isinstance(found["otherData"], dict)
    events = found["traceEvents"]
    phases = [event["ph"] for event in events]
    assert phases == sorted(phases), "metadata comes first"
    assert set(phases) == {"M", "X"}
    named = set()
    ends: dict[tuple[int, int], int] = {}
    for event in events:
        assert {"name", "ph", "pid", "tid", "args"} <= event.keys()
        where = event["pid"], event["tid"]
        assert all(isinstance(number, int) for number in where)
        if event["ph"] == "M":
            assert event["name"] in {"process_name", "process_sort_index", "thread_name"}
            named.add((event["name"], *where))
            continue
        assert {"cat", "ts", "dur"} <= event.keys()
        begin, lasts = nanoseconds(event["ts"]), nanoseconds(event["dur"])
        assert lasts >= 0
        # no gap and no overlap: one thing at a time
        assert begin == ends.get(where, 0)
        ends[where] = begin + lasts
        assert {("process_name", *where), ("thread_name", *where)} <= named


def nanoseconds(microseconds: float) -> int:
    """As Perfetto makes them: the fraction is cut off."""
    return int(microseconds * 1000)


def of(found: dict[str, Any], pid: int = 1) -> list[dict[str, Any]]:
    """The events of one process."""
    return [x for x in found["traceEvents"] if x["ph"] == "X" and x["pid"] == pid]


def told(events: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["name"], event["cat"]) for event in events]


def seconds(events: Sequence[dict[str, Any]]) -> float:
    last = events[-1]
    return float(last["ts"] + last["dur"]) * 1e-6


def predictions(**options: Any) -> Any:
    return predict(
        NET, Workload(batch=32, **options), device=device.load("i9-10940x"),
        runtime=runtime.load("keras-tf1"),
    )  # fmt: skip


def test_predicted_kernels_in_the_networks_order_with_what_they_rest_on() -> None:
    prediction = predictions()
    found = plain(predict_view.report([prediction], notes=[()]))
    expected = [kernel for layer in prediction.to_dict()["layers"] for kernel in layer["kernels"]]
    events = of(found)
    assert [event["name"] for event in events] == [kernel["name"] for kernel in expected]
    assert len(events) > len(NET.layers)
    for event, kernel in zip(events, expected, strict=True):
        args = event["args"]
        assert event["dur"] * 1e-6 == pytest.approx(kernel["seconds"], abs=2 * ROUNDED)
        assert args["seconds"] == kernel["seconds"]
        assert args["bound"] == kernel["bound"]
        assert args["read_bytes"] == kernel["read_bytes"]
        assert args["phase"] == event["cat"] == "forward"
        assert args["layers"][0] == event["name"].partition("/")[0]
    macs = sum(event["args"]["macs"] for event in events)
    assert macs == count(NET, Workload(batch=32)).total.forward.macs
    assert sum(event["args"]["share"] for event in events) == pytest.approx(1)
    assert seconds(events) == pytest.approx(prediction.seconds.value, abs=ROUNDED)
    first = next(event for event in events if event["args"]["macs"])
    assert first["args"]["ops"] == ["conv"]
    (about,) = found["otherData"]["networks"]
    assert (about["pid"], about["kind"], about["source"]) == (1, "predicted", "seed000")
    assert about["seconds"]["value"] == prediction.seconds.value
    assert "plan" not in about


def test_a_plan_shows_one_step_with_its_loop_and_says_so() -> None:
    prediction = predictions(samples=100, epochs=3)
    found = plain(predict_view.report([prediction], notes=[()]))
    *kernels, loop = of(found)
    assert (loop["name"], loop["cat"]) == ("loop", "loop")
    assert loop["dur"] * 1e-6 == pytest.approx(prediction.plan.loop_seconds / 12, abs=2 * ROUNDED)
    assert seconds(kernels) == pytest.approx(prediction.seconds.value, abs=ROUNDED)
    plan = found["otherData"]["networks"][0]["plan"]
    assert (plan["steps"], plan["samples"]) == (12, 100)
    assert plan["shown"] == "one of 12 steps, which are taken to be alike"


ROWS = (
    (("conv2d_1", "batch_normalization_1"), {"forward": 2e-3, "backward": 3e-3}),
    (("dense_1",), {"backward": 1e-3, "forward": 5e-4}),
    ((), {"loss": 1e-4}),
    ((), {"update": 2e-4}),
    ((), {"loop": 3e-4}),
)


def test_measured_layers_forward_loss_backward_update_loop() -> None:
    one = measurement(NET, [8e-3] * TURNS, ROWS, workload=Workload(batch=32, training=True))
    ops = [{"conv2d_1": "conv", "batch_normalization_1": "batch_norm"}]
    found = plain(measure_view.report(Measurements((one,), ()), notes=[()], ops=ops))
    events = of(found)
    assert told(events) == [
        ("conv2d_1", "forward"), ("dense_1", "forward"), ("loss", "loss"), ("dense_1", "backward"),
        ("conv2d_1", "backward"), ("update", "update"), ("loop", "loop"),
    ]  # fmt: skip
    assert [event["args"]["seconds"] for event in events] == [
        2e-3, 5e-4, 1e-4, 1e-3, 3e-3, 2e-4, 3e-4
    ]  # fmt: skip
    assert seconds(events) == pytest.approx(sum(x.seconds for x in one.layers), abs=ROUNDED)
    fused = events[0]["args"]
    assert fused["layers"] == ["conv2d_1", "batch_normalization_1"]
    assert fused["ops"] == ["conv", "batch_norm"]
    assert fused["share"] == pytest.approx(0.25)
    assert "layers" not in events[-1]["args"]
    (about,) = found["otherData"]["networks"]
    assert about["times"].startswith("medians of a few runs")
    assert "no time that was seen" in about["times"]
    assert (about["kind"], about["of"], about["verdict"]) == ("measured", "one batch", "stable")


def test_what_only_the_whole_is_known_of_is_one_event() -> None:
    one = measurement(NET, [8e-3] * TURNS)
    found = plain(measure_view.report(Measurements((one,), ()), notes=[()]))
    assert told(of(found)) == [("whole", "whole")]
    assert seconds(of(found)) == pytest.approx(8e-3, abs=ROUNDED)
    assert "not timed" in found["otherData"]["networks"][0]["times"]


def test_several_networks_and_both_times_are_processes_of_one_file() -> None:
    other = zoo.load("seed000?batch_norm=no")
    rows = [(("conv2d_1",), {"forward": 1e-3}), ((), {"loop": 1e-3})]
    found = side_by_side(
        measurement(NET, [5e-3] * TURNS, rows), measurement(other, [3e-3] * TURNS, rows)
    )
    explanation = explain(
        (NET, other), Workload(batch=32), device=device.load("i9-10940x"),
        runtime=runtime.load("torch"), measured=found,
    )  # fmt: skip
    trace = plain(explain_view.report(explanation))
    names = [x["args"]["name"] for x in trace["traceEvents"] if x["name"] == "process_name"]
    first, second, third, fourth = names
    assert first.startswith("seed000, predicted: torch on i9-10940x, batch 32")
    assert second.startswith("seed000, measured: torch, batch 32")
    assert "predicted" in third
    assert "measured" in fourth
    assert [each["pid"] for each in trace["otherData"]["networks"]] == [1, 2, 3, 4]
    assert seconds(of(trace, 2)) == pytest.approx(2e-3, abs=ROUNDED)
    assert of(trace, 2)[0]["args"]["ops"] == ["conv"]
    assert seconds(of(trace, 1)) == pytest.approx(
        explanation.predictions[0].seconds.value, abs=ROUNDED
    )


def test_every_phase_of_a_runner_has_a_place() -> None:
    events = [Event(name=x, phase=x, seconds=1.0, details={}) for x in get_args(RunPhase)]
    assert len(in_order(events)) == len(events)


def rendered(*events: Event, name: str = "net") -> dict[str, Any]:
    process = Process(name=name, kind="predicted", events=events, about={})
    table = Table(columns=(), rows=())
    document = Document(answers=(), sections=(), records=table)
    return plain(Report(document, {}, lambda: Trace((process,))))


@given(st.lists(st.floats(1e-10, 5.0), min_size=1, max_size=60))
def test_rounding_makes_no_gaps_and_adds_nothing(times: list[float]) -> None:
    events = [Event(name="x", phase="forward", seconds=each, details={}) for each in times]
    found = of(rendered(*events))
    last = found[-1]
    end = nanoseconds(last["ts"]) + nanoseconds(last["dur"])
    assert end == pytest.approx(sum(times) * 1e9, abs=0.51)


def test_names_are_data() -> None:
    event = Event(
        name=HOSTILE, phase="forward", seconds=1e-3,
        details={"layers": [HOSTILE], "nested": {HOSTILE: 1}},
    )  # fmt: skip
    found = rendered(event, name=HOSTILE)
    shown = '\\x1b[31m"},\\n\\u202e\\ud800卷积'
    (one,) = of(found)
    assert one["name"] == shown
    assert one["args"] == {"layers": [shown], "nested": {shown: 1}}
    assert found["traceEvents"][0]["args"] == {"name": shown}


def test_a_result_without_times_names_its_formats() -> None:
    report = count_view.report([count(NET, Workload())])
    with pytest.raises(UsageError, match="'trace' shows steps in time") as caught:
        render(report, "trace")
    assert "its formats are csv, html, json, markdown, md, parquet, table;" in str(caught.value)


def run(*words: str) -> Result:
    return CliRunner().invoke(group, list(words), prog_name="convcost")


@pytest.mark.parametrize(
    "words", [("count", "zoo:seed000"), ("memory", "zoo:seed000"), ("devices",)]
)
def test_the_command_line_refuses_it_at_once(words: tuple[str, ...]) -> None:
    result = run(*words, "--format", "trace")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "its formats are csv, html, json, markdown, md, parquet, " in result.stderr
    assert "trace" not in run(words[0], "--help").stdout


def test_commands_with_times_offer_it() -> None:
    for command in ("predict", "measure", "explain", "history"):
        assert "trace is a timeline" in " ".join(run(command, "--help").stdout.split())
    result = run("predict", "zoo:seed000", "--device", "i9-10940x", "--format", "trace")
    assert result.exit_code == 0
    check(json.loads(result.stdout))
