"""Names, queries and the catalogue of the zoo."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from convcost import zoo
from convcost.errors import UsageError
from convcost.zoo.registry import network

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_is_described(name: str) -> None:
    entry = zoo.entry(name)
    assert entry.title
    assert len(entry.source) > 20
    assert entry.function.__doc__
    for setting in entry.settings:
        assert setting.about.text
        assert setting.value(setting.default) == setting.default
    if entry.top1 is not None:
        assert 0 < entry.top1.percent < 100
        assert entry.top1.source


def test_entries_follow_names() -> None:
    assert tuple(entry.name for entry in zoo.entries()) == zoo.names()


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_builds_with_its_defaults(name: str) -> None:
    built = zoo.load(name)
    assert built.name == name
    assert built.layers[0].op.kind == "input"
    assert "batch" in built.layers[0].outputs[0].names


def test_query_and_keywords_agree() -> None:
    query = zoo.load("seed003?padding=same&kernel=5")
    keywords = zoo.load("seed003", kernel=5, padding="same")
    assert query == keywords
    assert query.name == "seed003?kernel=5&padding=same"


def test_default_values_leave_the_name_alone() -> None:
    assert zoo.load("seed003?kernel=3").name == "seed003"
    assert zoo.load("seed003?").name == "seed003"
    assert zoo.load("seed000?batch_norm=no").name == "seed000?batch_norm=false"


@pytest.mark.parametrize(
    ("query", "filters"),
    [("4", (4, 4)), ("8,16", (8, 16))],
)
def test_a_pair_may_be_one_number(query: str, filters: tuple[int, int]) -> None:
    built = zoo.load(f"seed001-cnn?filters={query}")
    assert built == zoo.load("seed001-cnn", filters=filters)
    assert built.layer("conv2d_37").outputs[0].size("channel") == filters[1]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("alexnt", "unknown network of the zoo 'alexnt'", "alexnet"),
        ("seed001", "unknown network of the zoo 'seed001'", "seed001-cnn"),
        ("registry", "unknown network of the zoo 'registry'", "Known"),
        ("", "unknown network of the zoo ''", "Known"),
        ("seed003?kernels=3", "unknown parameter of seed003 'kernels'", "did you mean kernel"),
        ("seed001-mlp?units=3", "seed001-mlp has no parameters", None),
        ("seed003?kernel", "expected parameter=value", None),
        ("seed003?kernel=3&kernel=5", "given twice", None),
        ("seed003?kernel=three", "kernel=three: expected an integer from 1 to 1024", None),
        ("seed003?kernel=0", "expected an integer from 1", None),
        ("seed003?kernel=", "expected an integer", None),
        ("seed003?kernel=3.5", "expected an integer", None),
        ("seed003?kernel=" + "9" * 5000, "kernel=" + "9" * 40 + "...: expected", None),
        ("seed003?padding=full", "padding=full: expected valid or same", None),
        ("seed000?batch_norm=maybe", "expected true or false", None),
        ("seed000?convolutions=7", "expected an integer from 1 to 6", None),
        ("seed001-cnn?filters=1,2,3", "2 comma-separated integers from 1 to 4096", None),
        ("seed003?kernel=15", "its input is smaller than its window", None),
        ("seed004?X=3&K=5&P=0&S=1", "its input is smaller than its window", None),
        ("mobilenet?alpha=2", "alpha=2: expected 0.25 or 0.5 or 0.75 or 1.0", None),
        ("resnet51", "unknown network of the zoo 'resnet51'", "resnet50"),
        ("xception?image=70", "image=70: expected an integer from 71", None),
    ],
)
def test_wrong_requests(name: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        zoo.load(name)
    assert message in caught.value.message
    assert len(caught.value.message) < 200
    if hint:
        assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("value", [True, 2.5, None, [3]])
def test_wrong_python_values(value: object) -> None:
    with pytest.raises(UsageError, match="expected an integer"):
        zoo.load("seed003", kernel=value)


def test_truths_of_python_values() -> None:
    assert zoo.load("seed000", batch_norm=0) == zoo.load("seed000?batch_norm=false")
    with pytest.raises(UsageError, match="expected true or false"):
        zoo.load("seed000", batch_norm=None)


def test_none_leaves_a_symbol() -> None:
    assert zoo.load("seed004", X=None) == zoo.load("seed004")


def test_a_setting_in_query_and_keyword_is_refused() -> None:
    with pytest.raises(UsageError, match="given twice"):
        zoo.load("seed003?kernel=3", kernel=5)


def test_a_network_registers_in_its_own_family_only() -> None:
    with pytest.raises(ValueError, match="does not belong"):
        network("alexnet-own", title="t", source="s")(lambda: zoo.load("alexnet"))


@pytest.mark.parametrize(("name", "family"), [("seed003", "seed003"), ("resnet18", "resnet")])
def test_only_the_family_asked_for_is_imported(name: str, family: str) -> None:
    code = (
        f"import sys; from convcost import zoo; zoo.load('{name}');"
        "print(*sorted(m for m in sys.modules if m.startswith('convcost.zoo.')));"
        "print('numpy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *modules, numpy = run.stdout.split()
    networks = set(modules) - {"convcost.zoo.chain", "convcost.zoo.registry"}
    assert networks == {f"convcost.zoo.{family}"}
    assert numpy == "False"


@pytest.mark.parametrize(
    ("file", "networks"),
    [
        ("batchnorm.txt", ["seed000", "seed000?batch_norm=false"]),
        ("mlp-or-cnn.txt", ["seed001-mlp", "seed001-cnn", "seed001-cnn4"]),
    ],
)
def test_examples_hold_the_zoo_s_networks(file: str, networks: list[str]) -> None:
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    totals = [int(n.replace(",", "")) for n in re.findall(r"Total params: ([\d,]+)", text)]
    expected = [
        sum(parameter.elements for parameter in zoo.load(name).table.values()) for name in networks
    ]
    assert totals == expected
