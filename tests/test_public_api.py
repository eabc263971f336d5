"""The Python contract: sorted public names, each documented, callable beside the packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import convcost
from convcost.errors import UsageError

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def test_public_names_are_sorted_documented_and_complete():
    assert convcost.__all__ == sorted(convcost.__all__)
    assert set(dir(convcost)) == set(convcost.__all__)
    for name in set(convcost.__all__) - {"__version__"}:
        assert callable(getattr(convcost, name))
        assert getattr(convcost, name).__doc__


def test_verbs_stay_callable_after_the_packages_of_their_names_are_imported():
    code = (
        "import convcost.count.ledger, convcost.read.source, convcost.explain, convcost.predict;"
        "import convcost; from convcost.count import Workload;"
        "net = convcost.read('zoo:seed000');"
        "print(convcost.count(net).total.forward.macs, convcost.predict.__name__)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "2293760 predict\n"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'cuont'"):
        convcost.cuont  # noqa: B018 - the access is the test


def test_the_python_verbs_give_what_the_readme_shows():
    mlp, cnn, small = convcost.read_all(str(EXAMPLES / "mlp-or-cnn.txt"))
    assert convcost.count(cnn).total.forward.macs == 10_903_680
    plan = convcost.predict(cnn, device="gtx-1080-ti", batch=128, samples=60000).plan
    assert plan is not None
    assert plan.steps == 469
    explanation = convcost.explain(mlp, cnn, small, device="i9-10940x")
    assert len(explanation.ratios) == 2
    assert repr(explanation).startswith("<Explanation: ")


def test_a_network_is_shown_in_one_line():
    net = convcost.read("zoo:vgg16")
    assert repr(net) == "<Network vgg16 (torch): 41 layers, 32 stored tensors>"


def test_a_comparison_is_shown_in_one_line():
    found = convcost.compare(
        *map(convcost.read, ("zoo:seed000", "zoo:seed001-mlp")), device="i9-10940x"
    )
    assert repr(found) == ("<Comparison of seed000, seed001-mlp: keras-tensorflow on i9-10940x>")


@pytest.mark.parametrize(
    "verb", [convcost.count, convcost.memory, convcost.predict, convcost.explain]
)
def test_a_path_in_place_of_a_network_is_refused_with_the_way_out(verb):
    with pytest.raises(UsageError, match=r"expected a network, got builtins\.str") as caught:
        verb("zoo:vgg16")
    assert caught.value.hint == "read it first: net = convcost.read(...)"
