"""The zoo's networks against the frameworks' own: every layer, its shape and its parameters."""

from __future__ import annotations

from typing import Any

import pytest

from convcost import zoo
from convcost.count import count

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", reason="Keras is not installed")


@pytest.mark.parametrize(
    ("name", "application", "options"),
    [
        ("mobilenet", "MobileNet", {}),
        ("mobilenet?alpha=0.75", "MobileNet", {"alpha": 0.75}),
        ("mobilenet?alpha=0.25&image=128", "MobileNet", {"alpha": 0.25, "image": 128}),
        ("inception-v3", "InceptionV3", {}),
        ("inception-v3?image=224&classes=10", "InceptionV3", {"image": 224, "classes": 10}),
        ("xception", "Xception", {}),
        ("resnet50-keras", "ResNet50", {}),
    ],
)
def test_keras_applications(
    keras: Any, name: str, application: str, options: dict[str, Any]
) -> None:
    keras.backend.clear_session()
    image = options.pop("image", None)
    if image is not None:
        options["input_shape"] = (image, image, 3)
    model = getattr(keras.applications, application)(weights=None, **options)
    result = count(zoo.load(name))
    total = result.total
    assert total.parameters + total.statistics == model.count_params()
    theirs = {layer.name: _keras_layer(layer) for layer in model.layers}
    ours = {
        row.name: (row.outputs[0][1:], row.parameters + row.statistics, row.inputs)
        for row in result.layers
    }
    assert ours == theirs


def _keras_layer(layer: Any) -> tuple[Any, int, tuple[str, ...]]:
    """Shape of a sample, parameters, names of the layers it reads."""
    shape = tuple(layer.output.shape[1:])
    inputs = layer.input if isinstance(layer.input, list) else [layer.input]
    names = tuple(tensor._keras_history.operation.name for tensor in inputs)
    return shape, layer.count_params(), names if names != (layer.name,) else ()


@pytest.mark.parametrize(
    ("name", "function", "options"),
    [
        ("alexnet", "alexnet", {}),
        ("vgg16", "vgg16", {}),
        ("resnet18", "resnet18", {}),
        ("resnet50", "resnet50", {}),
        ("googlenet-torchvision", "googlenet", {"aux_logits": False, "init_weights": False}),
    ],
)
def test_torchvision_models(name: str, function: str, options: dict[str, Any]) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    models = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    model = getattr(models, function)(weights=None, **options)
    theirs = {
        module: sum(parameter.numel() for parameter in leaf.parameters())
        for module, leaf in model.named_modules()
        if not list(leaf.children())
    }
    ours = {row.name: row.parameters for row in count(zoo.load(name)).layers}
    assert theirs.items() <= ours.items()
    assert sum(ours.values()) == sum(theirs.values())
