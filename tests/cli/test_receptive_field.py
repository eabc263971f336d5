"""`convcost count --receptive-field`: the columns, their JSON, and what is not known."""

import csv
import io
import json
from collections.abc import Callable

from click.testing import Result

from convcost.count import count
from convcost.count.receptive_field import receptive_field
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.pool import GlobalPool
from convcost.ops.unknown import Unknown
from convcost.ops.window import window
from convcost.report import render
from convcost.report.views.count import report
from convcost.report.views.receptive_field import with_receptive_fields

Run = Callable[..., Result]


def test_the_last_feature_map_of_vgg16(run: Run) -> None:
    result = run("count", "zoo:vgg16", "--receptive-field")
    assert result.exit_code == 0, result.stderr
    (pool,) = (x for x in result.stdout.splitlines() if x.startswith("features.30"))
    assert pool.split()[-3:] == ["212", "32", "-90"]
    (dense,) = (x for x in result.stdout.splitlines() if x.startswith("classifier.6"))
    assert dense.split()[-1] == "whole"
    assert "receptive field = inputs that one position depends on" in result.stdout


def test_json(run: Run) -> None:
    words = ("zoo:inception-v3-block", "zoo:seed001-mlp", "--receptive-field", "--json")
    result = run("count", *words)
    module, perceptron = json.loads(result.stdout)["networks"]
    layers = {layer["name"]: layer for layer in module["layers"]}
    assert layers["conv2d_2"]["receptive_field"] == {
        "height": {"size": 1, "stride": 1, "offset": 0},
        "width": {"size": 7, "stride": 1, "offset": -3},
    }
    assert layers["conv2d_2"]["forward"]["macs"] == 17**2 * 7 * 128 * 128
    assert "receptive_field_notes" not in layers["mixed4"]
    assert all(layer["receptive_field"] == {} for layer in perceptron["layers"])


def test_without_the_option_nothing_is_said(run: Run) -> None:
    assert "receptive_field" not in run("count", "zoo:vgg16", "--json").stdout


def test_csv_has_columns_per_axis(run: Run) -> None:
    result = run("count", "zoo:vgg16", "--receptive-field", "--format", "csv")
    rows = {row["layer"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    keys = [key for key in rows["features.30"] if key.startswith("receptive_field")]
    assert [rows["features.30"][key] for key in keys] == ["212", "32", "-90"] * 2
    assert [rows["flatten"][key] for key in keys] == ["whole", "", ""] * 2


def test_formulas(run: Run) -> None:
    result = run("count", "zoo:seed004", "--symbolic", "--receptive-field")
    (row,) = (x for x in result.stdout.splitlines() if x.startswith("conv "))
    assert row.split()[-3:] == ["K", "S", "-P"]


def test_branches_that_disagree_are_told(run: Run) -> None:
    """Xception's third block: at an even size the pooling is centred beside its shortcut."""
    table = run("count", "zoo:xception", "--receptive-field").stdout
    assert "add_1: height and width: branches centred on 7 and 3 meet" in table
    data = json.loads(run("count", "zoo:xception", "--receptive-field", "--json").stdout)
    told = [x["name"] for x in data["networks"][0]["layers"] if "receptive_field_notes" in x]
    assert told == ["add_1"]


def test_axes_that_differ_and_fields_not_known() -> None:
    builder = Builder("net")
    image = Tensor.of(batch=BATCH, height=8, width=8, channel=4)
    x = builder.add(Input(image), name="x")
    x = builder.add(Conv(filters=4, windows=window((1, 7), padding="same")), x, name="wide")
    x = builder.add(GlobalPool(function="max", axes=("width",), keep_axes=True), x, name="rows")
    builder.add(Unknown(name="Lambda", results=(image,)), x, name="odd")
    network = builder.build()
    result = with_receptive_fields(report([count(network)]), [receptive_field(network)])
    text = render(result, "table").splitlines()
    cells = {line.split()[0]: line for line in text if line.startswith(("wide", "rows", "odd "))}
    assert cells["wide"].endswith("1 x 7             1        0 x -3")
    assert cells["rows"].endswith("1 x whole         1 x -         0 x -")
    assert cells["odd"].split()[-3:] == ["?", "?", "?"]
    assert "  odd: no rule for unknown (layer 'odd')" in text
    odd = result.data["networks"][0]["layers"][-1]
    assert odd["receptive_field"] is None
    assert odd["receptive_field_notes"] == ["no rule for unknown (layer 'odd')"]
