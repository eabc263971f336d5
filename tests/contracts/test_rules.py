"""What every rule of `explain` has to fulfil: it tells something, and it can be silent."""

from __future__ import annotations

import json
import math
import re
from importlib import import_module
from pathlib import Path

import pytest

from convcost.explain.rules import rules
from convcost.rewrite.registry import rewrites
from support.rule_samples import SAMPLES

each_rule = pytest.mark.parametrize("name", rules())
DOCS = Path(__file__).parents[2] / "docs" / "findings.md"


def test_the_samples_are_those_of_the_rules() -> None:
    assert SAMPLES.keys() == rules().keys()


def test_every_rule_is_documented() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)) == set(rules())


@each_rule
def test_it_looks_at_one_network_or_at_all(name: str) -> None:
    module = import_module(f"convcost.explain.rules.{name.replace('-', '_')}")
    assert hasattr(module, "find") != hasattr(module, "of_case")


@each_rule
def test_it_tells_what_the_sample_shows(name: str) -> None:
    evidence = SAMPLES[name].told.evidence()
    found = list(rules()[name](evidence))
    assert found
    for finding in found:
        assert finding.rule == name
        case = evidence.cases[finding.network]
        assert {*finding.layers, *finding.timed} <= case.predicted.keys()
        for text in (finding.text, finding.advice):
            assert not text.endswith(".")
            assert "  " not in text
        assert finding.text
        assert 0 <= finding.seconds < math.inf
        named = re.findall(r"convcost rewrite --apply ([a-z0-9-]+)", finding.advice)
        assert set(named) <= rewrites().keys()


@each_rule
def test_its_numbers_are_plain_and_exact(name: str) -> None:
    for finding in rules()[name](SAMPLES[name].told.evidence()):
        numbers = dict(finding.numbers)
        assert numbers
        assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
        for key, value in numbers.items():
            if key.endswith("bytes"):
                assert type(value) is int, key


@each_rule
def test_it_is_silent_where_there_is_nothing_to_tell(name: str) -> None:
    assert list(rules()[name](SAMPLES[name].silent.evidence())) == []
