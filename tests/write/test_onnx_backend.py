"""ONNX's own test cases, read and written again, compute what onnx computed, or are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from convcost.errors import ConvcostError
from convcost.write.onnx.model import onnx_model
from support.onnx_cases import cases, networks

runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

#: The fewest cases that are written and can be run; all others are refused by a layer's name, or
#: are of types that onnxruntime has no kernels for.
RUN = 940


def computed(name: str, model: Any, inputs: list[Any]) -> list[Any] | None:
    """What the case's network, written again, computes; None where it is refused."""
    try:
        written = onnx_model(networks()[name])
    except ConvcostError:
        return None
    runtime.set_default_logger_severity(4)
    try:
        session = runtime.InferenceSession(written.SerializeToString())
    except Exception:  # noqa: BLE001 - onnxruntime's own errors: no kernel for the types
        return None
    stored = {tensor.name for tensor in model.graph.initializer}
    names = [each.name for each in model.graph.input if each.name not in stored]
    given = dict(zip(names, inputs, strict=False))
    feeds = {each.name: given[each.name] for each in session.get_inputs()}
    if any(isinstance(value, onnx.TensorProto) or str(np.asarray(value).dtype) == "bfloat16"
           for value in feeds.values()):  # fmt: skip
        return None  # onnxruntime takes none from numpy
    found: list[Any] = session.run(None, feeds)
    return found


def differs(found: Any, wanted: Any) -> bool:
    wanted = np.asarray(wanted)
    if found.shape != wanted.shape:
        return True
    pair = found.astype("float64"), wanted.astype("float64")
    return not np.allclose(*pair, rtol=1e-3, atol=1e-4, equal_nan=True)


@pytest.mark.filterwarnings("ignore")
def test_cases_of_onnx_compute_the_same_or_are_refused() -> None:
    run, different = 0, []
    for name, (model, inputs, outputs) in cases().items():
        found = computed(name, model, inputs)
        if found is None:
            continue
        run += 1
        if any(differs(*pair) for pair in zip(found, outputs, strict=False)):
            different.append(name)
    assert different == []
    assert run >= RUN
