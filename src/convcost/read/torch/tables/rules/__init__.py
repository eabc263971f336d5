"""The rule of every class: a row and its input become an op. One file per family.

A module of this package defines ``RULES``, from names of PyTorch's classes to rules.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.read.torch.tables.site import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of every class that has one."""
    return folder.table(__name__)
