"""Plain constants on their way into another process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import convcost
from convcost.errors import NetworkError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.constant import Constant
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.rewrite.running.valued import filled, save_values, with_saved, without_values
from convcost.write.exchange import to_text
from convcost.write.values import Values, constant_numbers

if TYPE_CHECKING:
    from pathlib import Path


def test_numbers_of_constants_go_with_those_of_parameters(tmp_path: Path) -> None:
    numbers = np.arange(4.0)
    builder = Builder("shifted")
    x = builder.add(Input(Tensor.of(batch=BATCH, feature=4)), name="x")
    x = builder.add(Dense(units=4), x, name="dense")
    shift = Constant(tensor=Tensor.of(feature=4), values=lambda: numbers)
    builder.add(Merge("add"), x, builder.add(shift, name="shift"))
    net = filled(builder.build())
    assert without_values(net) == ()
    ids = save_values(net, tmp_path / "values.npz")
    bare = convcost.read(to_text(net))
    assert without_values(bare) == ("dense", "shift")
    with pytest.raises(NetworkError, match="has none for 'dense' and 1 more"):
        save_values(bare, tmp_path / "bare.npz")
    again = with_saved(bare, tmp_path / "values.npz", ids)
    assert without_values(again) == ()
    (op,) = (layer.op for layer in again.layers if isinstance(layer.op, Constant))
    assert constant_numbers(op, exact=True).tolist() == numbers.tolist()
    kernels = [Values(each).of(each.layer("dense"))["kernel"] for each in (net, again)]
    assert np.array_equal(*kernels)
