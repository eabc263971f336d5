"""Tensors that come from nowhere, or from the network itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.errors import NetworkError
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.write.kept import fill_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcost.write.keras.site import Rule, Site


def _fill(site: Site) -> None:
    """Nothing: Keras's recurrent layers begin with zeros by themselves.

    Raises:
        NetworkError: it holds another number.
    """
    op: Fill = site.op  # type: ignore[assignment]
    if fill_value(op) != 0:
        raise NetworkError(f"'{op.function}': a tensor that depends on no input")
    site.give(None, zeros=True)


def _constant(site: Site) -> None:
    """Keras has no layer for a parameter of its own."""
    del site
    raise NetworkError("a stored tensor that is an operand, which Keras has no layer for")


RULES: Mapping[str, Rule] = {Fill.kind: _fill, Constant.kind: _constant}
