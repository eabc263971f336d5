"""Backward products: given truths, and PyTorch's own counter around a real backward pass."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from support import given_cases
from support.given_cases import CASES

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcost.count import Count

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn

#: What torch.utils.flop_counter 2.13 does not count as the loops do: it ignores groups in the
#: gradient of a kernel, has no rule for attention, recurrence and bilinear products on a CPU, and
#: leaves out the state of a GRU's first step, which is zero.
NOT_BY_TORCH = {
    "alexnet_caffe227_groups", "mobilenet_v1_224", "conv_grouped4", "conv_depthwise",
    "conv_dw_mult2", "convT_grouped2", "bilinear", "sdpa", "MHA", "TransformerEncLayer_eval",
    "LSTM_T10", "LSTM_2l_bi_T10", "GRU_T10",
}  # fmt: skip

#: Forward MACs of products whose gradient the network's input alone waits for.
FIRST_PRODUCTS = {
    "alexnet_caffe227_groups": 55 * 55 * 96 * 3 * 11 * 11,
    "mobilenet_v1_224": 112 * 112 * 32 * 27,
    "conv_grouped4": 294912,
    "conv_depthwise": 36864,
    "conv_dw_mult2": 73728,
    "convT_grouped2": 16384,
    "bilinear": 576,
    "LSTM_T10": 10 * 4 * 32 * 16,
    "LSTM_2l_bi_T10": 2 * 10 * 4 * 32 * 16,
    "GRU_T10": 10 * 3 * 32 * 16,
}


with_and_without = pytest.mark.parametrize("input_gradient", [False, True])


def truths() -> list[tuple[str, bool, int]]:
    if not CASES:
        return []
    with (given_cases.FOLDER / "backward_cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (r["case"], r["input_gradient"] == "yes", int(r["forward_plus_backward_macs"]))
        for r in rows
    ]


def counted(module: Any, inputs: Any, *, input_gradient: bool) -> Count:
    network = convcost.read(module, inputs=inputs, batch_axis=None)
    result = convcost.count(network, training=True, input_gradient=input_gradient)
    assert result.complete, result.unknown
    return result


def floating(value: Any) -> Iterator[Any]:
    if isinstance(value, torch.Tensor):
        yield from [value] if value.is_floating_point() else []
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from floating(part)


def by_torch(module: Any, inputs: Any, *, input_gradient: bool) -> int:
    """FLOPs of a real forward and backward pass, halved."""
    from torch.utils.flop_counter import FlopCounterMode

    given = tuple(
        x.detach().clone().requires_grad_(input_gradient) if x.is_floating_point() else x
        for x in inputs
    )
    module.eval()
    with FlopCounterMode(display=False) as counter:
        results = [x for x in floating(module(*given)) if x.requires_grad]
        if results:
            sum(x.sum() for x in results).backward()
    return counter.get_total_flops() // 2


@given_cases.needed
@pytest.mark.parametrize(("name", "input_gradient", "truth"), truths())
def test_given_truths(name: str, *, input_gradient: bool, truth: int) -> None:
    module, inputs, _ = CASES[name][1]()
    assert counted(module, inputs, input_gradient=input_gradient).total.step.macs == truth


@given_cases.needed
@with_and_without
@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_BY_TORCH])
def test_a_real_backward_pass(name: str, *, input_gradient: bool) -> None:
    torch.manual_seed(0)
    module, inputs, _ = CASES[name][1]()
    expected = by_torch(module, inputs, input_gradient=input_gradient)
    assert counted(module, inputs, input_gradient=input_gradient).total.step.macs == expected


@given_cases.needed
@pytest.mark.parametrize("name", sorted(FIRST_PRODUCTS))
def test_where_torch_is_silent_the_rule_is_three_forward_passes(name: str) -> None:
    module, inputs, truth = CASES[name][1]()
    whole = counted(module, inputs, input_gradient=True).total.step.macs
    inside = counted(module, inputs, input_gradient=False).total.step.macs
    if name == "bilinear":  # the second input meets no product of its own
        truth = {"mac": 576}
    assert whole == 3 * truth["mac"]
    assert whole - inside == FIRST_PRODUCTS[name]


@given_cases.needed
@pytest.mark.parametrize("name", ["sdpa", "MHA", "TransformerEncLayer_eval"])
def test_attention_is_three_forward_passes(name: str) -> None:
    module, inputs, truth = CASES[name][1]()
    assert counted(module, inputs, input_gradient=True).total.step.macs == 3 * truth["mac"]


@given_cases.needed
@pytest.mark.parametrize("name", ["resnet18_224", "seed_bn", "LSTM_T10", "MHA"])
def test_modules_in_eval_and_in_train_mode_train_alike(name: str) -> None:
    module, inputs, _ = CASES[name][1]()
    results = [counted(module.train(mode), inputs, input_gradient=False) for mode in (False, True)]
    assert results[0].total == results[1].total


def test_frozen_parameters_of_the_source_have_no_gradient() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.Conv2d(5, 6, 1))
    module[0].requires_grad_(requires_grad=False)
    module[2].weight.requires_grad_(requires_grad=False)
    inputs = (torch.randn(2, 3, 8, 8),)
    result = counted(module, inputs, input_gradient=False)
    assert result.total.step.macs == by_torch(module, inputs, input_gradient=False)
    kernels_and_biases = 6 * 5 + 6 + 5
    assert result.total.trainable_parameters == kernels_and_biases
    rows = {row.name: row for row in result.layers}
    bias_alone = rows["2"].backward_weights
    assert bias_alone is not None
    assert (bias_alone.macs, bias_alone.elementwise) == (0, 2 * 5 * 4 * 4)
    assert bias_alone.write_bytes == 4 * 5


def test_whole_numbers_cut_the_path() -> None:
    class Choice(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.score, self.words = nn.Linear(8, 5), nn.Embedding(5, 4)
            self.last = nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            return self.last(self.words(self.score(x).argmax(-1)))

    module, inputs = Choice(), (torch.randn(2, 8),)
    result = counted(module, inputs, input_gradient=True)
    assert result.total.step.macs == by_torch(module, inputs, input_gradient=True)
    rows = {row.name: row for row in result.layers}
    assert rows["score"].step == rows["score"].forward


def test_a_shared_module_is_updated_once() -> None:
    class Siamese(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.side = nn.Linear(8, 4)

        def forward(self, x: Any, y: Any) -> Any:
            return self.side(x) * self.side(y)

    inputs = (torch.randn(2, 8), torch.randn(2, 8))
    network = convcost.read(Siamese(), inputs=inputs)
    total = convcost.count(network, batch=2, training=True, optimizer="sgd").total
    assert total.update.elementwise == 2 * (8 * 4 + 4)
    assert total.backward_weights.macs == 2 * (2 * 8 * 4)
    # the sums for two biases, and the second gradient of all parameters added to the first
    assert total.backward_weights.elementwise == 2 * 2 * 4 + (8 * 4 + 4)
