"""`convcost count --by module|op|layer`, --depth, --sort and --top, in every format."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from click.testing import Result

from convcost.count import count
from convcost.zoo import load

Run = Callable[..., Result]


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout.splitlines()


def test_modules_as_a_tree(run: Run) -> None:
    shown = lines(run("count", "zoo:resnet18", "--by", "module"))
    assert shown[0].startswith("resnet18: 11,689,512 parameters, 1,814,073,344 MACs per sample")
    assert shown[0].endswith("; layer1 has 25 % of the MACs")
    place = next(i for i, line in enumerate(shown) if line.startswith("layer2 "))
    assert [line.split()[0] for line in shown[place : place + 4]] == [
        "layer2", "0", "conv1", "bn1",
    ]  # fmt: skip
    assert shown[place + 1].startswith("  0 ")
    assert shown[place + 2].startswith("    conv1 ")
    assert "525,568" in shown[place]
    assert "a module's figures are those of all its parts, which stand indented below it." in shown
    # downsample has two parts at the fourth level, in three modules
    assert "  6 parts of the modules above (--depth N shows deeper)" in shown


def test_depth(run: Run) -> None:
    shown = lines(run("count", "zoo:resnet18", "--by", "module", "--depth", "1"))
    assert not any(line.startswith("  0 ") for line in shown)
    assert any(line.startswith("layer4 ") for line in shown)
    deep = lines(run("count", "zoo:resnet18", "--by", "module", "--depth", "9"))
    assert any(line.startswith("      0 ") for line in deep)
    assert not any("not shown" in line for line in deep)


def test_the_answer_follows_the_order(run: Run) -> None:
    words = ("count", "zoo:resnet18", "--by", "module", "--sort")
    assert lines(run(*words, "parameters"))[0].endswith("; layer4 has 72 % of the parameters")
    assert lines(run(*words, "bytes"))[0].endswith("; layer4 has 32 % of the bytes")


def test_ops_the_largest_first(run: Run) -> None:
    shown = lines(run("count", "zoo:vgg16", "--by", "op"))
    assert [line.split()[0] for line in shown[2:5]] == ["op", "conv", "dense"]
    assert shown[3].split()[1:4] == ["13", "14,714,688", "15,346,630,656"]


def test_the_largest_layers(run: Run) -> None:
    shown = lines(run("count", "zoo:vgg16", "--top", "2", "--sort", "parameters"))
    assert [line.split()[0] for line in shown[3:5]] == ["classifier.0", "classifier.3"]
    assert shown[5].startswith("(39 others) ")
    assert shown[6].split()[:3] == ["total", "41", "138,357,544"]
    every = lines(run("count", "zoo:vgg16", "--sort", "macs"))
    assert every[3].split()[:2] == ["features.2", "conv"]
    assert every[44].split()[0] == "total"


@pytest.mark.parametrize("by", ["module", "op", "layer"])
def test_json(run: Run, by: str) -> None:
    words = ("count", "zoo:seed000", "zoo:googlenet", "--by", by, "--json")
    first, second = json.loads(run(*words, "--sort", "bytes").stdout)["networks"]
    for network in (first, second):
        groups = [group for group in network["groups"] if group["depth"] == 1]
        macs = sum(group["forward"]["macs"] for group in groups)
        assert macs == network["total"]["forward"]["macs"]
        stored = sum(group["parameters"] for group in groups)
        assert stored == network["total"]["parameters"]
        assert sum(group["share"]["bytes"] for group in groups) == pytest.approx(1)
        sizes = [x["forward"]["read_bytes"] + x["forward"]["write_bytes"] for x in groups]
        assert sizes == sorted(sizes, reverse=True)
        assert len(network["layers"]) == sum(group["layers"] for group in groups)


def test_without_the_options_nothing_changes(run: Run) -> None:
    plain = run("count", "zoo:vgg16").stdout
    assert run("count", "zoo:vgg16", "--by", "layer").stdout == plain
    assert '"groups"' not in run("count", "zoo:vgg16", "--json").stdout


def test_csv_has_paths_and_raw_numbers(run: Run) -> None:
    result = run("count", "zoo:vgg16", "zoo:seed000", "--by", "module", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    (features,) = (row for row in rows if row["path"] == "features")
    assert (features["network"], features["depth"], features["layers"]) == ("vgg16", "1", "31")
    assert (features["what"], features["complete"]) == ("module", "True")
    assert int(features["macs"]) == 15_346_630_656
    tops = [row for row in rows if row["network"] == "vgg16" and row["depth"] == "1"]
    assert sum(int(row["macs"]) for row in tops) == count(load("vgg16")).total.forward.macs


def test_markdown_keeps_the_indentation(run: Run) -> None:
    shown = lines(run("count", "zoo:vgg16", "--by", "module", "--format", "md"))
    assert any(line.startswith("| &nbsp;&nbsp;0 | conv | 1 |") for line in shown)
    assert any(line.startswith("| features |  | 31 |") for line in shown)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--symbolic", "--by", "op"), "--symbolic speaks about single layers"),
        (("--receptive-field", "--top", "3"), "--receptive-field speaks about single layers"),
        (("--receptive-field", "--sort", "macs"), "--receptive-field speaks about single layers"),
        (("--depth", "2"), "--depth goes with --by module"),
        (("--depth", "2", "--by", "op"), "--depth goes with --by module"),
        (("--top", "0"), "0 is not in the range x>=1"),
        (("--by", "kind"), "'kind' is not one of 'layer', 'module', 'op'"),
        (("--sort", "flops"), "'flops' is not one of"),
    ],
)
def test_what_does_not_go_together(run: Run, words: tuple[str, ...], message: str) -> None:
    result = run("count", "zoo:vgg16", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
