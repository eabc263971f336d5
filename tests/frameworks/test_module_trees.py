"""Trees of modules: parameters as the frameworks count them, MACs as PyTorch's counter does."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost.count import Workload, count
from convcost.count.tree import group
from convcost.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.count.group import Group
    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")


def tree(net: Network, batch: int = 1) -> dict[str, Group]:
    """The groups of modules by their paths."""
    counted = count(net, Workload(batch=batch))
    grouping = group(net, counted)
    assert sum(x.total.parameters for x in grouping.groups) == counted.total.parameters
    macs = sum(x.total.forward.macs for x in grouping.groups)
    assert macs == counted.total.forward.macs
    return {x.path: x for _, x in grouping.rows() if x.what == "module"}


def residual(torch: Any) -> Any:
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self, i: int, o: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(o)
            self.relu = nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(o)
            self.downsample: Any = None
            if stride != 1 or i != o:
                conv = nn.Conv2d(i, o, 1, stride, bias=False)
                self.downsample = nn.Sequential(conv, nn.BatchNorm2d(o))

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + (x if self.downsample is None else self.downsample(x)))

    class Residual(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.ReLU())
            self.layer1 = nn.Sequential(Block(8, 8, 1), Block(8, 8, 1))
            self.layer2 = nn.Sequential(Block(8, 16, 2), Block(16, 16, 1))
            self.fc = nn.Linear(16, 10)
            self.spare = nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return self.fc(self.layer2(self.layer1(self.stem(x))).mean((2, 3)))

    return Residual(), (2, 3, 32, 32)


def transformer(torch: Any) -> Any:
    """One block of attention called three times, between an embedding of patches and a head."""
    nn = torch.nn

    class Attention(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(24, 72)
            self.project = nn.Linear(24, 24)

        def forward(self, x: Any) -> Any:
            n, t, _ = x.shape
            q, k, v = self.qkv(x).reshape(n, t, 3, 4, 6).permute(2, 0, 3, 1, 4)
            # written out: PyTorch's counter does not know the fused kernel of a CPU
            y = (q @ k.transpose(-2, -1) / 6**0.5).softmax(-1) @ v
            return self.project(y.transpose(1, 2).reshape(n, t, 24))

    class Block(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(24), nn.LayerNorm(24)
            self.attention = Attention()
            self.mlp = nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 24))

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class Transformer(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, 24, 4, 4)
            self.position = nn.Parameter(torch.zeros(1, 16, 24))
            self.block = Block()
            self.head = nn.Linear(24, 5)

        def forward(self, x: Any) -> Any:
            x = self.patches(x).flatten(2).transpose(1, 2) + self.position
            for _ in range(3):
                x = self.block(x)
            return self.head(x.mean(1))

    return Transformer(), (2, 3, 16, 16)


MAKERS = {"residual": residual, "transformer": transformer}


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest) -> Any:
    """A module in evaluation mode, and the shape of an input of two samples."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    module, shape = MAKERS[request.param](torch)
    return module.eval(), shape


def test_parameters_are_those_of_the_modules(made: Any) -> None:
    module, shape = made
    found = tree(convcost.read(module, inputs=[shape]))
    compared = 0
    for path, part in module.named_modules():
        if path in found:
            assert found[path].total.parameters == sum(p.numel() for p in part.parameters()), path
            kind = f"{type(part).__module__}.{type(part).__qualname__}"
            assert found[path].kind == kind
            compared += 1
        else:
            # the whole, which is no part of itself, and what neither runs nor stores
            assert not path or not list(part.parameters())
    assert compared >= len(found) >= 10


def test_macs_are_those_of_pytorchs_own_counter(made: Any) -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    module, shape = made
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(shape))
    whole = type(module).__name__
    expected = {
        path.removeprefix(f"{whole}."): sum(flops.values())
        for path, flops in counter.get_flop_counts().items()
        if path.startswith(f"{whole}.")
    }
    found = tree(convcost.read(module, inputs=[shape]), batch=2)
    assert {
        path: x.total.forward.macs * 2 for path, x in found.items() if x.total.forward.macs
    } == {path: flops for path, flops in expected.items() if flops}


def test_a_module_called_again_adds_work_and_no_parameters() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    module, shape = transformer(torch)
    found = tree(convcost.read(module, inputs=[shape]))
    once = 16 * 24 * 48
    assert found["block.mlp.0"].total.forward.macs == 3 * once
    assert found["block.mlp.0"].layers == 3
    assert found["block.mlp.0"].parts == ()


def test_an_exported_program_has_the_modules_of_the_module(made: Any, tmp_path: Path) -> None:
    import torch

    module, shape = made
    exported = torch.export.export(module, (torch.zeros(shape),))
    torch.export.save(exported, tmp_path / "exported.pt2")
    from_file = convcost.read(tmp_path / "exported.pt2")
    live = convcost.read(module, inputs=[shape])
    assert [x.origin for x in from_file.layers] == [x.origin for x in live.layers]
    # the file does not tell the classes of modules that do not run
    kinds = {x.path: (x.kind, x.parameters) for x in live.modules}
    for part in from_file.modules:
        kind, parameters = kinds[part.path]
        assert part.parameters == parameters
        assert part.kind == ("" if part.path == "spare" else kind)
    files, lives = tree(from_file), tree(live)
    assert {path: x.total.parameters for path, x in files.items()} == {
        path: x.total.parameters for path, x in lives.items()
    }


