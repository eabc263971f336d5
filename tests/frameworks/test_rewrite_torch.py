"""Modules of PyTorch rewritten: the same outputs, or refused; written as code and arrays."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost import zoo
from convcost.rewrite.running.valued import filled
from convcost.write.files import save_networks
from convcost.write.torch.module import torch_module
from support.keras_models import keras_models
from support.written import ZOO, totals

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")
torch = pytest.importorskip("torch", reason="PyTorch is not installed")

EXACT = ["drop-identities", "fold-batch-norm", "fold-batch-norm-forward", "merge-pointwise"]


def ran(module: Any, x: Any) -> Any:
    with torch.no_grad():
        return module.eval()(x)


def with_statistics(module: Any) -> Any:
    torch.manual_seed(0)
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.data.uniform_(0.5, 1.5)
    return module.eval()


class Reused(torch.nn.Module):
    """pytorch/pytorch#197539: one convolution, a BatchNorm behind each of its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 3, padding=1)
        self.bn1 = torch.nn.BatchNorm2d(3)
        self.bn2 = torch.nn.BatchNorm2d(3)

    def forward(self, x: Any) -> Any:
        return self.bn2(self.conv(torch.relu(self.bn1(self.conv(x)))))


def test_a_convolution_that_is_called_twice_is_refused() -> None:
    module = with_statistics(Reused())
    x = torch.randn(2, 3, 8, 8)
    found = convcost.rewrite(convcost.read(module, inputs=x), EXACT, device="laptop-cpu")
    fold = next(step for step in found.steps if step.name == "fold-batch-norm")
    assert fold.verdict == "refused"
    assert [each.layer for each in fold.refused] == ["bn1", "bn2"]
    assert all("its weights are those of" in each.why for each in fold.refused)
    assert torch.equal(ran(torch_module(found.network), x), ran(module, x))


def test_a_module_with_all_kinds_of_places() -> None:
    nn = torch.nn
    module = with_statistics(nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.3),
        nn.Conv2d(8, 8, 3, groups=8), nn.BatchNorm2d(8, affine=False), nn.Identity(),
        nn.ConvTranspose2d(8, 6, 2, stride=2, groups=2), nn.BatchNorm2d(6), nn.ReLU(),
        nn.BatchNorm2d(6), nn.Conv2d(6, 5, 3), nn.Flatten(), nn.Linear(5 * 14 * 14, 64),
        nn.BatchNorm1d(64), nn.Linear(64, 3),
    ))  # fmt: skip
    x = torch.randn(2, 3, 12, 12)
    net = convcost.read(module, inputs=x)
    found = convcost.rewrite(net, EXACT, device="laptop-cpu")
    sites = {step.name: len(step.sizes) for step in found.steps}
    assert (sites["fold-batch-norm"], sites["fold-batch-norm-forward"]) == (4, 1)
    assert sites["drop-identities"] >= 1
    assert "batch_norm" not in {layer.op.kind for layer in found.network.layers}
    made, wanted = torch_module(found.network), ran(module, x)
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in made.modules())
    assert (ran(made, x) - wanted).abs().max() <= 1e-5 * wanted.abs().max()


def written(net: Network, folder: Path) -> Any:
    """What the code of a network gives, in a file of its own."""
    path = folder / "net.py"
    assert save_networks([net], path) == (path, folder / "net.npz")
    code = path.read_text()
    assert "pickle" not in code.replace("allow_pickle=False", "")
    assert "convcost." not in code.replace("written by convcost", "")
    return runpy.run_path(str(path))["load"]()


@pytest.mark.parametrize("name", ["resnet18?image=64", "googlenet", "mobilenet?image=96",
                                  "inception-v3-block", "xception-block", "seed000"])  # fmt: skip
def test_code_of_the_zoo_computes_the_same(name: str, tmp_path: Path) -> None:
    assert name in ZOO or name.startswith("resnet18")
    net = filled(zoo.load(name))
    shape = [size if isinstance(size, int) else 2 for size in net.layers[0].outputs[0].shape]
    x = torch.from_numpy(np.random.default_rng(0).normal(size=shape).astype("float32"))
    made = written(net, tmp_path)
    assert torch.equal(ran(made, x), ran(torch_module(net), x))
    assert totals(convcost.read(made, inputs=x)) == totals(net)


def test_code_of_odd_parts_computes_the_same(tmp_path: Path) -> None:
    nn = torch.nn
    module = with_statistics(nn.Sequential(
        nn.Conv2d(4, 8, 3, padding=1, padding_mode="zeros"), nn.ConstantPad2d((1, 0, 1, 0), 0.0),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False), nn.GroupNorm(2, 8), nn.PReLU(8),
        nn.LeakyReLU(0.3), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        nn.ELU(0.5), nn.LayerNorm(12, bias=False),
        nn.GELU(approximate="tanh"), nn.Softplus(),
    ))  # fmt: skip
    module[0].weight.requires_grad_(False)
    x = torch.randn(2, 4, 11, 11)
    net = convcost.read(module, inputs=x)
    made = written(net, tmp_path)
    wanted = ran(module, x)
    assert (ran(made, x) - wanted).abs().max() <= 1e-5 * wanted.abs().max()
    frozen = [name for name, p in made.named_parameters() if not p.requires_grad]
    assert len(frozen) == 1


@pytest.mark.parametrize("name", ["LSTM", "GRU", "simple", "embedding"])
def test_code_of_recurrent_layers_computes_the_same(name: str, tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    model = keras.Sequential(keras_models()[name])
    net = convcost.read(model)
    state = np.random.default_rng(0)
    shape = (2, *model.input_shape[1:])
    x = state.integers(0, 10, shape) if name == "embedding" else state.normal(size=shape)
    x = torch.from_numpy(x.astype("float32"))
    made, wanted = ran(written(net, tmp_path), x), ran(torch_module(net), x)
    assert torch.equal(made, wanted)


def test_shared_and_half_precision_parts(tmp_path: Path) -> None:
    module = with_statistics(Reused())
    x = torch.randn(2, 3, 8, 8)
    net = convcost.read(module, inputs=x)
    made = written(net, tmp_path)
    assert torch.equal(ran(made, x), ran(module, x))
    assert sum(p.numel() for p in made.parameters()) == sum(p.numel() for p in module.parameters())
    half = filled(zoo.load("seed001-mlp").with_dtype("float16"))
    folder = tmp_path / "half"
    folder.mkdir()
    again = written(half, folder)
    assert {p.dtype for p in again.parameters()} == {torch.float16}


def test_a_rewritten_module_is_written_as_code(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from convcost.cli.main import group

    old, new = tmp_path / "old.onnx", tmp_path / "new.py"
    convcost.write(filled(zoo.load("resnet18?image=64")), old)
    words = ["rewrite", str(old), "--apply", "fold-batch-norm", "-o", str(new)]
    result = CliRunner().invoke(group, [*words, "--device", "laptop-cpu"])
    assert result.exit_code == 0, result.stderr
    assert result.stderr == f"wrote {new} and {tmp_path / 'new.npz'}\n"
    module = runpy.run_path(str(new))["load"]()
    assert not [m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    x = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype("float32")
    import onnxruntime as runtime

    session = runtime.InferenceSession(str(old))
    (wanted,) = session.run(None, {session.get_inputs()[0].name: x})
    found = ran(module, torch.from_numpy(x)).numpy()
    assert np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()
