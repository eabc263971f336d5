"""What every runtime and every runner has to fulfil, and every name that they and others go by."""

from __future__ import annotations

from functools import partial
from typing import Any, get_args, get_type_hints

import pytest

from convcost import zoo
from convcost.count.conventions import paper, sites, tf_elementwise, torch_classes
from convcost.errors import UsageError
from convcost.explain.rules import memory_bound_elementwise, pass_size
from convcost.network.builder import BATCH, Builder
from convcost.ops.activation import ACTIVATIONS
from convcost.ops.input import Input
from convcost.ops.pool import Pool
from convcost.report.views.runtimes import report, report_one
from convcost.runtime import lower, runtimes
from convcost.runtime.lowering import layout
from convcost.runtime.rules import (
    BATCH_NORM,
    BIAS,
    POINTWISE,
    BatchNorms,
    Bias,
    Plain,
    Pointwise,
    Rules,
)
from convcost.runtime.runners import keras_training, torch_training
from convcost.runtime.runners.registry import runners
from support.op_sample import MODES
from support.op_samples import SAMPLES

KINDS = {kind.kind for kind in SAMPLES}
POOLS = {f"{Pool.kind} {function}" for function in get_args(get_type_hints(Pool)["function"])}
EACH_KIND = [
    pytest.param(name, kind, id=f"{name}-{kind}")
    for name, runtime in runtimes().items()
    for kind in runtime.rules
]

each_runtime = pytest.mark.parametrize("name", runtimes())
each_runner = pytest.mark.parametrize("name", runners())
each_name = pytest.mark.parametrize("name", sorted({*runtimes(), *runners()}))
each_kind = pytest.mark.parametrize(("name", "kind"), EACH_KIND)


def rules_of(name: str, kind: str) -> Rules:
    return runtimes()[name].rules[kind]  # type: ignore[index]


@pytest.mark.parametrize(
    ("table", "names"), [(BIAS, Bias), (BATCH_NORM, BatchNorms), (POINTWISE, Pointwise)]
)
def test_every_word_of_a_rule_is_explained(table: dict[str, str], names: object) -> None:
    assert set(table) == set(get_args(names))
    assert all(table.values())


@each_name
def test_every_runtime_is_shown(name: str) -> None:
    found = report_one(name, runtimes(), runners())
    (answer,) = found.document.answers
    assert answer.startswith(f"{name}: ")
    assert ("not measured" in answer) is (name not in runners())
    assert ("not predicted" in answer) is (name not in runtimes())
    (data,) = found.data["runtimes"]
    assert (data["predicted"], data["measured"]) == (name in runtimes(), name in runners())
    assert len(found.document.sections) == len(data.get("rules", ()))


def test_the_list_has_what_can_be_predicted_and_what_can_be_measured() -> None:
    found = report(runtimes(), runners()).document.records
    columns = [column.key for column in found.columns]
    rows = {row[0]: dict(zip(columns, row, strict=True)) for row in found.rows}
    assert rows.keys() == {*runtimes(), *runners()}
    assert (rows["keras-tf1"]["predicted"], rows["keras-tf1"]["measured"]) == ("yes", "no")
    assert (rows["keras-jax"]["predicted"], rows["keras-jax"]["measured"]) == ("no", "yes")
    assert all(row["title"] for row in rows.values())


@each_runner
def test_a_runner_and_its_runtime_agree(name: str) -> None:
    runner, runtime = runners()[name], runtimes().get(name)
    assert runner.name == name
    assert bool(runner.title) is (runtime is None), "a runtime's title is stated once"
    if runtime is not None:
        assert runner.trains is runtime.trains
    assert "step" in runner.loops
    assert runner.trains is ("fit" in runner.loops)


@pytest.mark.parametrize("framework", [keras_training, torch_training])
def test_an_unknown_loss_or_optimizer_is_refused_by_name(framework: Any) -> None:
    """Before the framework is imported."""
    ask = partial(framework.optimizer_for, "sdg", *([None] if framework is torch_training else []))
    for call in (ask, partial(framework.Losses, zoo.load("seed001-cnn"), "mea")):
        with pytest.raises(UsageError, match=r"unknown (optimizer 'sdg'|loss 'mea')") as caught:
            call()
        assert "Known: " in (caught.value.hint or "")


@each_kind
def test_a_rule_names_functions_that_there_are(name: str, kind: str) -> None:
    """A misspelt name would match nothing, and nobody would notice."""
    rules = rules_of(name, kind)
    named = rules.activations.union(*rules.activations_of.values(), rules.trained or ())
    if rules.blocks is not None:
        named |= rules.blocks.functions | rules.blocks.fused
        assert rules.blocks.fused <= rules.blocks.functions
    assert named <= set(ACTIVATIONS)


@each_kind
def test_a_rule_names_ops_that_there_are(name: str, kind: str) -> None:
    rules = rules_of(name, kind)
    sums = rules.blocks.sums if rules.blocks is not None else frozenset()
    assert {*rules.activations_of, *rules.sums, *sums} <= KINDS
    assert rules.padding <= KINDS - {Pool.kind} | POOLS
    assert rules.unfused <= set(get_args(Plain))


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(torch_classes._PLAIN, id="torch classes"),
        pytest.param(sites._NAMES, id="ATen operators"),
        pytest.param(tf_elementwise._FREE, id="free in TensorFlow's profiler"),
        pytest.param(paper._COUNTED, id="counted by papers"),
        pytest.param(layout._FIRST, id="channels first"),
        pytest.param(memory_bound_elementwise._FUSABLE, id="fusable"),
        pytest.param(pass_size._NOT_SEEN, id="passes over memory"),
    ],
)
def test_tables_name_ops_that_there_are(named: object) -> None:
    assert set(named) <= KINDS  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(torch_classes._ACTIVATIONS, id="torch classes"),
        pytest.param(tf_elementwise._ACTIVATIONS, id="TensorFlow's profiler"),
    ],
)
def test_tables_name_functions_that_there_are(named: object) -> None:
    assert set(named) <= set(ACTIVATIONS)  # type: ignore[call-overload]


@each_kind
def test_every_op_alone_becomes_kernels(name: str, kind: str) -> None:
    """Every sample of an op, in both modes, is lowered without a word about anything missing."""
    runtime = runtimes()[name]
    for samples in SAMPLES.values():
        for sample in samples:
            op, inputs = sample.make(BATCH)
            builder = Builder("alone")
            builder.add(op, *[builder.add(Input(tensor)) for tensor in inputs], name="layer")
            network = builder.build().bind({str(BATCH): 3})
            for mode in MODES:
                found = lower(network, runtime, kind, mode)  # type: ignore[arg-type]
                assert {layer for kernel in found for layer in kernel.layers} <= {
                    layer.name for layer in network.layers
                }


@each_kind
def test_networks_become_kernels(name: str, kind: str) -> None:
    for network in ("seed000", "mobilenet", "resnet50"):
        bound = zoo.load(network).bind({str(BATCH): 2})
        for mode in MODES:
            assert lower(bound, runtimes()[name], kind, mode)  # type: ignore[arg-type]
