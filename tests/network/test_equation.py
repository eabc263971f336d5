"""Loop nests: MACs, reductions and formulas."""

from __future__ import annotations

import pytest

from convcost.network.dims import symbols
from convcost.network.equation import Equation, Loop, power_product

M, K, CIN, COUT, N = symbols("M K Cin Cout N")
CONV = Equation(
    (
        Loop("batch", N),
        Loop("height", M),
        Loop("width", M),
        Loop("kernel_height", K, reduced=True),
        Loop("kernel_width", K, reduced=True),
        Loop("channels_in", CIN, reduced=True),
        Loop("channels_out", COUT),
    )
)


def test_a_convolution_as_its_loops() -> None:
    assert CONV.macs == CONV.outputs * CONV.reduction
    assert CONV.outputs == N * M * M * COUT
    assert CONV.reduction == K * K * CIN
    assert CONV.formula == "N*M^2*K^2*Cin*Cout"
    assert CONV.per_sample == "M^2*K^2*Cin*Cout"


def test_powers_join_loops_of_one_kind() -> None:
    sizes = {"height": 5, "width": 5, "kernel_height": 5, "kernel_width": 5, "channels_in": 5}
    equation = Equation(tuple(Loop(axis, size) for axis, size in sizes.items()))
    assert equation.formula == "5^2*5^2*5"


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ([], "1"),
        ([1, 1], "1"),
        ([5, 1, 5], "5^2"),
        ([5, 7, 5], "5*7*5"),
        ([M, M, K + 1, K + 1], "M^2*(K + 1)^2"),
        ([M * 2, 3], "(2*M)*3"),
        (list(symbols("batch_size C")), "batch_size*C"),
    ],
)
def test_products_as_people_write_them(sizes: list[object], text: str) -> None:
    assert power_product(sizes) == text
