"""Models of keras.applications, read in every way: the same parameters and MACs each time.

The oracles are Keras's ``count_params()`` and TensorFlow's profiler, whose figures for all 40
models the benchmark keeps: ``benchmarks/keras_applications``.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import convcost

pytestmark = pytest.mark.filterwarnings("ignore")

RESULTS = Path(__file__).parents[2] / "benchmarks" / "keras_applications" / "results.csv"
MODELS = (
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "MobileNetV2",
    "NASNetMobile",
    "Xception",
)
#: Models whose default summary does not print all layers, and where it prints no classes either.
NESTED = {"ConvNeXtTiny"}


class Figures(NamedTuple):
    parameters: int
    macs: int
    complete: bool


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras", reason="the oracle is Keras itself: pip install keras")


@pytest.fixture(scope="module", params=MODELS)
def model(request: Any, keras: Any) -> Any:
    keras.utils.clear_session()
    with pytest.MonkeyPatch.context() as patch:
        # Keras refuses NASNet on PyTorch because it would compute other values; shapes are the same
        from keras.src.applications import nasnet

        patch.setattr(nasnet.backend, "backend", lambda: "tensorflow")
        build = getattr(keras.applications, request.param)
        built = build(weights=None)
    built.constructor = request.param
    return built


@pytest.fixture(scope="module")
def profiled(model: Any) -> dict[str, int]:
    with RESULTS.open(encoding="utf-8", newline="") as file:
        rows = {row.pop("model"): row for row in csv.DictReader(file)}
    return {name: int(value) for name, value in rows[model.constructor].items()}


def figures(source: Any) -> Figures:
    counted = convcost.count(convcost.read(source))
    total = counted.total
    return Figures(total.parameters + total.statistics, total.forward.macs, counted.complete)


def expected(profiled: dict[str, int]) -> Figures:
    """Keras's parameters; the profiler's MACs, and those of the grouped ones that it leaves out."""
    by_op = (profiled[f"tensorflow_{kind}"] for kind in ("conv", "depthwise", "dense"))
    macs = sum(by_op) + profiled["grouped_conv"]
    return Figures(profiled["count_params"], macs, complete=True)


def printed(model: Any, columns: int, *, expanded: bool = False) -> str:
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        model.summary(print_fn=lines.append, expand_nested=expanded)
    return "\n".join(lines)


def test_live(model: Any, profiled: dict[str, int]) -> None:
    assert model.count_params() == profiled["count_params"]
    assert figures(model) == expected(profiled)


def test_architecture(model: Any, profiled: dict[str, int]) -> None:
    assert figures(model.to_json()) == expected(profiled)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_saved(model: Any, profiled: dict[str, int], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model.{suffix}"
    model.save(path)
    assert figures(path) == expected(profiled)


@pytest.mark.parametrize("columns", [200, 80])
def test_summary_of_keras_3(model: Any, profiled: dict[str, int], columns: int) -> None:
    text = printed(model, columns, expanded=model.constructor in NESTED)
    assert figures(text) == expected(profiled)


@pytest.mark.parametrize("style", ["cut", "wrapped"])
def test_summary_of_keras_2(
    model: Any, profiled: dict[str, int], keras2_table: Any, style: str
) -> None:
    found = figures(getattr(keras2_table, style)(model))
    if model.constructor in NESTED:
        assert found.parameters == profiled["count_params"]
        assert found.macs < expected(profiled).macs
        assert not found.complete
    else:
        assert found == expected(profiled)


def test_a_model_whose_layers_are_not_printed_is_a_lower_bound(
    model: Any, profiled: dict[str, int]
) -> None:
    if model.constructor not in NESTED:
        pytest.skip("all of its layers are printed")
    counted = convcost.count(convcost.read(printed(model, 200)))
    assert counted.total.parameters + counted.total.statistics == profiled["count_params"]
    assert counted.total.forward.macs < expected(profiled).macs
    assert {unknown.why.rsplit(" (", 1)[1] for unknown in counted.unknown} == {
        "summary(expand_nested=True))"
    }
