"""Published networks of Keras: the parameters that folding leaves, and the same outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost.rewrite.applying import Choice, applied
from convcost.rewrite.judging.setting import Setting
from convcost.write.keras.model import keras_model
from support.files import shared

if TYPE_CHECKING:
    from pathlib import Path

    from convcost.network.network import Network

pytestmark = pytest.mark.filterwarnings("ignore")
keras = pytest.importorskip("keras", reason="Keras is not installed")

#: KITO's README: parameters and statistics before and after, and how many BatchNorms go.
PAIRS = {
    "MobileNet": (4_253_864, 4_221_032, 27, 27),
    "ResNet50": (25_636_712, 25_530_472, 53, 53),
    "InceptionV3": (23_851_784, 23_817_352, 94, 94),
    "Xception": (22_910_480, 22_828_688, 40, 40),
    "DenseNet121": (8_062_504, 8_040_040, 59, 121),
}


def stored(net: Network) -> int:
    total = convcost.count(net).total
    return int(total.parameters + total.statistics)


def folded(net: Network) -> Any:
    from convcost import device

    setting = Setting.chosen(net, device=device.load("laptop-cpu"))
    return applied(net, [Choice("fold-batch-norm")], setting)


@pytest.mark.parametrize("name", PAIRS)
def test_the_published_pairs_of_parameters(name: str) -> None:
    before, after, norms, all_of_them = PAIRS[name]
    net = convcost.read(getattr(keras.applications, name)(weights=None))
    assert stored(net) == before
    found = folded(net)
    assert stored(found.network) == after
    (step,) = found.steps
    assert (len(step.sizes), len(step.sizes) + len(step.refused)) == (norms, all_of_them)


@pytest.mark.parametrize(
    ("name", "size"), [("MobileNet", 64), ("DenseNet121", 64), ("ResNet50", 64)]
)
def test_the_outputs_stay(name: str, size: int) -> None:
    keras.utils.set_random_seed(0)
    make = getattr(keras.applications, name)
    model = make(weights=None, input_shape=(size, size, 3), classes=10)
    state = np.random.default_rng(0)
    for weight in model.weights:
        path = weight.path
        if "variance" in path or "gamma" in path:
            weight.assign(state.uniform(0.5, 1.5, weight.shape))
        elif "mean" in path or "beta" in path:
            weight.assign(state.normal(0, 0.1, weight.shape))
    net = convcost.read(model)
    after = keras_model(folded(net).network)
    x = state.normal(size=(2, size, size, 3)).astype("float32")
    wanted, got = (each.predict(x, verbose=0) for each in (model, after))
    assert np.abs(wanted - got).max() <= 1e-4 * np.abs(wanted).max()
    names = {layer.name for layer in after.layers}
    left = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)
            and layer.name in names]  # fmt: skip
    assert len(left) == (0 if name != "DenseNet121" else 62)


def test_a_trained_file_is_rewritten_into_its_own_format(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from convcost.cli.main import group

    path = shared("models", "mlperftiny_ic_resnet8_cifar10.h5")
    new = tmp_path / "new.keras"
    words = ["rewrite", str(path), "--apply", "fold-batch-norm", "-o", str(new)]
    result = CliRunner().invoke(group, [*words, "--device", "laptop-cpu"])
    assert result.exit_code == 0, result.stderr
    assert "random" not in result.stderr
    before, after = (keras.models.load_model(p, compile=False) for p in (path, new))
    x = np.random.default_rng(0).normal(size=(4, 32, 32, 3)).astype("float32")
    wanted, got = (each.predict(x, verbose=0) for each in (before, after))
    assert np.abs(wanted - got).max() <= 1e-5
    assert after.count_params() < before.count_params()
