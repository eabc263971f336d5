"""`convcost count --as TOOL --explain-difference`: the answer, side by side, every format."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from convcost.count.conventions.registry import conventions

Run = Callable[..., Result]

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"


def test_the_first_line_is_the_answer(run: Run) -> None:
    result = run("count", "zoo:seed000?batch_norm=false", "--as", "fvcore", "--explain-difference")
    assert result.exit_code == 0, result.stderr
    first = result.stdout.splitlines()[0]
    assert first.startswith(
        "seed000?batch_norm=false: fvcore says 1,409,024 'flops' (it means MACs), convcost counts "
        "2,293,760 MACs: 884,736 of conv2d_1 are missing because fvcore has no handle"
    )
    assert "known fault" in result.stdout
    assert result.stdout.splitlines()[-1] == "next: convcost explain 'zoo:seed000?batch_norm=false'"


def test_a_tool_that_agrees(run: Run) -> None:
    result = run("count", "zoo:vgg16", "--as", "flop-counter", "--explain-difference")
    first, *others = result.stdout.splitlines()
    assert first == "vgg16: flop-counter says 30,940,528,640 FLOP, and so does convcost"
    assert not any(line.startswith("why") for line in others)


def test_tools_side_by_side(run: Run) -> None:
    words = ("--as", "fvcore", "--as", "flop-counter", "--as", "fvcore", "--batch", "2")
    result = run("count", "zoo:seed000", *words)
    lines = result.stdout.splitlines()
    assert [line.split(" says")[0] for line in lines[:2]] == [
        "seed000: fvcore",
        "seed000: flop-counter",
    ]
    (header,) = (line for line in lines if line.startswith("layer "))
    assert header.split()[2:] == ["MACs", "fvcore", "(MAC)", "flop-counter", "(FLOP)"]
    (total,) = (line for line in lines if line.startswith("total "))
    assert total.split()[1:] == ["4,587,520", "2,949,120", "9,175,040"]
    assert lines[-1] == (
        "next: convcost count zoo:seed000 --as fvcore --as flop-counter --as fvcore --batch 2 "
        "--explain-difference"
    )


def test_all_tools_are_explained_where_none_is_named(run: Run) -> None:
    for words in (("--explain-difference",), ("--as", "all", "--explain-difference")):
        result = run("count", "zoo:seed000", *words)
        said = [line for line in result.stdout.splitlines() if line.startswith("seed000: ")]
        assert len(said) == len(conventions())


def test_json_has_the_counts_and_the_tools(run: Run) -> None:
    words = ("--as", "fvcore", "--as", "flop-counter", "--json")
    result = run("count", "zoo:seed000", "zoo:alexnet", *words)
    data = json.loads(result.stdout)
    assert data["schema"] == "convcost/count/1"
    seed, alexnet = data["networks"]
    assert seed["total"]["forward"]["macs"] == 2_293_760
    first, second = seed["conventions"]
    assert (first["tool"], first["unit"], first["says"]) == ("fvcore", "MAC", "flops")
    assert (first["operations"], first["macs"]) == (1_474_560, 2_293_760)
    assert (second["operations"], second["macs"]) == (4_587_520, 2_293_760)
    assert first["parameters"] == first["our_parameters"] == 1_410_027
    assert [cause["difference"] for cause in first["causes"]] == [-884_736, 65_536]
    assert [layer["name"] for layer in first["layers"]] == [x["name"] for x in seed["layers"]]
    assert first["layers"][1]["fault"] is True
    assert alexnet["conventions"][1]["causes"] == []


def test_csv_has_a_row_per_layer_and_tool(run: Run) -> None:
    result = run("count", "zoo:seed000", "--as", "fvcore", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    (conv,) = (row for row in rows if row["layer"] == "conv2d_1")
    assert (conv["tool"], conv["ours"], conv["theirs"]) == ("fvcore", "884736", "0")
    assert sum(int(row["difference"]) for row in rows) == 1_474_560 - 2_293_760


def test_markdown(run: Run) -> None:
    result = run("count", "zoo:seed000", "--as", "fvcore", "--explain-difference", "--format", "md")
    assert "| conv2d_1 | conv |" in result.stdout


def test_training_is_the_forward_pass(run: Run) -> None:
    result = run("count", "zoo:seed000", "--as", "fvcore", "--training", "--loss", "cross-entropy")
    assert result.exit_code == 0, result.stderr
    assert "without the backward pass" in result.stdout
    (loss,) = (line for line in result.stdout.splitlines() if line.startswith("loss "))
    assert loss.split()[-2:] == ["0", "0"]


def test_a_layer_without_a_rule(run: Run) -> None:
    table = """\
Layer (type)                 Output Shape              Param #
=================================================================
conv2d_36 (Conv2D)           (None, 26, 26, 32)        320
capsule (CapsuleLayer)       (None, 10, 16)            0
=================================================================
Total params: 320
"""
    result = run("count", "-", "--as", "fvcore", "--explain-difference", text=table)
    assert result.exit_code == 0, result.stderr
    first = result.stdout.splitlines()[0]
    assert "fvcore says at least " in first
    assert "convcost counts at least " in first
    assert "convcost has no figure: " in result.stdout


@pytest.mark.parametrize(
    "words", [("--symbolic",), ("--receptive-field",), ("--by", "op")], ids=" ".join
)
def test_what_does_not_go_together(run: Run, words: tuple[str, ...]) -> None:
    result = run("count", "zoo:seed000", "--as", "fvcore", *words)
    assert result.exit_code == 2
    assert "do not go with" in result.stderr


def test_an_unknown_tool_is_refused_before_anything_is_read(run: Run) -> None:
    result = run("count", "no such file", "--as", "fvcor")
    assert result.exit_code == 2
    assert "did you mean fvcore?" in result.stderr


def test_the_help_lists_the_tools(run: Run) -> None:
    text = " ".join(run("count", "--help").stdout.split())
    assert all(tool in text.replace("- ", "-") for tool in conventions())


def test_the_page_lists_the_tools() -> None:
    page = PAGE.read_text(encoding="utf-8")
    tools = set(re.findall(r"^\| `([a-z.-]+)` ", page, re.MULTILINE))
    assert tools == set(conventions())