def test_a_module_whose_work_its_parts_interrupt_is_called_once(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Inner(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.act = torch.nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.act(self.act(x * 3.0)) + x

    class Outer(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def forward(self, x: Any) -> Any:
            return self.inner(self.inner(x))

    exported = torch.export.export(Outer(), (torch.zeros(2, 4),))
    torch.export.save(exported, tmp_path / "twice.pt2")
    net = convcost.read(tmp_path / "twice.pt2")
    assert [(x.origin.module, x.origin.call) for x in net.layers if x.origin] == [
        ("inner", 0), ("inner.act", 0), ("inner.act", 1), ("inner", 0),
        ("inner", 1), ("inner.act", 2), ("inner.act", 3), ("inner", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("L__self__,,N;L__self__forward,forward,K", "'forward' already exists"),
        ("L__self__,,N;L__self__a,a..b,K", "module name can.*t be empty"),
        (f"L__self__a,{'.'.join('a' * 3000)},K", "modules are nested more than 32 deep"),
        (f"L__self__a@{'9' * 5000},a,K", "is damaged or of another version"),
    ],
)
def test_an_exported_program_with_made_up_modules(stack: str, message: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    exported = torch.export.export(torch.nn.ReLU(), (torch.zeros(2, 4),))
    torch.export.save(exported, tmp_path / "honest.pt2")
    with (
        zipfile.ZipFile(tmp_path / "honest.pt2") as old,
        zipfile.ZipFile(tmp_path / "made-up.pt2", "w") as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if "/models/" in name and name.endswith(".json"):
                program = json.loads(data)
                for node in program["graph_module"]["graph"]["nodes"]:
                    node["metadata"]["nn_module_stack"] = stack
                data = json.dumps(program).encode()
            new.writestr(name, data)
    with pytest.raises(SourceError, match=message):
        convcost.read(tmp_path / "made-up.pt2")


def keras_models() -> Any:
    """A model in a model, called twice, in another one."""
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    layers = keras.layers
    stem = keras.Sequential(
        [
            layers.Input((8, 8, 4)),
            layers.Conv2D(4, 3, padding="same", name="conv"),
            layers.BatchNormalization(name="bn"),
        ],
        name="stem",
    )
    given = keras.Input((8, 8, 4))
    body = keras.Model(given, layers.Add(name="plus")([stem(given), given]), name="body")
    image = keras.Input((8, 8, 4), name="image")
    y = layers.GlobalAveragePooling2D(name="gap")(body(body(image)) * 2.0)
    whole = keras.Model(image, layers.Dense(3, name="fc")(y), name="whole")
    return whole, {"body": body, "body.stem": stem}


def test_models_in_a_live_keras_model() -> None:
    whole, parts = keras_models()
    net = convcost.read(whole)
    assert [(x.path, x.kind) for x in net.modules] == [
        ("", "keras.Functional"), ("body", "keras.Functional"), ("body.stem", "keras.Sequential"),
    ]  # fmt: skip
    found = tree(net)
    for path, model in parts.items():
        total = found[path].total
        assert total.parameters + total.statistics == model.count_params()
        trained = sum(int(weight.numpy().size) for weight in model.trainable_weights)
        assert total.trainable_parameters == trained
    functions = [x.origin.function for x in net.layers if x.origin and x.origin.module == ""]
    assert functions == [
        "keras.InputLayer", "multiply", "keras.GlobalAveragePooling2D", "keras.Dense",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["whole.keras", "whole.h5", "whole.json"])
def test_models_in_a_keras_file(name: str, tmp_path: Path) -> None:
    whole, _ = keras_models()
    path = tmp_path / name
    if name.endswith(".json"):
        path.write_text(whole.to_json())
    else:
        whole.save(path)
    net, live = convcost.read(path), convcost.read(whole)
    assert net.modules == live.modules
    assert [x.origin for x in net.layers] == [x.origin for x in live.layers]


def test_models_in_a_printed_keras_model() -> None:
    whole, parts = keras_models()
    printed: list[str] = []
    show = {"expand_nested": True, "line_length": 200, "show_trainable": True}
    whole.summary(**show, print_fn=lambda line, **_: printed.append(line))
    net = convcost.read("\n".join(printed))
    assert [x.path for x in net.modules] == ["", *parts]
    assert {x.name: x.origin.module for x in net.layers if x.origin and x.origin.module} == {
        "conv": "body.stem", "bn": "body.stem", "plus": "body",
    }  # fmt: skip


def test_a_subclassed_keras_model_in_another_one() -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")

    class Head(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="head")
            self.dense = keras.layers.Dense(7, name="dense")

        def call(self, x: Any) -> Any:
            return self.dense(x)

    head = Head()
    given = keras.Input((5,), name="given")
    net = convcost.read(keras.Model(given, head(keras.layers.ReLU(name="act")(given))))
    assert [x.path for x in net.modules] == ["", "head"]
    assert net.modules[1].kind == f"{Head.__module__}.{Head.__qualname__}"
    assert tree(net)["head"].total.parameters == head.count_params() == 5 * 7 + 7
