"""The name table: ONNX operator -> rule, one file per family of operators.

A module of this package defines ``RULES``, from names of operators to rules; one of another set
than ONNX's own has the set's name before it: ``com.microsoft:FusedConv``. An operator without a
rule becomes an `Unknown` op.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.onnx.site import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of every operator that has one."""
    return folder.table(__name__)
