"""What a live PyTorch module is read with: its mode, the forms of its inputs, the batch."""

from __future__ import annotations

from typing import Any

import pytest

import convcost
from convcost.errors import SourceError, UsageError
from support.torch_networks import figures, mobilenet, resnet18

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn


# ---------- one network


@pytest.mark.parametrize("make", [resnet18, mobilenet])
def test_modes_give_the_same_network(make: Any) -> None:
    module = make()
    module.append(nn.Dropout())
    nets = [
        convcost.read(module.train(mode), inputs=(1, 3, 64, 64)) for mode in (True, False, True)
    ]
    assert nets[0] == nets[1] == nets[2]
    assert nets[0].layers[-1].op.kind == "dropout"
    assert "batch_norm" in {layer.op.kind for layer in nets[0].layers}


@pytest.mark.parametrize(
    "inputs",
    [
        (1, 3, 32, 32),
        (None, 3, 32, 32),
        [(8, 3, 32, 32)],
        torch.zeros(2, 3, 32, 32),
        (torch.zeros(2, 3, 32, 32),),
        torch.zeros(1, 3, 32, 32).numpy(),
        {"input": (1, 3, 32, 32)},
    ],
    ids=str,
)
def test_forms_of_inputs(inputs: Any) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 2))
    if isinstance(inputs, dict):
        net = convcost.read(module, inputs=inputs)
    else:
        net = convcost.read(module, inputs=inputs)
    assert figures(net) == (30 * 30 * 27 * 4 + 7200, 112 + 7202)
    assert str(net.layers[0].outputs[0]) == "(batch=N, channel=3, height=32, width=32)"


@pytest.mark.parametrize("words", [{"inputs": 5}, {"inputs": "no"}, {"inputs": (1, 0)},
                                   {"inputs": (1, 2), "batch_axis": "x"}], ids=str)  # fmt: skip
def test_what_is_no_input_is_refused(words: Any) -> None:
    with pytest.raises(UsageError, match=r"is no input|size below 1|batch_axis is 'x'"):
        convcost.read(nn.Linear(2, 2), **words)


def test_missing_and_wrong_inputs_are_said() -> None:
    with pytest.raises(UsageError, match="needs example inputs"):
        convcost.read(nn.Linear(2, 2))
    with pytest.raises(SourceError, match=r"forward pass fails at batch 2: RuntimeError") as caught:
        convcost.read(nn.Linear(2, 2), inputs=(1, 3))
    assert "inputs=torch.zeros" in str(caught.value.hint)


@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_memory_formats_decide_what_is_copied(memory_format: Any) -> None:
    class Flat(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Any) -> Any:
            return self.conv(x).contiguous().relu()

    inputs = torch.zeros(2, 3, 8, 8).to(memory_format=memory_format)
    kinds = [
        layer.op.kind for layer in convcost.read(Flat(), inputs=inputs, batch_axis=None).layers
    ]
    assert ("copy" in kinds) == (memory_format is torch.channels_last)


def test_half_precision_and_the_meta_device() -> None:
    half = nn.Conv2d(3, 4, 3).half()
    net = convcost.read(half, inputs=(1, 3, 8, 8))
    assert {t.dtype for layer in net.layers for t in layer.outputs} == {"float16"}
    with torch.device("meta"):
        huge = nn.Linear(100_000, 100_000)
    assert figures(convcost.read(huge, inputs=(1, 100_000))) == (10**10, 10**10 + 10**5)


def test_wrappers_are_looked_through() -> None:
    module = nn.Conv2d(3, 4, 3)
    plain = convcost.read(module, inputs=(1, 3, 8, 8))
    assert convcost.read(nn.DataParallel(module), inputs=(1, 3, 8, 8)) == plain
    assert convcost.read(torch.compile(module), inputs=(1, 3, 8, 8)) == plain


def test_old_weight_norm_after_a_forward_pass() -> None:
    module = nn.utils.weight_norm(nn.Conv2d(3, 8, 3, padding=1))
    module(torch.zeros(1, 3, 8, 8))  # the derived weight is now a tensor with a history
    assert figures(convcost.read(module, inputs=(1, 3, 8, 8))) == (64 * 27 * 8, 216 + 8 + 8)


# ---------- the batch


class Squares(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return x @ x.t()


class Halves(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return x[: x.shape[0] // 2] + 1


class Limited(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return x[:4] * 2


class PerSample(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        return torch.stack([sample.relu() for sample in x])


class Triangle(nn.Module):  # type: ignore[name-defined, misc]
    def forward(self, x: Any) -> Any:
        pairs = x.shape[0] * (x.shape[0] - 1) // 2
        return x.new_zeros(pairs, 3)


@pytest.mark.parametrize("kind", [Halves, Limited, PerSample, Triangle])
def test_sizes_out_of_proportion_to_the_batch_are_refused(kind: Any) -> None:
    with pytest.raises(SourceError, match=r"batch") as caught:
        convcost.read(kind(), inputs=(1, 8))
    assert "batch_axis=None" in str(caught.value.hint)
    convcost.read(kind(), inputs=(4, 8), batch_axis=None)


def test_products_of_the_batch_with_itself_are_formulas() -> None:
    net = convcost.read(Squares(), inputs=(1, 8))
    assert [figures(net, batch)[0] for batch in (1, 3)] == [8, 72]


def test_one_more_than_the_batch_is_confirmed() -> None:
    class OneMore(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any) -> Any:
            return torch.cat([x, x[:1]])

    net = convcost.read(OneMore(), inputs=(3, 8))
    assert str(net.layers[-1].outputs[0].shape[0]) == "N + 1"


def test_batch_axes_per_input() -> None:
    class Scaled(nn.Module):  # type: ignore[name-defined, misc]
        def forward(self, x: Any, table: Any) -> Any:
            return x @ table

    shapes = [(5, 2, 4), (4, 7)]
    net = convcost.read(Scaled(), inputs=shapes, batch_axis=(1, None))
    assert [str(t) for t in net.layers[-1].outputs] == ["(?=5, batch=N, ?=7)"]
    with pytest.raises(UsageError, match="2 axes for 1 input"):
        convcost.read(nn.ReLU(), inputs=(1, 4), batch_axis=(0, 1))
    with pytest.raises(UsageError, match="batches of 4 and 5"):
        convcost.read(Scaled(), inputs=shapes)


def test_tables_kept_for_the_next_pass() -> None:
    class Keeps(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.table, self.kept = nn.Parameter(torch.zeros(9, 2)), {}

        def forward(self, x: Any) -> Any:
            if "bias" not in self.kept:
                self.kept["bias"] = self.table[torch.arange(4) * 2]
            return x + self.kept["bias"]

    module = Keeps()
    net = convcost.read(module, inputs=(1, 4, 2))
    assert "gather" in {layer.op.kind for layer in net.layers}
    assert not module.kept


def test_a_pass_that_asks_for_values_runs_on_the_examples() -> None:
    class Asks(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(4, 16)

        def forward(self, x: Any) -> Any:
            return self.a(x) if x.sum() > 0 else self.b(x)

    module = Asks()
    for sign, macs in ((1, 32), (-1, 64)):
        net = convcost.read(module, inputs=sign * torch.ones(1, 4))
        assert figures(net)[0] == macs
        assert "asks for values" in net.notes[0].text
