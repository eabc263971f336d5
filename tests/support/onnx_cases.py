"""ONNX's own test models with the inputs and outputs that are stored or generated with them."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

import convcost
from support.kept import kept

if TYPE_CHECKING:
    from convcost.network.network import Network

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"

#: A model, inputs and outputs.
Case: TypeAlias = "tuple[onnx.ModelProto, list[Any], list[Any]]"


@cache
def cases() -> dict[str, Case]:
    """Models with inputs and outputs, by name."""
    return kept("onnx_cases", _cases)


def _cases() -> dict[str, Case]:
    found = {}
    for part in ("pytorch-converted", "pytorch-operator", "simple"):
        for folder in sorted((DATA / part).iterdir()):
            inputs, outputs = (_stored(folder / "test_data_set_0", k) for k in ("input", "output"))
            found[f"{part}/{folder.name}"] = onnx.load(folder / "model.onnx"), inputs, outputs
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generated = collect_testcases(None)
    for case in generated:
        if case.model is not None:
            inputs, outputs = case.data_sets[0]
            found[case.name] = case.model, list(inputs), list(outputs)
    return found


def _stored(folder: Path, kind: str) -> list[Any]:
    files = sorted(folder.glob(f"{kind}_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    return [numpy_helper.to_array(onnx.load_tensor(path)) for path in files]


def shape_of(value: Any) -> tuple[int, ...] | None:
    """None for what is no tensor."""
    if value is None or isinstance(value, (list, dict)):
        return None
    return tuple(value.dims) if isinstance(value, TensorProto) else np.asarray(value).shape


def with_settings(model: onnx.ModelProto, inputs: list[Any]) -> tuple[onnx.ModelProto, set[str]]:
    """The model with inputs that tell how, not what, as initializers: axes, shapes, scales."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    infos = [info for info in model.graph.input if info.name not in initializers]
    changed, stored = onnx.ModelProto(), set()
    changed.CopyFrom(model)
    for place, (info, value) in enumerate(zip(infos, inputs, strict=False)):
        if isinstance(value, TensorProto) or shape_of(value) is None:
            continue
        known = np.asarray(value)
        if known.dtype.kind not in "iubf" or known.size > 500:
            continue
        if known.dtype.kind != "f" or (place and known.ndim <= 1 and known.size < 10):
            changed.graph.initializer.append(numpy_helper.from_array(known, info.name))
            stored.add(info.name)
    return changed, stored


def read(name: str) -> Network:
    """The network of a case for the inputs given."""
    model, inputs, _ = cases()[name]
    changed, stored = with_settings(model, inputs)
    infos = [
        i for i in model.graph.input if i.name not in {t.name for t in model.graph.initializer}
    ]
    pairs = zip(infos, inputs, strict=False)
    shapes = {info.name: shape_of(value) for info, value in pairs if info.name not in stored}
    given = {
        label: shape for label, shape in shapes.items() if shape is not None and 0 not in shape
    }
    return convcost.read(changed, inputs=given or None, batch_axis=None)


@cache
def networks() -> dict[str, Network]:
    return {name: read(name) for name in cases()}
