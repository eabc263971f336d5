"""Programs that PyTorch exported to a file: the network, and nothing of the file is run."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import convcost
from convcost.errors import SourceError
from support.torch_networks import figures

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")
nn = torch.nn


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 4), nn.Dropout(),
    ).eval()  # fmt: skip
    path = tmp_path_factory.mktemp("exported") / "small.pt2"
    torch.export.save(torch.export.export(module, (torch.zeros(2, 3, 16, 16),)), path)
    return path


def test_an_exported_program_is_the_network(exported: Path) -> None:
    net = convcost.read(str(exported))
    total = convcost.count(net).total
    assert (total.parameters, total.statistics) == (276, 16)
    assert total.forward.macs == 14 * 14 * 27 * 8 + 32
    kinds = [layer.op.kind for layer in net.layers]
    assert kinds == ["input", "conv", "batch_norm", "activation", "global_pool", "flatten",
                     "dense", "dropout"]  # fmt: skip
    assert [layer.name for layer in net.layers][1:] == list("0123456")


def rewritten(path: Path, to: Path, change: Any) -> Path:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.endswith("models/model.json"):
                data = change(data)
            elif info.filename.endswith(".pt"):
                data = b"cos\nsystem\n(S'touch unpickled'\ntR."  # would run when unpickled
            new.writestr(info.filename, data)
    return to


def test_nothing_of_an_exported_program_is_unpickled(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    harmful = rewritten(exported, tmp_path / "harmful.pt2", lambda data: data)
    assert figures(convcost.read(str(harmful)))[1] == 276
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize(
    "target",
    ["os.system", "torch.ops.aten.from_file.default", "_operator.pow", "builtins.eval",
     "torch.ops.load_library.x.default"],
)  # fmt: skip
def test_an_exported_program_calls_operators_only(
    exported: Path, tmp_path: Path, target: str
) -> None:
    def change(data: bytes) -> bytes:
        document = json.loads(data)
        document["graph_module"]["graph"]["nodes"][2]["target"] = target
        return json.dumps(document).encode()

    with pytest.raises(SourceError, match="calls"):
        convcost.read(str(rewritten(exported, tmp_path / "harmful.pt2", change)))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"graph_module": 1}', b"null", b"\xff"])
def test_damaged_exported_programs(exported: Path, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match="damaged"):
        convcost.read(str(rewritten(exported, tmp_path / "damaged.pt2", lambda _: data)))


def test_pickles_are_refused_with_the_way_out(tmp_path: Path) -> None:
    for name in ("model.pt", "model.pth"):
        torch.save(nn.Linear(2, 2).state_dict(), tmp_path / name)
        with pytest.raises(SourceError, match="pickle") as caught:
            convcost.read(str(tmp_path / name))
        assert "convcost.read(module" in str(caught.value.hint)
