"""What writes each op into a Keras model: one file per family, found by its folder.

A module of this package defines ``RULES``, from kinds of ops to rules.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of every kind of op that can be written."""
    return folder.table(__name__)
