"""Live PyTorch modules: counts by formula and by other counters, the graph and its names."""

from __future__ import annotations

from typing import Any

import pytest

import convcost
from convcost.network.evaluation import substitute
from support import given_cases
from support.torch_cases import CASES
from support.torch_networks import figures, mobilenet, resnet18

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn


each_case = pytest.mark.parametrize("name", CASES)


# ---------- counts


@each_case
def test_counts_for_the_inputs_as_they_are(name: str) -> None:
    module, inputs, macs, parameters = CASES[name]()
    net = convcost.read(module.eval(), inputs=inputs, batch_axis=None)
    assert figures(net) == (macs, parameters)
    assert convcost.count(net).complete


@each_case
def test_counts_at_any_batch(name: str) -> None:
    module, inputs, macs, parameters = CASES[name]()
    if name == "no batch axis at all":
        pytest.skip("it has none")
    axis = 1 if name == "LSTM, two levels, both directions, time first" else 0
    net = convcost.read(module.eval(), inputs=inputs, batch_axis=axis)
    assert figures(net, batch=2) == (macs, parameters)
    if name != "spectral norm":  # its products of weights happen once
        assert figures(net, batch=5)[0] * 2 == macs * 5


@each_case
def test_ops_state_what_the_framework_computes(name: str) -> None:
    """Shape rules, weights and equations agree with the recorded tensors and parameters."""
    module, inputs, *_ = CASES[name]()
    net = convcost.read(module.eval(), inputs=inputs, batch_axis=None)
    for layer in net.layers:
        tensors = [net.tensor(ref) for ref in layer.inputs]
        assert layer.op.outputs(*tensors) == layer.outputs, layer.name
        stated = [weight.shape for weight in layer.op.weights(*tensors)]
        assert [net.table[id_].shape for id_ in layer.parameters] == stated, layer.name


@given_cases.needed
def test_the_shared_cases() -> None:
    wrong = []
    for name, (_, make) in given_cases.CASES.items():
        module, inputs, truth = make()
        net = convcost.read(module.eval(), inputs=inputs, batch_axis=None)
        if figures(net) != (truth["mac"], truth["p"]):
            wrong.append(name)
    assert not wrong


def test_resnet18() -> None:
    result = convcost.count(convcost.read(resnet18(), inputs=(1, 3, 224, 224)))
    assert result.total.parameters == 11_689_512
    assert result.total.statistics == 9_600
    assert result.total.forward.macs == 1_814_073_344
    assert result.complete


@pytest.mark.parametrize(
    ("make", "zoo_name"), [(mobilenet, "zoo:mobilenet"), (resnet18, "zoo:resnet18")]
)
def test_each_layer_costs_what_the_zoo_says(make: Any, zoo_name: str) -> None:
    live = convcost.count(convcost.read(make(), inputs=(1, 3, 224, 224)))
    reference = convcost.count(convcost.read(zoo_name))
    kinds = ("conv", "depthwise_conv", "dense", "batch_norm")
    rows = [
        sorted(
            (row.forward.macs, row.parameters, row.statistics)
            for row in counted.layers
            if row.op in kinds and row.forward is not None
        )
        for counted in (live, reference)
    ]
    assert rows[0] == rows[1]
    assert live.total.parameters == reference.total.parameters


def test_mobilenet() -> None:
    total = convcost.count(convcost.read(mobilenet(), inputs=(1, 3, 224, 224))).total
    assert (total.parameters, total.statistics) == (4_231_976, 21_888)
    assert total.forward.macs == 568_740_352


def test_products_equal_the_frameworks_own_count() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    module = resnet18().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, 3, 64, 96))
    net = convcost.read(module, inputs=(1, 3, 64, 96))
    assert 2 * figures(net)[0] == counter.get_total_flops()


# ---------- the graph


def test_names_are_paths_and_functions() -> None:
    net = convcost.read(resnet18(), inputs=(1, 3, 64, 64))
    names = [layer.name for layer in net.layers]
    assert names[:8] == ["input", "0", "1", "2", "3", "4.conv1", "4.bn1", "4.relu"]
    assert "4.add" in names
    assert "4.relu_2" in names
    assert net.layer("4.add").inputs[1].layer == "3"
    assert net.table["4.conv1.weight"].shape == (3, 3, 64, 64)
    assert net.framework == "torch"


def test_a_later_call_of_a_module_adds_no_parameters() -> None:
    module, inputs, *_ = CASES["one module twice"]()
    net = convcost.read(module, inputs=inputs)
    assert [layer.shared_with for layer in net.layers] == [None, None, "c"]
    assert list(net.table) == ["c.weight"]


