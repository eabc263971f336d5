"""Keras layer configurations as ops: one file per family of layers.

Defaults are those of Keras 3 (keras/src/layers). A module of this package defines ``RULES``, from
class names to rules. A class without a rule is custom or not known: its layer becomes an `Unknown`
op, never a failure.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from convcost import folder
from convcost.read.keras_layers.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.network.op import Op
    from convcost.read.keras_layers.site import Rule

__all__ = ["Site", "build", "rules"]


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of every Keras class that has one."""
    return folder.table(__name__)


def build(class_name: str, site: Site) -> Op | None:
    """The op of a layer; None for a class that has no rule.

    Raises:
        NetworkError: the configuration lacks something, or does not fit the inputs.

    >>> from convcost.network.tensor import Tensor
    >>> image = Tensor.of(batch=1, height=8, width=8, channel=3)
    >>> build("Conv2D", Site({"filters": 4, "kernel_size": (3, 3)}, (image,))).filters
    4
    """
    rule = rules().get(class_name)
    return None if rule is None else rule(site)
