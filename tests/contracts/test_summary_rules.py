"""Every family of summary rules is found by its names, and by no other family's."""

from __future__ import annotations

import re
from pkgutil import iter_modules

import pytest

from convcost.read.solve import rules as package

FAMILIES = package._FAMILIES


def test_every_module_has_a_row():
    assert sorted(FAMILIES) == sorted(module.name for module in iter_modules(package.__path__))


@pytest.mark.parametrize("module", FAMILIES)
def test_the_row_gives_each_rule_to_its_module(module):
    for name, rule in package.family(module).items():
        homes = [home for home, pattern in FAMILIES.items() if re.fullmatch(pattern, name)]
        assert homes == [module], name
        assert package.rules()[name] is rule


def test_names_without_a_rule_have_none():
    assert package.rules().get("CapsuleLayer") is None
    assert package.rules().get("Lambda") is None
    assert len(package.rules()) == len(set(package.rules()))