def test_unused_parameters_are_counted_and_named() -> None:
    module, inputs, *_ = CASES["unused module"]()
    net = convcost.read(module, inputs=inputs)
    assert "584 parameters are used by no layer" in net.notes[0].text
    assert "b.weight" in net.notes[0].text


def test_frozen_parameters() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    module[0].requires_grad_(False)
    total = convcost.count(convcost.read(module, inputs=(1, 4))).total
    assert (total.parameters, total.trainable_parameters) == (30, 10)


def test_values_come_in_the_order_of_the_op() -> None:
    conv, depthwise, dense = nn.Conv2d(3, 8, (1, 5)), nn.Conv2d(8, 16, 3, groups=8), nn.Linear(6, 2)
    module = nn.Sequential(conv, depthwise, nn.AdaptiveAvgPool2d((1, 6)), dense)
    net = convcost.read(module, inputs=(1, 3, 9, 16))
    expected = {
        "0.weight": conv.weight.permute(2, 3, 1, 0),
        "1.weight": depthwise.weight.reshape(8, 2, 3, 3).permute(2, 3, 0, 1),
        "3.weight": dense.weight.t(),
        "3.bias": dense.bias,
    }
    for name, values in expected.items():
        parameter = net.table[name]
        assert parameter.values is not None
        assert parameter.shape == values.shape
        assert (parameter.values() == values.detach().numpy()).all()


def test_writes_into_parts_of_a_tensor_reach_its_readers() -> None:
    module, inputs, *_ = CASES["written in place into parts"]()
    net = convcost.read(module, inputs=inputs)
    reached = {"c"}
    for layer in reversed(net.layers):
        if layer.name in reached:
            reached |= {ref.layer for ref in layer.inputs}
    assert {layer.name for layer in net.layers} == reached


def test_an_operator_without_a_rule_is_unknown() -> None:
    class Sorted(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return torch.fft.rfft(x).abs()

    result = convcost.count(convcost.read(Sorted(), inputs=(1, 8)))
    assert not result.complete
    assert [unknown.layer for unknown in result.unknown] == ["_fft_r2c"]


def test_outputs_and_inputs_of_any_nesting() -> None:
    class Nested(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, image: Any, *, more: Any, flag: bool = True) -> Any:
            assert flag
            return {"sum": image + more[0], "parts": [more[1], {"x": image}]}

    shape = torch.zeros(2, 3)
    net = convcost.read(Nested(), inputs={"image": shape, "more": [shape, shape]})
    inputs = [layer.name for layer in net.layers if layer.op.kind == "input"]
    assert inputs == ["image", "more", "more_2"]
    assert len(net.outputs) == 3


# ---------- shortcuts of the recorder


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("conv2d", lambda x: (x(2, 3, 9, 8), x(4, 3, 3, 2), x(4), [2, 1], [1, 0], [1, 2], 1)),
        ("conv2d", lambda x: (x(2, 4, 9, 8), x(8, 2, 3, 3), None, [2, 2], [1, 1], [1, 1], 2)),
        ("linear", lambda x: (x(2, 5, 3), x(4, 3), x(4))),
        ("batch_norm", lambda x: (x(2, 3, 4), x(3), x(3), x(3), x(3), False, 0.1, 1e-5, True)),
        ("relu", lambda x: (x(2, 3),)),
        ("dropout", lambda x: (x(2, 3), 0.5, False)),
        ("add", lambda x: (x(2, 3), x(2, 3))),
        ("mul", lambda x: (x(2, 3), x(2, 3))),
    ],
)
def test_quick_results_equal_the_frameworks(name: str, make: Any) -> None:
    from convcost.read.torch.module.results import quick_results

    packet = getattr(torch.ops.aten, name)
    operator = packet.Tensor if name in ("add", "mul") else packet.default
    arguments = make(lambda *shape: torch.empty(shape, device="meta"))
    quick, slow = quick_results()[operator](*arguments), operator(*arguments)
    assert (quick.shape, quick.stride(), quick.dtype) == (slow.shape, slow.stride(), slow.dtype)


def test_symbolic_sizes_follow_from_the_batch() -> None:
    net = convcost.read(mobilenet(), inputs=(1, 3, 224, 224))
    bound = net.bind({"N": 3})
    for layer, other in zip(net.layers, bound.layers, strict=True):
        for tensor, number in zip(layer.outputs, other.outputs, strict=True):
            assert tuple(substitute(s, {"N": 3}) for s in tensor.shape) == number.shape
