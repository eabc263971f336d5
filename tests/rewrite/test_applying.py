"""Choices in order, each step with its figures; what is refused is said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import convcost
from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.errors import NetworkError, UsageError
from convcost.network.builder import Builder
from convcost.network.dims import symbol
from convcost.network.tensor import Tensor
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.input import Input
from convcost.ops.norm import BatchNorm
from convcost.ops.window import window
from convcost.rewrite.applying import Choice, applied, repeated
from convcost.rewrite.judging.setting import Setting
from convcost.rewrite.proof.verifying import Wanted, verified
from convcost.rewrite.running.valued import filled
from support.rewriting import assert_same_results, chain, image

HERE = Setting(
    workload=Workload(), device=device.load("laptop-cpu"),
    runtime=runtime.load("keras-tensorflow"),
)  # fmt: skip


def test_each_step_begins_where_the_one_before_it_ended() -> None:
    net = zoo.load("resnet18?image=64")
    choices = [Choice("fold-batch-norm"), Choice("spatial-svd", "layer4.*.conv2", 64)]
    found = applied(net, choices, HERE)
    first, second = found.steps
    # the receptive field is of the step's own first place
    assert first.after == replace(second.before, field=None)
    assert (first.kind, len(first.sizes), set(first.sizes.values())) == ("exact", 20, {None})
    assert second.sizes == {"layer4.0.conv2": 64, "layer4.1.conv2": 64}
    counts = [convcost.count(x).total for x in (net, found.network)]
    assert (first.before.macs, second.after.macs) == tuple(x.forward.macs for x in counts)
    assert (first.before.parameters, second.after.parameters) == tuple(x.parameters for x in counts)
    assert first.before.statistics == counts[0].statistics > 0 == second.after.statistics
    assert second.before.memory_bytes is not None
    assert second.after.field is not None
    assert second.before.field is not None
    assert second.after.field.axes == second.before.field.axes
    assert found.ratio.value == pytest.approx(
        second.after.seconds.value / first.before.seconds.value
    )


def test_places_in_each_others_way_are_rewritten_one_after_the_other() -> None:
    """Each convolution reads the one before it, which is narrowed as well."""
    layers = [
        (f"conv{n}", Conv(filters=64, windows=window(3), activation="relu")) for n in range(4)
    ]
    net = filled(chain(*layers, ("end", Conv(filters=2, windows=window(3))),
                       image=image(channel=16, height=24, width=24)))  # fmt: skip
    (step,) = applied(net, [Choice("narrow", size=16)], HERE).steps
    assert step.sizes == {f"conv{n}": 16 for n in range(4)}
    after = applied(net, [Choice("narrow", size=16)], HERE).network
    assert [x.outputs[0].size("channel") for x in after.layers] == [16, 16, 16, 16, 16, 2]
    assert after.table["conv3/kernel"].shape == (3, 3, 16, 16)


def test_an_exact_rewrite_goes_on_as_long_as_it_finds_a_place() -> None:
    """Two BatchNorms: the second one stands behind the convolution when the first is gone."""
    net = filled(chain(
        ("conv", Conv(filters=4, windows=window(3))), ("one", BatchNorm()), ("two", BatchNorm()),
        image=image(),
    ))  # fmt: skip
    found = applied(net, [Choice("fold-batch-norm")], HERE)
    assert list(found.steps[0].sizes) == ["one", "two"]
    assert found.steps[0].refused == ()
    assert [x.name for x in found.network.layers] == ["image", "conv"]
    assert_same_results(found.network, net)


def test_a_pattern_chooses_places_by_any_layer_that_changes() -> None:
    net = zoo.load("resnet18?image=64")
    (step,) = applied(net, [Choice("fold-batch-norm", "layer1.*.conv?")], HERE).steps
    assert list(step.sizes) == [f"layer1.{b}.bn{n}" for b in (0, 1) for n in (1, 2)]
    assert step.pattern == "layer1.*.conv?"


def test_what_is_done_nowhere_says_why_and_the_others_are_done() -> None:
    net = zoo.load("seed000")
    found = applied(net, [Choice("fold-batch-norm"), Choice("fold-batch-norm-forward")], HERE)
    first, second = found.steps
    assert (first.verdict, first.sizes) == ("refused", {})
    assert first.reason == (
        "batch_normalization_1: behind the ReLU it cannot go back into conv2d_1"
    )
    assert first.before == first.after
    assert first.ratio.value == 1
    assert list(second.sizes) == ["batch_normalization_1"]
    nothing = applied(net, [Choice("two-3x3")], HERE).steps[0]
    assert nothing.verdict == "refused"
    assert (nothing.reason, nothing.refused) == ("there is no place for it", ())


def test_without_a_size_the_largest_that_is_worth_it_is_taken_or_none() -> None:
    # every rank is dear where a layer is small
    small = chain(("d", Dense(units=16)), image=Tensor.of(batch=1, feature=16))
    (step,) = applied(small, [Choice("dense-svd")], HERE).steps
    assert step.verdict == "refused"
    large = chain(("d", Dense(units=4096)), image=Tensor.of(batch=1, feature=4096))
    (step,) = applied(large, [Choice("dense-svd")], HERE).steps
    assert step.verdict == "worth it"
    (size,) = step.sizes.values()
    assert isinstance(size, int)
    assert size > 64
    (given,) = applied(large, [Choice("dense-svd", size=100)], HERE).steps
    assert given.sizes == {"d": 100}
    assert given.after.parameters == 2 * 100 * 4096 + 4096


def test_without_layers_it_is_done_where_it_is_worth_it_with_them_wherever_they_say() -> None:
    """Of rewrites with a size, and of those without one, alike."""
    small = chain(("c", Conv(filters=16, windows=window(3))), image=image(channel=16))
    large = chain(
        ("c", Conv(filters=512, windows=window(3))), image=image(channel=512, height=64, width=64)
    )
    for name in ("depthwise-separable", "spatial-svd"):
        (step,) = applied(small, [Choice(name)], HERE).steps
        assert step.verdict == "refused"
        assert "worth it" in step.reason
        (step,) = applied(small, [Choice(name, "*")], HERE).steps
        assert (step.verdict, list(step.sizes)) == ("not worth it", ["c"])
        (step,) = applied(large, [Choice(name)], HERE).steps
        assert (step.verdict, list(step.sizes)) == ("worth it", ["c"])


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice("fold-batchnorm"), "unknown rewrite 'fold-batchnorm'"),
        (Choice("fold-batch-norm", "convolution_9"), "unknown layer 'convolution_9'"),
        (
            Choice("fold-batch-norm-forward", size=8),
            "fold-batch-norm-forward has no size to choose",
        ),
    ],
)
def test_wrong_choices_are_refused(choice: Choice, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        applied(zoo.load("seed000"), [choice], HERE)


def test_a_size_that_one_place_cannot_have_is_refused_there_only() -> None:
    net = chain(("a", Dense(units=256)), ("b", Dense(units=32)),
                image=Tensor.of(batch=1, feature=256))  # fmt: skip
    (step,) = applied(net, [Choice("dense-svd", size=64)], HERE).steps
    assert step.sizes == {"a": 64}
    ((refused),) = step.refused
    assert refused.layer == "b"
    assert "expected 1 to 32" in refused.why


def test_open_sizes_are_named() -> None:
    open_ = Tensor.of(batch=symbol("N"), height=symbol("H"), width=8, channel=3)
    net = chain(("conv", Conv(filters=4, windows=window(3))), ("bn", BatchNorm()), image=open_)
    with pytest.raises(NetworkError, match="sizes that are not known: H"):
        applied(net, [Choice("fold-batch-norm")], HERE)


def test_a_network_that_is_trained_keeps_its_batch_norms() -> None:
    training = Setting(
        workload=Workload(batch=4, training=True), device=HERE.device, runtime=HERE.runtime
    )
    net = zoo.load("resnet18?image=64")
    found = applied(net, [Choice("fold-batch-norm"), Choice("drop-identities")], training)
    assert found.network is net
    assert "statistics, which training estimates anew" in found.steps[0].reason


def test_the_same_steps_are_done_again_to_other_values() -> None:
    net = zoo.load("resnet18?image=32")
    choices = [Choice("fold-batch-norm", "layer1.*"), Choice("spatial-svd", "layer2.*", 32)]
    found = applied(net, choices, HERE)
    again = repeated(filled(net), found.steps)
    assert [(x.name, x.op) for x in again.layers] == [(x.name, x.op) for x in found.network.layers]
    assert all(p.values is not None for p in again.table.values())


def test_the_verb_takes_names_choices_or_one_of_them() -> None:
    net = zoo.load("seed000")
    options: Any = {"device": "laptop-cpu", "batch": 32}
    one = convcost.rewrite(net, "fold-batch-norm-forward", **options)
    other = convcost.rewrite(net, [Choice("fold-batch-norm-forward")], **options)
    assert one.steps == other.steps
    assert one.changed
    assert repr(one) == "<Rewriting of seed000: fold-batch-norm-forward>"
    listed = convcost.rewrite(net, **options)
    assert listed.network is net
    assert listed.steps == ()
    assert listed.candidates is not None
    assert "candidates are worth it" in repr(listed)
    with pytest.raises(UsageError, match=r"expected a network, got builtins\.str"):
        convcost.rewrite("zoo:seed000")  # type: ignore[arg-type]


def test_the_json_has_the_keys_of_the_contract() -> None:
    net = zoo.load("seed000")
    found = convcost.rewrite(net, ["fold-batch-norm-forward"], device="laptop-cpu").to_dict()
    json.dumps(found)
    assert found["schema"] == "convcost/rewrite/1"
    (step,) = found["steps"]
    assert {"name", "kind", "layers", "before", "after", "verdict"} <= step.keys()
    assert {"macs", "parameters", "statistics", "bytes", "memory_bytes", "seconds"} <= (
        step["before"].keys()
    )
    assert step["before"]["seconds"].keys() == {"value", "low", "high", "per"}
    listed = convcost.rewrite(net, device="laptop-cpu").to_dict()
    json.dumps(listed)
    assert listed["steps"] == []
    assert {"name", "kind", "verdict", "reason", "ratio"} <= listed["candidates"][0].keys()
    assert listed["refused"][0].keys() == {"name", "layer", "why"}


def test_a_network_that_cannot_be_run_is_rewritten_and_said_to_be_unverified() -> None:
    from convcost.network.builder import BATCH
    from convcost.network.network import Ref
    from convcost.ops.view import View

    b = Builder("odd")
    x = b.add(Input(Tensor.of(batch=BATCH, feature=8)), name="x")
    y = b.add(Dense(units=8), x, name="d")
    y = b.add(BatchNorm(axis="feature"), y, name="bn")
    b.add(View((Tensor.of(batch=BATCH, feature=4),)), y, name="half")
    net = filled(b.build([Ref("half")]))
    found = convcost.rewrite(net, "fold-batch-norm", device="laptop-cpu")
    wanted = Wanted(measured=True)
    proof = verified(net, found, wanted, runtime=None, threads=None, say=lambda _: None).proof
    assert proof is not None
    assert not proof.failed
    assert proof.equality is None
    assert "not verified: layer 'half': 'view' has no counterpart" in proof.remarks[0]
