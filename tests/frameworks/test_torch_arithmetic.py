"""Functions of two tensors cost the same however PyTorch spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost.ops.merge import Merge

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcost.count import Count


class Two(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A function of two layers' results."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.a, self.b = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8)
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(self.a(x), self.b(x))


def counted(function: Callable[[Any, Any], Any]) -> tuple[Count, Any]:
    network = convcost.read(Two(function), inputs=(2, 8))
    return convcost.count(network, batch=2, training=True), network.layers[-1]


@pytest.mark.parametrize(
    ("function", "plain", "other"),
    [
        ("maximum", torch.maximum, torch.clamp_min),
        ("maximum", torch.maximum, lambda a, b: torch.clamp(a, min=b)),
        ("minimum", torch.minimum, torch.clamp_max),
        ("subtract", torch.sub, lambda a, b: torch.rsub(b, a)),
    ],
)
def test_one_function_is_one_op(function: str, plain: Any, other: Any) -> None:
    (first, one), (second, two) = counted(plain), counted(other)
    assert one.op == two.op == Merge(function)  # type: ignore[arg-type]
    assert one.inputs == two.inputs
    assert first.total == second.total


def test_a_maximum_reads_its_operands() -> None:
    count, layer = counted(torch.maximum)
    (row,) = (row for row in count.layers if row.name == layer.name)
    assert row.backward_data.read_bytes == 3 * 2 * 8 * 4
