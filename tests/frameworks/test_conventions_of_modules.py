"""Counters that go by module classes, reproduced: side by side with the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost import zoo
from convcost.count.conventions.difference import count_as
from support import given_cases
from support.counters_of_modules import RUNNERS
from support.given_cases import CASES as GIVEN
from support.torch_cases import CASES as OWN

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn
F = torch.nn.functional

_AS_FUNCTION = "a tensor's method or torch.relu is recorded as the function that ptflops replaces"
_WITHOUT_BATCH = "without a batch axis the tool takes another one for it"
_STRIDED = "a linear layer over a transposed tensor is a product, and an addition without a rule"

#: (tool, case) -> why the figures differ. A case listed here that agrees fails its test.
EXCEPTIONS = {
    ("thop", "softmax over channels"): "a softmax counts along the last axis, whichever is meant",
    ("thop", "no batch axis at all"): _WITHOUT_BATCH,
    ("thop", "LSTM without batch"): _WITHOUT_BATCH,
    ("torchinfo", "LSTM without batch"): _WITHOUT_BATCH,
    ("ptflops", "no batch axis at all"): _WITHOUT_BATCH,
    ("ptflops", "LSTM without batch"): _WITHOUT_BATCH,
    ("ptflops", "attn_manual"): _AS_FUNCTION,
    ("ptflops", "attention by hand"): _AS_FUNCTION,
    ("ptflops", "modules in a dictionary"): _AS_FUNCTION,
    ("ptflops", "written in place into parts"): _AS_FUNCTION,
    ("ptflops-aten", "LSTM with a projection"): _STRIDED,
    ("ptflops-aten", "encoder layer"): _STRIDED,
    ("ptflops-aten", "nn.MultiheadAttention"): _STRIDED,
    ("ptflops-aten", "nn.MultiheadAttention with weights"): _STRIDED,
    ("ptflops-aten", "nn.TransformerEncoderLayer"): _STRIDED,
}


def real(tool: str, module: Any, inputs: Sequence[Any]) -> tuple[int, int] | None:
    """What the tool says; None where it ends with an error."""
    needed, run = RUNNERS[tool]
    pytest.importorskip(needed, reason=f"{needed} is not installed")
    try:
        return run(module, inputs)
    except (RuntimeError, ValueError):
        return None


def ours(tool: str, network: Network) -> tuple[int, int | None] | None:
    """The convention's figures; None where it says that the tool ends with an error."""
    other = count_as(network, tool)
    assert all(layer.because for layer in other.layers if layer.differs)
    return (other.operations, other.parameters) if other.complete else None


def agree(tool: str, case: str, make: Callable[[], tuple[Any, ...]]) -> None:
    module, inputs, *_ = make()
    there = real(tool, module.eval(), inputs)
    module, inputs, *_ = make()
    here = ours(tool, convcost.read(module.eval(), inputs=inputs, batch_axis=None))
    if (tool, case) in EXCEPTIONS:
        assert here != there, f"no exception any more: {EXCEPTIONS[tool, case]}"
    else:
        assert here == there


each_tool = pytest.mark.parametrize("tool", RUNNERS)


@each_tool
@pytest.mark.parametrize("case", GIVEN)
def test_given_cases(tool: str, case: str) -> None:
    agree(tool, case, GIVEN[case][1])


@given_cases.needed
def test_the_given_cases_are_there() -> None:
    assert len(GIVEN) == 76
    networks = {name for name, (group, _) in GIVEN.items() if group in ("net", "seed")}
    assert len(networks) == 10
    assert not networks & {case for _, case in EXCEPTIONS}


def test_exceptions_are_of_cases() -> None:
    unknown = {case for _, case in EXCEPTIONS} - set(GIVEN) - set(OWN) - set(MODULES)
    assert not GIVEN or not unknown
    assert {tool for tool, _ in EXCEPTIONS} <= set(RUNNERS)


@each_tool
@pytest.mark.parametrize("case", OWN)
def test_own_cases(tool: str, case: str) -> None:
    agree(tool, case, OWN[case])


