"""ONNX models with views, plain numbers and constants, written again, compute the same."""

from __future__ import annotations

import numpy as np
import pytest

import convcost
from convcost.errors import NetworkError
from convcost.network.dataclass import replace
from convcost.ops.constant import Constant
from convcost.ops.copy import Fill
from convcost.ops.elementwise import Elementwise
from convcost.ops.view import Cut, View
from convcost.write.exchange import to_text
from convcost.write.onnx.model import onnx_model
from support.onnx_sources import FILES, LEARNED, SOURCES, example, ran
from support.written import assert_equal

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.mark.parametrize("name", [*SOURCES, *LEARNED])
def test_models_compute_the_same(name: str) -> None:
    model, x = (SOURCES | LEARNED)[name].model(), example()
    net = convcost.read(model)
    for found, wanted in zip(ran(onnx_model(net), x), ran(model, x), strict=True):
        assert_equal(found, wanted)


@pytest.mark.parametrize("name", FILES)
def test_files_compute_the_same(name: str) -> None:
    import onnx

    path, shape = FILES[name]
    model = onnx.load(path())
    net = convcost.read(path())
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    for found, wanted in zip(ran(onnx_model(net), x), ran(model, x), strict=True):
        assert_equal(found, wanted)


@pytest.mark.parametrize("name", [*SOURCES, *LEARNED])
def test_a_file_of_the_network_keeps_all_but_the_numbers_of_constants(name: str) -> None:
    model, x = (SOURCES | LEARNED)[name].model(), example()
    net = convcost.read(model)
    again = convcost.read(to_text(net))
    bare = {id_: replace(row, values=None) for id_, row in net.table.items()}
    assert again == replace(net, table=bare)
    plain = any(isinstance(layer.op, Constant) and not layer.op.parameter for layer in net.layers)
    if plain:
        with pytest.raises(NetworkError, match="does not keep what stored tensors hold"):
            onnx_model(again)
        assert ran(onnx_model(again, exact=False), x)[0].shape == ran(model, x)[0].shape
    elif not net.table:
        assert_equal(ran(onnx_model(again), x)[0], ran(model, x)[0])


def test_what_is_kept_of_a_slice() -> None:
    net = convcost.read(SOURCES["every other"].model())
    (view,) = [layer.op for layer in net.layers if isinstance(layer.op, View)]
    assert view.function == "slice"
    assert view.cuts == ((Cut(1, 0, 4, 2), Cut(3, 1, 5, 3)),)


def test_a_stored_tensor_in_another_shape_is_a_constant_of_that_shape() -> None:
    net = convcost.read(LEARNED["per channel"].model())
    constants = [layer for layer in net.layers if isinstance(layer.op, Constant)]
    assert [layer.outputs[0].shape for layer in constants] == [(4, 1, 1)] * 2
    assert not any(isinstance(layer.op, View) for layer in net.layers)
    total = convcost.count(net, batch=2).total
    assert (total.parameters, total.forward.elementwise) == (8, 2 * 2 * 4 * 6 * 5)


def test_numbers_are_between_the_operands() -> None:
    numbers = {}
    for name in ("x - 3", "3 - x", "within", "where"):
        net = convcost.read(SOURCES[name].model())
        ops = [layer.op for layer in net.layers if isinstance(layer.op, Elementwise)]
        numbers[name] = ops[-1].numbers
    low, high = float(np.float32(-0.3)), float(np.float32(0.4))
    assert numbers == {"x - 3": (None, 3.0), "3 - x": (3.0, None), "within": (None, low, high),
                       "where": (None, None, -5.0)}  # fmt: skip


def test_a_filled_tensor_keeps_its_number() -> None:
    net = convcost.read(SOURCES["filled"].model())
    assert [x.op.value for x in net.layers if isinstance(x.op, Fill)] == [-1.5]
