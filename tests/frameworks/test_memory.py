"""Memory against PyTorch: what autograd keeps, to the byte, and the peak of the allocator."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from support.files import ROOT
from support.memory_networks import IN_ZOO, NETWORKS, Code

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn, F = torch.nn, torch.nn.functional

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def seen_by_autograd(module: Any, images: Any) -> int:
    """Bytes of every piece of memory that is saved, parameters and buffers apart."""
    stored = {t.untyped_storage().data_ptr() for t in (*module.parameters(), *module.buffers())}
    seen: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        memory = tensor.untyped_storage()
        if memory.data_ptr() not in stored:
            seen[memory.data_ptr()] = tensor  # kept alive, so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        labels = torch.zeros(images.shape[0], dtype=torch.long)
        F.cross_entropy(module(images), labels)
    return sum(tensor.untyped_storage().nbytes() for tensor in seen.values())


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("name", NETWORKS)
def test_what_autograd_keeps_to_the_byte(name: str, batch: int) -> None:
    module, shape = NETWORKS[name]()
    images = torch.randn(max(batch, 2) if "norm" in name else batch, *shape)
    net = convcost.read(module, inputs=(images,))
    found = convcost.memory(net, batch=images.shape[0], training=True)
    assert found.exact
    expected = seen_by_autograd(module.train(), images)
    assert found.saved == expected
    assert sum(layer.saved for layer in found.layers) == expected
    if name in IN_ZOO:
        zoo = convcost.read(f"zoo:{IN_ZOO[name]}")
        assert convcost.memory(zoo, batch=batch, training=True, runtime="torch").saved == expected


def test_the_page_has_what_autograd_keeps() -> None:
    page = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| ([\d,]+) \|$", page, re.MULTILINE)
    assert len(rows) == 8
    for name, figure in rows:
        module, shape = NETWORKS[name]()
        kept = seen_by_autograd(module.train(), torch.randn(1, *shape))
        assert f"{kept:,}" == figure, name


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_padding_on_one_side_keeps_a_padded_copy() -> None:
    convolution = nn.Conv2d(3, 4, (4, 3), padding="same")
    module = nn.Sequential(convolution, nn.ReflectionPad2d(1), nn.Flatten())
    images = torch.randn(2, 3, 8, 8)
    found = convcost.memory(convcost.read(module, inputs=(images,)), batch=2, training=True)
    assert found.saved == seen_by_autograd(module, images)


ATTENTION = Code(lambda _, x: F.scaled_dot_product_attention(x, x, x))


@pytest.mark.parametrize("part", [nn.LSTM(4, 3), nn.LSTMCell(4, 3), ATTENTION])
def test_what_is_not_known_is_said(part: Any) -> None:
    module = Code(lambda m, x: m.part(m.before(x))[0], before=nn.Linear(4, 4), part=part)
    alone = isinstance(part, nn.LSTMCell)
    rows = torch.randn(2, 4) if alone else torch.randn(5, 2, 4)
    net = convcost.read(module, inputs=(rows,), batch_axis=0 if alone else 1)
    found = convcost.memory(net, batch=2, training=True)
    assert not found.exact
    assert found.unknown


@pytest.mark.parametrize("frozen", [(0,), (2,), (0, 2), (0, 2, 4)])
def test_frozen_layers_keep_less(frozen: tuple[int, ...]) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(),
                           nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 3))  # fmt: skip
    for number in frozen:
        module[number].requires_grad_(False)
    images = torch.randn(2, 3, 8, 8)
    found = convcost.memory(convcost.read(module, inputs=(images,)), batch=2, training=True)
    assert found.saved == seen_by_autograd(module, images)


UNARY = ("abs", "cos", "erf", "exp", "expm1", "log1p", "neg", "reciprocal", "rsqrt", "sin",
         "sqrt", "square", "tan", "sigmoid", "tanh", "floor", "atan")  # fmt: skip


@pytest.mark.parametrize("function", UNARY)
def test_functions(function: str) -> None:
    module = Code(
        lambda m, x: m.head(getattr(torch, function)(m.body(x))),
        body=nn.Linear(6, 5), head=nn.Linear(5, 3),
    )  # fmt: skip
    rows = torch.rand(4, 6)
    found = convcost.memory(convcost.read(module, inputs=(rows,)), batch=4, training=True)
    assert found.saved == seen_by_autograd(module, rows)


def allocated(run: Callable[[], Any], folder: Path) -> int:
    """The most that the allocator had given out at one time, beyond what there was before."""
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        run()
    profile.export_chrome_trace(str(folder / "trace.json"))
    trace = json.loads((folder / "trace.json").read_text())["traceEvents"]
    events = sorted((e for e in trace if e.get("name") == "[memory]"), key=lambda e: e["ts"])
    alive = most = 0
    for event in events:
        alive += event["args"]["Bytes"]
        most = max(most, alive)
    return most


def pools() -> Any:
    return nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Sigmoid(), nn.ReLU(inplace=True), nn.Flatten(),
                         nn.Unflatten(1, (5, 12, 12)), nn.AvgPool2d(2)), (5, 12, 12)  # fmt: skip


@pytest.mark.parametrize("make", [NETWORKS["seed 000"], NETWORKS["seed 001 MLP"], pools])
def test_the_peak_of_inference_is_the_allocators(make: Any, tmp_path: Path) -> None:
    """Of networks that oneDNN makes no copies in another layout for."""
    module, shape = make()
    images = torch.randn(4, *shape)
    found = convcost.memory(convcost.read(module, inputs=(images,)), batch=4)
    module.eval()

    def run() -> None:
        with torch.no_grad():
            module(images)

    run()
    of_input = images.numel() * images.element_size()
    assert found.peak_step.bytes == allocated(run, tmp_path) + of_input