class Leaf(nn.Module):
    """A class of one's own without parts, with a parameter called weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 16))

    def forward(self, x: Any) -> Any:
        return F.relu(F.linear(x, self.weight))


class First(nn.Module):
    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Any) -> Any:
        return self.part(x)[0]


class Attention(nn.Module):
    def __init__(self, *, need_weights: bool, bias: bool = True) -> None:
        super().__init__()
        self.part = nn.MultiheadAttention(32, 4, batch_first=True, bias=bias)
        self.need_weights = need_weights

    def forward(self, x: Any) -> Any:
        return self.part(x, x, x, need_weights=self.need_weights)[0]


class Steps(nn.Module):
    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any) -> Any:
        state = None
        for step in range(3):
            state = self.cell(x[:, step], state)
        return state[0] if isinstance(state, tuple) else state


class Tied(nn.Module):
    """Two modules in different wholes hold the same weights; others are never called."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(16, 16), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 2))
        self.second[0].weight = self.first[0].weight
        self.scale = nn.Parameter(torch.randn(16))
        self.unused = nn.Sequential(nn.Linear(3, 3))

    def forward(self, x: Any) -> Any:
        return self.second(self.first(x * self.scale))


class Dictionary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({"conv": nn.Conv2d(8, 4, 3), "norm": nn.BatchNorm2d(4)})

    def forward(self, x: Any) -> Any:
        return torch.relu(self.parts["norm"](self.parts["conv"](x)))


