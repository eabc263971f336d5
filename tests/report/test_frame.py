"""Records as typed columns: pandas frames and Parquet files hold what the JSON says, exactly."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import convcost
from convcost.compare import Comparison
from convcost.count import Count
from convcost.count.conventions.difference import OtherCount
from convcost.errors import MissingFramework
from convcost.explain import Explanation
from convcost.measure import History, Measurements
from convcost.predict import Prediction
from convcost.predict.calibration.result import Calibration
from convcost.report import Column, Document, Report, Table, render
from convcost.report.columns import typed
from convcost.report.frame import frame
from convcost.report.results import _VIEWS, report_of
from convcost.result import Result
from convcost.runtime.memory import Memory
from convcost.sweep import Sweep
from convcost.verbs.sweeps import compare, sweep
from support.measurements import TURNS, measurement

LARGE = 2**60 + 1  # no double has it


def records(*cells, key="figure"):
    keys = (Column(key=key, title=""), Column(key="bar", title="", bar=True))
    return Table(columns=keys, rows=tuple((cell, 0.5) for cell in cells))


def stored(table):
    """Written to Parquet and read again."""
    report = Report(Document(answers=(), sections=(), records=table), {})
    return parquet.read_table(io.BytesIO(render(report, "parquet")))


@pytest.mark.parametrize(
    ("cells", "kind", "dtype", "arrow"),
    [
        ((1, LARGE), "integer", "int64", pa.int64()),
        ((None, LARGE, 0), "integer", "Int64", pa.int64()),
        ((1, 0.5), "number", "float64", pa.float64()),
        ((None, 0.25), "number", "float64", pa.float64()),
        ((True, False), "boolean", "bool", pa.bool_()),
        ((None, False), "boolean", "boolean", pa.bool_()),
        (("a", None), "text", "string", pa.string()),
        ((None, None), "text", "string", pa.string()),
        ((3, "32*N"), "text", "string", pa.string()),
        ((-(2**63), 2**63 - 1), "integer", "int64", pa.int64()),
    ],
)
def test_a_column_has_one_type_and_every_value(cells, kind, dtype, arrow):
    table = records(*cells)
    (column,) = typed(table)
    assert column.kind == kind
    found = frame(table)
    assert [*found.columns] == ["figure"]
    assert found["figure"].dtype == dtype
    expected = [None if x is None else str(x) if kind == "text" else x for x in cells]
    assert [None if pd.isna(x) else x for x in found["figure"]] == expected
    column = stored(table).column("figure")
    assert column.type == arrow
    assert column.to_pylist() == expected


def test_integers_beyond_64_bits_keep_every_digit():
    table = records(2**63, None)
    assert typed(table)[0].kind == "large integer"
    assert frame(table)["figure"].tolist() == [2**63, None]
    assert stored(table).column("figure").to_pylist() == [str(2**63), None]


def test_text_that_no_file_can_hold_becomes_an_escape():
    assert stored(records("a\ud800b")).column("figure").to_pylist() == ["a\\ud800b"]


def test_no_rows():
    assert frame(records()).shape == (0, 1)
    assert stored(records()).num_rows == 0


def test_a_count_as_a_frame_is_its_json():
    net = convcost.read("zoo:resnet18")
    counted = convcost.count(net, batch=32, training=True, optimizer="adam")
    found, layers = counted.to_pandas(), counted.to_dict()["layers"]
    assert found["layer"].tolist() == [layer["name"] for layer in layers]
    for key in ("parameters", "statistics", "trainable_parameters"):
        assert found[key].tolist() == [layer[key] for layer in layers]
        assert found[key].dtype == "int64"
    assert found["macs"].tolist() == [layer["forward"]["macs"] for layer in layers]
    backward = [(layer["backward_weights"] or {}).get("macs") for layer in layers]
    assert [None if pd.isna(x) else x for x in found["backward_weights_macs"]] == backward
    assert int(found["macs"].sum()) == counted.total.forward.macs


def test_formulas_stay_text():
    from convcost.count import count

    found = count(convcost.read("zoo:seed004"), symbolic=True).to_pandas()
    assert found["macs"].dtype == "string"
    assert any("M^2" in text or "M*M" in text for text in found["time_formula"])


def test_a_sweep_as_a_frame_is_its_json():
    net = convcost.read("zoo:seed003?kernel=3")
    swept = sweep(
        net, {"conv*.kernel": [3, 15], "batch": [1, 64]}, device="i9-10940x",
        pareto=("seconds", "-macs"),
    )  # fmt: skip
    found, rows = swept.to_pandas(), swept.to_dict()["rows"]
    assert (
        found["possible"].tolist() == [row["possible"] for row in rows] == [True] * 2 + [False] * 2
    )
    for key in ("parameters", "macs", "activation_bytes", "memory_bytes"):
        assert found[key].dtype == "Int64"
        assert [None if pd.isna(x) else x for x in found[key]] == [row[key] for row in rows]
    for key in ("seconds", "low", "high"):
        assert [None if pd.isna(x) else x for x in found[key]] == [row[key] for row in rows]
    assert found["conv*.kernel"].tolist() == [3, 3, 15, 15]
    assert [*found.index[found["pareto"]]] == sorted(swept.to_dict()["pareto"]["rows"])


def test_a_comparison_as_a_frame_is_its_json():
    nets = [convcost.read(f"zoo:{name}") for name in ("alexnet", "resnet18", "seed000")]
    compared = compare(*nets, device="gtx-1080-ti")
    found, rows = compared.to_pandas(), compared.to_dict()["networks"]
    for key in ("parameters", "macs", "activation_bytes", "memory_bytes"):
        assert found[key].dtype == "int64"
        assert found[key].tolist() == [row[key] for row in rows]
    for key in ("low", "high"):
        assert found[key].tolist() == [row["seconds"][key] for row in rows]
    assert found["seconds"].tolist() == [row["seconds"]["value"] for row in rows]
    assert found["complete"].tolist() == [True] * 3
    assert [None if pd.isna(x) else x for x in found["top1"]] == [
        row["top1"] and row["top1"]["percent"] for row in rows
    ]


@pytest.mark.parametrize("verb", ["predict", "explain", "memory", "count_as"])
def test_other_results_have_a_row_per_layer(verb):
    net = convcost.read("zoo:alexnet")
    options = {"device": "gtx-1080-ti"} if verb in ("predict", "explain") else {}
    arguments = (net, "fvcore") if verb == "count_as" else (net,)
    found = getattr(convcost, verb)(*arguments, **options).to_pandas()
    assert found["layer"].tolist() == [layer.name for layer in net.layers]
    assert found["op"].tolist() == [layer.op.kind for layer in net.layers]


def test_measurements_are_frames():
    net = convcost.read("zoo:seed000")
    rows = [(("conv2d_1",), {"forward": 1e-3}), (("dense_1",), {"forward": 2e-3})]
    measured = Measurements((measurement(net, [3e-3] * TURNS, rows),), ())
    found = measured.to_pandas()
    assert found["layer"].tolist() == ["conv2d_1", "dense_1"]
    assert found["seconds"].tolist() == [1e-3, 2e-3]
    assert found["batch"].tolist() == [32, 32]


def test_every_result_has_a_view():
    named = {Calibration, Comparison, Count, Explanation, History, Measurements, Memory,
             OtherCount, Prediction, Sweep}  # fmt: skip
    assert named <= set(Result.__subclasses__())
    assert {kind.__name__ for kind in Result.__subclasses__()} <= set(_VIEWS)
    prediction = convcost.predict(convcost.read("zoo:seed000"), device="a100")
    assert report_of(prediction).data["schema"] == "convcost/predict/1"


def test_a_missing_package_gives_the_line_to_type(monkeypatch):
    table = records(1)
    for name in ("pandas", "pyarrow"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    for use in (lambda: frame(table), lambda: stored(table)):
        with pytest.raises(MissingFramework) as caught:
            use()
        assert caught.value.hint == "pip install 'convcost[pandas]'"
