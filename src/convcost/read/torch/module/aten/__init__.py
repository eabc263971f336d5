"""The name table: ATen operator -> rule, one file per family of operators.

A module of this package defines ``RULES``, from operator names without overload and without the
mark of working in place (``aten.relu`` covers ``aten.relu_``) to rules, and perhaps ``MODULES``,
from classes of modules that are read as a whole. An operator without a rule becomes an `Unknown`
op, or is taken apart by the framework where it is composed of others.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.torch.module.site import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of every operator that has one."""
    return {**folder.table(__name__), **modules()}


@cache
def modules() -> Mapping[str, Rule]:
    """The rules of modules that are read as a whole, by the qualified name of their class."""
    return folder.table(__name__, "MODULES")


def rule_for(name: str) -> Rule | None:
    """The rule of an operator; None where there is none."""
    return rules().get(name) or rules().get(name.rstrip("_"))