class Attends(nn.Module):
    """Attention without heads, or to fewer features: PyTorch takes it apart into products."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features

    def forward(self, x: Any) -> Any:
        return F.scaled_dot_product_attention(x, x, x[..., : self.features])


class TimesVector(nn.Module):
    def __init__(self, *, first: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 16) if first else torch.randn(16))
        self.first = first

    def forward(self, x: Any) -> Any:
        return self.weight @ x if self.first else x @ self.weight


class InDoublePrecision(nn.Module):
    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part.double()

    def forward(self, x: Any) -> Any:
        return self.part(x.double())[0]


def frozen() -> nn.Module:
    module = nn.Sequential(nn.Conv2d(8, 4, 3), nn.Linear(14, 3))
    module[0].weight.requires_grad_(requires_grad=False)
    return module


IMAGE, SEQUENCE = (2, 8, 16, 16), (3, 10, 16)

#: Case -> (module, shape of its input).
MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "ReLU": (nn.ReLU, IMAGE),
    "ReLU6": (nn.ReLU6, IMAGE),
    "PReLU": (nn.PReLU, IMAGE),
    "ELU": (nn.ELU, IMAGE),
    "LeakyReLU": (nn.LeakyReLU, IMAGE),
    "GELU": (nn.GELU, IMAGE),
    "SiLU": (nn.SiLU, IMAGE),
    "Hardswish": (nn.Hardswish, IMAGE),
    "Softmax": (lambda: nn.Softmax(-1), IMAGE),
    "softmax over channels": (lambda: nn.Softmax(1), IMAGE),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGE),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, ceil_mode=True), IMAGE),
    "AdaptiveAvgPool2d of one part": (lambda: nn.AdaptiveAvgPool2d(1), IMAGE),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(5), IMAGE),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(2), IMAGE),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), SEQUENCE),
    "AvgPool3d": (lambda: nn.AvgPool3d(2), (1, 2, 4, 4, 4)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(8), IMAGE),
    "BatchNorm2d without scale": (lambda: nn.BatchNorm2d(8, affine=False), IMAGE),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(10), SEQUENCE),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(8), IMAGE),
    "InstanceNorm2d with scale": (lambda: nn.InstanceNorm2d(8, affine=True), IMAGE),
    "GroupNorm": (lambda: nn.GroupNorm(2, 8), IMAGE),
    "LayerNorm": (lambda: nn.LayerNorm(16), IMAGE),
    "LayerNorm without scale": (lambda: nn.LayerNorm(16, elementwise_affine=False), IMAGE),
    "RMSNorm": (lambda: nn.RMSNorm(16), IMAGE),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(4), IMAGE),
    "Upsample by factor": (lambda: nn.Upsample(scale_factor=2), IMAGE),
    "Upsample to size": (lambda: nn.Upsample(size=(20, 20)), IMAGE),
    "Upsample bicubic": (lambda: nn.Upsample(scale_factor=2, mode="bicubic"), IMAGE),
    "Upsample trilinear": (
        lambda: nn.Upsample(scale_factor=2, mode="trilinear"),
        (1, 2, 4, 4, 4),
    ),
    "UpsamplingBilinear2d": (lambda: nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    "Conv2d that reflects": (
        lambda: nn.Conv2d(8, 4, 3, padding=1, padding_mode="reflect"),
        IMAGE,
    ),
    "Conv1d in groups": (lambda: nn.Conv1d(10, 4, 3, groups=2), SEQUENCE),
    "ConvTranspose2d in groups": (lambda: nn.ConvTranspose2d(8, 4, 3, groups=2), IMAGE),
    "ConvTranspose3d": (lambda: nn.ConvTranspose3d(2, 3, 3, stride=2), (2, 2, 4, 4, 4)),
    "Linear on an image": (lambda: nn.Linear(16, 3), IMAGE),
    "LSTM": (lambda: First(nn.LSTM(16, 32, batch_first=True)), SEQUENCE),
    "LSTM both ways": (lambda: First(nn.LSTM(16, 32, 2, bidirectional=True)), SEQUENCE),
    "LSTM without bias": (lambda: First(nn.LSTM(16, 32, 2, bias=False)), SEQUENCE),
    "LSTM projected": (lambda: First(nn.LSTM(16, 32, 2, proj_size=8)), SEQUENCE),
    "LSTM without batch": (lambda: First(nn.LSTM(16, 32)), SEQUENCE[1:]),
    "LSTM in double precision": (lambda: InDoublePrecision(nn.LSTM(16, 32)), SEQUENCE),
    "GRU": (lambda: First(nn.GRU(16, 32, 2)), SEQUENCE),
    "RNN": (lambda: First(nn.RNN(16, 32)), SEQUENCE),
    "RNN with ReLU": (lambda: First(nn.RNN(16, 32, bias=False, nonlinearity="relu")), SEQUENCE),
    "LSTMCell": (lambda: Steps(nn.LSTMCell(16, 8)), SEQUENCE),
    "GRUCell": (lambda: Steps(nn.GRUCell(16, 8)), SEQUENCE),
    "RNNCell": (lambda: Steps(nn.RNNCell(16, 8, bias=False)), SEQUENCE),
    "nn.MultiheadAttention": (lambda: Attention(need_weights=False), (2, 10, 32)),
    "nn.MultiheadAttention with weights": (lambda: Attention(need_weights=True), (2, 10, 32)),
    "nn.MultiheadAttention of one sample": (
        lambda: Attention(need_weights=True, bias=False),
        (1, 10, 32),
    ),
    "nn.TransformerEncoderLayer": (
        lambda: nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, activation="gelu"),
        (2, 10, 32),
    ),
    "attention of one head": (lambda: Attends(16), (2, 10, 16)),
    "attention of several heads": (lambda: Attends(16), (2, 3, 10, 16)),
    "attention to fewer features": (lambda: Attends(4), (2, 3, 10, 16)),
    "a matrix times a vector": (lambda: TimesVector(first=True), (16,)),
    "rows times a vector": (lambda: TimesVector(first=False), SEQUENCE),
    "a leaf of one's own": (lambda: nn.Sequential(Leaf(), nn.ReLU()), (2, 3, 16)),
    "the whole is a leaf": (Leaf, (2, 16)),
    "tied and unused": (Tied, (2, 16)),
    "modules in a dictionary": (Dictionary, IMAGE),
    "frozen": (frozen, IMAGE),
}  # fmt: skip


@each_tool
@pytest.mark.parametrize("case", MODULES)
def test_modules(tool: str, case: str) -> None:
    make, shape = MODULES[case]

    def made() -> tuple[nn.Module, tuple[Any, ...]]:
        module = make()
        whole = module if type(module).__module__ == __name__ else nn.Sequential(module)
        return whole, (torch.randn(shape),)

    agree(tool, case, made)


#: A network of the zoo, which has no modules -> the same written with PyTorch the plainest way.
PLAIN: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "seed000": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 32, 3, padding="same"), nn.ReLU(), nn.BatchNorm2d(32),
            nn.Flatten(), nn.Linear(32768, 43), nn.Softmax(-1),
        ),
        (1, 3, 32, 32),
    ),
    "seed001-mlp": (
        lambda: nn.Sequential(
            nn.Linear(784, 512), nn.ReLU(), nn.Dropout(), nn.Linear(512, 512), nn.ReLU(),
            nn.Dropout(), nn.Linear(512, 10), nn.Softmax(-1),
        ),
        (1, 784),
    ),
    "seed001-cnn": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Dropout(), nn.Flatten(), nn.Linear(9216, 10), nn.Softmax(-1),
        ),
        (1, 1, 28, 28),
    ),
}  # fmt: skip


@each_tool
@pytest.mark.parametrize("name", PLAIN)
def test_networks_without_modules(tool: str, name: str) -> None:
    make, shape = PLAIN[name]
    there = real(tool, make().eval(), (torch.randn(shape),))
    assert ours(tool, zoo.load(name)) == there
