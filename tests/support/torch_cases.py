"""PyTorch modules that other counters get wrong, with figures by formula.

`CASES[name]` = (module, example inputs, MACs, parameters) for the inputs as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn, F = torch.nn, torch.nn.functional

if TYPE_CHECKING:
    from collections.abc import Callable

Case = tuple[nn.Module, tuple[Any, ...], int, int]
CASES: dict[str, Callable[[], Case]] = {}


class Code(nn.Module):
    """A module whose forward pass is a function, with parts and parameters by name."""

    def __init__(self, function: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(self, *inputs)


def case(name: str, macs: int, parameters: int, *shapes: tuple[int, ...]) -> Any:
    """Register what makes a module, with the shapes of its inputs."""

    def add(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        CASES[name] = lambda: (make(), tuple(torch.randn(s) for s in shapes), macs, parameters)
        return make

    return add


def weight(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(shape))


IMAGE = (2, 3, 8, 8)
HIDDEN = (2, 8, 8, 8)
POSITIONS = 2 * 8 * 8
CONV = POSITIONS * 3 * 8 * 9

case("padding same, even kernel", POSITIONS * 8 * 8 * 16, 1024, HIDDEN)(
    lambda: nn.Conv2d(8, 8, 4, padding="same", bias=False)
)
case("functional, padding same", CONV, 216, IMAGE)(
    lambda: Code(lambda m, x: F.conv2d(x, m.w, padding="same"), w=weight(8, 3, 3, 3))
)
case("depthwise", POSITIONS * 8 * 9, 72, HIDDEN)(
    lambda: nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
)
case("depthwise with two per channel", POSITIONS * 16 * 9, 144 + 16, HIDDEN)(
    lambda: nn.Conv2d(8, 16, 3, padding=1, groups=8)
)
case("grouped, dilated, strided, 1x5", 2 * 4 * 8 * 8 * 4 * 5, 160, HIDDEN)(
    lambda: nn.Conv2d(8, 8, (1, 5), (2, 1), (0, 4), (1, 2), groups=2, bias=False)
)
case("transposed", POSITIONS * 8 * 4 * 16, 512 + 4, HIDDEN)(
    lambda: nn.ConvTranspose2d(8, 4, 4, 2, 1)
)
case("transposed, grouped, output padding", POSITIONS * 8 * 2 * 9, 144, HIDDEN)(
    lambda: nn.ConvTranspose2d(8, 4, 3, 2, 1, 1, groups=2, bias=False)
)
case("one dimension", 2 * 32 * 4 * 8 * 5, 160, (2, 4, 32))(
    lambda: nn.Conv1d(4, 8, 5, padding=2, bias=False)
)
case("three dimensions", 2 * 64 * 2 * 4 * 27, 216 + 4, (2, 2, 4, 4, 4))(
    lambda: nn.Conv3d(2, 4, 3, padding=1)
)
case("no batch axis at all", 64 * 3 * 8 * 9, 216, (3, 8, 8))(
    lambda: nn.Conv2d(3, 8, 3, padding=1, bias=False)
)
case("lazy", CONV, 216, IMAGE)(lambda: nn.Sequential(nn.LazyConv2d(8, 3, padding=1, bias=False)))
case("weight norm", CONV, 216 + 8, IMAGE)(
    lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3, padding=1, bias=False))
)
case("spectral norm", CONV + 27 * 8 + 8, 216, IMAGE)(
    lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 8, 3, padding=1, bias=False))
)
case("standardised kernel", CONV, 216, IMAGE)(
    lambda: Code(
        lambda m, x: F.conv2d(x, (m.w - m.w.mean((1, 2, 3), keepdim=True)) / m.w.std(), padding=1),
        w=weight(8, 3, 3, 3),
    )
)
case("a kernel per sample", 2 * 4 * 16 + POSITIONS * 4 * 4 * 9, 64, (2, 4), (2, 4, 8, 8))(
    lambda: Code(
        lambda m, route, x: F.conv2d(
            x.reshape(1, -1, 8, 8),
            (route @ m.w).repeat(1, 9).reshape(-1, 4, 3, 3),
            padding=1,
            groups=x.shape[0],
        ).reshape(-1, 4, 8, 8),
        w=weight(4, 16),
    )
)
case("linear on three axes", 2 * 10 * 16 * 32, 512 + 32, (2, 10, 16))(lambda: nn.Linear(16, 32))
case("x @ W", 2 * 64 * 32, 2048, (2, 64))(lambda: Code(lambda m, x: x @ m.w, w=weight(64, 32)))
case("x @ W.T", 2 * 64 * 32, 2048, (2, 64))(
    lambda: Code(lambda m, x: x @ m.w.t(), w=weight(32, 64))
)
case("W @ x (unfold)", CONV, 216, IMAGE)(
    lambda: Code(lambda m, x: m.w @ F.unfold(x, 3, padding=1), w=weight(8, 27))
)
case("broadcast product", 2 * 3 * 8 * 16 * 4, 64, (2, 3, 8, 16))(
    lambda: Code(lambda m, x: x @ m.w, w=weight(16, 4))
)
case("bmm", 2 * 8 * 16 * 4, 0, (2, 8, 16), (2, 16, 4))(
    lambda: Code(lambda _, a, b: torch.bmm(a, b))
)
case("baddbmm", 2 * 8 * 16 * 4, 0, (2, 8, 4), (2, 8, 16), (2, 16, 4))(
    lambda: Code(lambda _, c, a, b: torch.baddbmm(c, a, b, alpha=0.5))
)
case("einsum", 2 * 2 * 8 * 8 * 16, 0, (2, 2, 8, 16), (2, 2, 8, 16))(
    lambda: Code(lambda _, q, k: torch.einsum("bhid,bhjd->bhij", q, k))
)
case("bilinear", 2 * 4 * 8 * 6, 192 + 4, (2, 8), (2, 6))(lambda: nn.Bilinear(8, 6, 4))
case("attention", 2 * 2 * (2 * 8 * 8 * 16), 0, *((2, 2, 8, 16),) * 3)(
    lambda: Code(lambda _, q, k, v: F.scaled_dot_product_attention(q, k, v))
)
case("attention by hand", 2 * 2 * (2 * 8 * 8 * 16), 0, *((2, 2, 8, 16),) * 3)(
    lambda: Code(lambda _, q, k, v: (q @ k.transpose(-1, -2)).softmax(-1) @ v)
)
case("multi-head attention", 2 * (10 * 32 * 32 * 4 + 2 * 100 * 32), 4096, (2, 10, 32))(
    lambda: Code(
        lambda m, x: m.a(x, x, x)[0], a=nn.MultiheadAttention(32, 4, bias=False, batch_first=True)
    )
)
case("cross attention", 2 * (24 * 32 * 32 + 2 * 35 * 32), 4096, (2, 7, 32), (2, 7, 32))(
    lambda: Code(
        lambda m, x, y: m.a(x, y[:, :5] * 1, y[:, :5] * 1)[0],
        a=nn.MultiheadAttention(32, 4, bias=False, batch_first=True),
    )
)
case("encoder layer", 2 * (10 * 32 * 32 * 4 + 2 * 100 * 32 + 2 * 10 * 32 * 64), 8544, (2, 10, 32))(
    lambda: nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
)
case("LSTM", 2 * 10 * 4 * 32 * 48, 4 * 32 * 48 + 256, (2, 10, 16))(
    lambda: nn.LSTM(16, 32, batch_first=True)
)
case(
    "LSTM, two levels, both directions, time first",
    2 * 10 * 2 * 4 * 32 * (16 + 32 + 64 + 32),
    2 * 4 * 32 * (16 + 32 + 64 + 32 + 4),
    (10, 2, 16),
)(lambda: nn.LSTM(16, 32, 2, bidirectional=True))
case(
    "LSTM with a projection", 2 * 10 * (4 * 32 * (16 + 8) + 32 * 8), 3072 + 256 + 256, (2, 10, 16)
)(lambda: nn.LSTM(16, 32, proj_size=8, batch_first=True))
case("GRU", 2 * 10 * 3 * 32 * 48, 3 * 32 * 48, (2, 10, 16))(
    lambda: nn.GRU(16, 32, batch_first=True, bias=False)
)
case("LSTM cell in a loop", 2 * 3 * 4 * 32 * 48, 4 * 32 * 48 + 256, (2, 3, 16), (2, 32), (2, 32))(
    lambda: Code(_three_steps, cell=nn.LSTMCell(16, 32))
)
case("one module twice", 2 * POSITIONS * 64 * 9, 576, HIDDEN)(
    lambda: Code(lambda m, x: m.c(m.c(x)), c=nn.Conv2d(8, 8, 3, padding=1, bias=False))
)
case("tied weight", 2 * 2 * 256, 256, (2, 16))(lambda: _tied())  # noqa: PLW0108 - it is defined below
case("unused module", CONV, 216 + 584, IMAGE)(
    lambda: Code(
        lambda m, x: m.a(x), a=nn.Conv2d(3, 8, 3, padding=1, bias=False), b=nn.Conv2d(8, 8, 3)
    )
)
case("a method, not forward", CONV, 216, IMAGE)(
    lambda: Code(
        lambda m, x: m.c._conv_forward(x, m.c.weight, None),
        c=nn.Conv2d(3, 8, 3, padding=1, bias=False),
    )
)
case("own parameter and part", POSITIONS * (64 * 9 + 64), 576 + 64, HIDDEN)(
    lambda: Code(
        lambda m, x: m.c(F.conv2d(x, m.w, padding=1)),
        w=weight(8, 8, 3, 3),
        c=nn.Conv2d(8, 8, 1, bias=False),
    )
)
case("written in place into parts", CONV, 216, IMAGE)(
    lambda: Code(_in_parts, c=nn.Conv2d(3, 8, 3, padding=1, bias=False))
)
case("class token and positions", 2 * 5 * 16 * 4, 16 + 80 + 68, (2, 4, 16))(
    lambda: Code(
        lambda m, x: m.head(torch.cat([m.token.expand(x.shape[0], -1, -1), x], 1) + m.places),
        token=weight(1, 1, 16),
        places=weight(1, 5, 16),
        head=nn.Linear(16, 4),
    )
)
case("scripted", CONV, 216, IMAGE)(
    lambda: torch.jit.script(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False)))
)
case("empty parts", CONV, 216, IMAGE)(
    lambda: Code(
        lambda m, x: torch.cat([x[:, :0], m.c(x)], 1), c=nn.Conv2d(3, 8, 3, padding=1, bias=False)
    )
)
case("patches folded back", 0, 0, (2, 27, 64))(lambda: nn.Fold(8, 3, padding=1))
case("added by index", 0, 0, (2, 5, 4), (2, 3, 4))(
    lambda: Code(lambda _, x, y: x.index_add(1, torch.tensor([0, 4, 4]), y))
)
case("picked between pixels", 0, 0, IMAGE, (2, 4, 5, 2))(
    lambda: Code(lambda _, x, places: F.grid_sample(x, places, align_corners=False))
)
case("copied from the nearest", 0, 0, IMAGE)(
    lambda: nn.Upsample(scale_factor=2, mode="nearest-exact")
)
case("functions that consist of products", 2 * 8 * 4 * (16 + 3), 64 + 12, (2, 8, 16))(
    lambda: Code(
        lambda m, x: torch.inner(torch.tensordot(x, m.a.weight.t(), 1), m.b.weight),
        a=nn.Linear(16, 4, bias=False),
        b=nn.Linear(4, 3, bias=False),
    )
)
case("everything else", POSITIONS * 27 * 8 + 2 * 8 * 5, 216 + 16 + 8 + 16 + 16 + 16 + 45, IMAGE)(
    lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.PReLU(8),
        nn.GroupNorm(2, 8),
        nn.InstanceNorm2d(8, affine=True),
        nn.LocalResponseNorm(3),
        nn.BatchNorm2d(8, track_running_stats=False),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(size=(7, 9), mode="bicubic"),
        nn.ReflectionPad2d(1),
        nn.ZeroPad2d((1, 0, 2, 0)),
        nn.PixelUnshuffle(1),
        nn.AdaptiveAvgPool2d((4, 3)),
        nn.AvgPool2d(2),
        nn.GLU(1),
        nn.Softmax2d(),
        nn.AdaptiveMaxPool2d(1),
        nn.Dropout(),
        nn.Flatten(),
        Code(lambda _, x: torch.cat([x, x], 1).sigmoid() * 2 - x.mean() + x.std(1, keepdim=True)),
        nn.Linear(8, 5),
    )
)


def _three_steps(m: Any, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    for step in range(3):
        h, c = m.cell(x[:, step], (h, c))
    return h


def _tied() -> nn.Module:
    first, second = nn.Linear(16, 16, bias=False), nn.Linear(16, 16, bias=False)
    second.weight = first.weight
    return nn.Sequential(first, second)


def _in_parts(m: Any, x: torch.Tensor) -> torch.Tensor:
    y = torch.empty_like(x)
    y[:, :1] = x[:, 2:]
    y[:, 1:].copy_(x[:, :2]).mul_(2)
    y.relu_()
    return m.c(y)
