"""The kernels that the rules give are those that the frameworks' own records show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from convcost import runtime
from convcost.count import Workload
from convcost.count.workload import DEFAULT_LOSS
from support.files import ROOT
from support.lowering_cases import cases

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.runtime import Kernel

SCRIPT = ROOT / "tests/support/recorded_groups.py"
BATCH = 2
#: Layers and a phase.
Group = tuple[frozenset[str], str]
#: What each runtime is made of, and its kernels that neither compute nor move anything: views,
#: reads of parameters, and, in training, additions, which hand their gradient on.
RUNTIMES: dict[str, tuple[str, frozenset[str]]] = {
    "onnxruntime": ("onnxruntime", frozenset({"Reshape", "Identity", "Dropout"})),
    "torch": ("torch", frozenset({
        "permute", "Flatten", "flatten", "reshape", "ViewBackward0", "PermuteBackward0",
        "UnsafeViewBackward0", "AddBackward0",
    })),
    "keras-tensorflow": ("tensorflow", frozenset({"ReadVariableOp", "_Send", "_Recv"})),
}  # fmt: skip
_OUTSIDE = (
    "TensorFlow's gradient of silu is a function of its own, whose operations are outside of the "
    "layer's scope: their time is that of the layer before"
)
#: What the rules do not give, and why. An entry whose case agrees again is an error.
KNOWN: dict[tuple[str, str, str], str] = {
    ("keras-tensorflow", "googlenet", "inference"): (
        "a source with channels first: what Keras is given is turned first, which is a kernel of "
        "the first convolution besides the fused one"
    ),
    ("keras-tensorflow", "googlenet", "training"): "likewise",
    ("keras-tensorflow", "inception-v3-block", "inference"): (
        "TensorFlow moves equal activations of tensors of one shape behind their concatenation: "
        "one kernel with the first one's name"
    ),
    ("keras-tensorflow", "sum of sums", "inference"): (
        "TensorFlow makes one AddN of several additions, with the last one's name"
    ),
    ("keras-tensorflow", "sum of sums", "training"): "likewise",
    ("keras-tensorflow", "conv, functions", "training"): _OUTSIDE,
    ("keras-tensorflow", "depthwise_conv, functions", "training"): _OUTSIDE,
    ("keras-tensorflow", "dense, functions", "training"): _OUTSIDE,
    ("keras-tensorflow", "drawn 5", "inference"): "TensorFlow leaves this graph as it is",
}


networks = cache(cases)


@cache
def recorded(name: str) -> dict[str, dict[str, Any]]:
    """What the script found: by case and mode the spans of a run, or why there was none."""
    module, _ = RUNTIMES[name]
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    told = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), name], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def lowered(net: Network, name: str, mode: str) -> tuple[Kernel, ...]:
    """By the rules, for the same run."""
    training = mode == "training"
    work = Workload(batch=BATCH, training=training, loss=DEFAULT_LOSS if training else None)
    return runtime.lower_step(net, work, runtime.load(name), "cpu")


def groups(net: Network, name: str, mode: str, spans: Any) -> set[Group]:
    """Of a record, without views and what does nothing in this mode."""
    idle = RUNTIMES[name][1] | ({"Dropout"} if mode == "inference" else set())
    found = set()
    for layers, phase, kernels in spans:
        if phase in {"forward", "backward"} and layers and not idle.issuperset(kernels.split(", ")):
            working = [each for each in layers if works(net, each, mode)]
            found.add((frozenset(working or layers), phase))
    return found


def works(net: Network, name: str, mode: Any) -> bool:
    """Whether a layer computes or moves anything."""
    layer = net.layer(name)
    return layer.op.touches_data(net.call(layer, mode))


NAMES = tuple(networks("torch"))


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.parametrize("name", RUNTIMES)
def test_the_rules_give_the_groups_that_the_record_has(name: str, case: str) -> None:
    net = networks(name)[case]
    runs = recorded(name)[case]
    assert runs
    for mode, spans in runs.items():
        assert not isinstance(spans, str), spans
        there = groups(net, name, mode, spans)
        given = {(frozenset(each.layers), each.phase) for each in lowered(net, name, mode)}
        known = KNOWN.get((name, case, mode))
        if known is None:
            assert given == there, mode
        else:
            assert given != there, f"{mode} agrees now: {known}"


def test_every_known_difference_is_of_a_case() -> None:
    assert all(name in RUNTIMES and case in NAMES for name, case, _ in KNOWN)


def names(kernels: Any, layer: str) -> list[str]:
    """Of a layer's kernels, by the rules."""
    return [each.name for each in kernels if each.layers == (layer,)]


def ops(case: str, layer: str) -> list[str]:
    """Of a layer's kernels, by TensorFlow's record of inference."""
    spans = recorded("keras-tensorflow")[case]["inference"]
    return [op for layers, _, op in spans if layers == [layer]]


def test_keras_composes_a_normalisation_of_a_product_and_a_sum() -> None:
    given = lowered(networks("keras-tensorflow")["seed000"], "keras-tensorflow", "inference")
    layer = "batch_normalization_1"
    assert names(given, layer) == [f"{layer}/multiply", f"{layer}/add"]
    assert {"Mul", "AddV2"} <= {*ops("seed000", layer)}
    assert not any("Fused" in op for op in ops("seed000", layer))


def test_an_addition_takes_over_the_sum_of_the_normalisation_before() -> None:
    given = lowered(networks("keras-tensorflow")["residual"], "keras-tensorflow", "inference")
    assert names(given, "norm") == ["norm/multiply"]
    assert names(given, "sum") == ["sum", "sum/shift"]
    assert sorted(ops("residual", "sum")) == ["AddN", "AddV2"]
