"""The difference between two networks by layer and cause: the parts add up to the whole."""

import math
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.errors import ConvcostError
from convcost.network.builder import BATCH, Builder
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.window import window
from convcost.predict import predict
from support.explained import explanation
from support.profiles import profile
from support.random_networks import networks

I9, GPU = device.load("i9-10940x"), device.load("gtx-1080-ti")
#: Of the two times together: what adding up some hundred floats may lose.
ROUNDING = 1e-12
CAUSES = {"compute", "memory", "launch", "fusion", "loss", "update", "loop"}


explained = partial(explanation, under="keras-tensorflow")


def assert_exact(found):
    """Parts and causes add up to the predicted difference."""
    first, second = (each.seconds.value for each in found.predictions)
    for parts in (found.differences, found.causes):
        whole = math.fsum(part.seconds for part in parts)
        assert abs(whole - (second - first)) <= ROUNDING * (first + second)
    assert {part.cause for part in found.differences} <= CAUSES
    assert all(part.seconds for part in found.differences)


@given(
    networks(),
    networks(),
    st.sampled_from(["keras-tf1", "keras-tensorflow", "torch", "torch-compile", "onnxruntime"]),
    st.sampled_from([I9, GPU]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_parts_of_any_two_networks_add_up(a, b, under, on, training):
    if on.kind not in runtime.load(under).rules:
        on = I9
    try:
        found = explained(a, b, on=on, under=under, training=training, batch=2)
    except ConvcostError:
        return  # a runtime without training, a network without a layer that runs
    assert_exact(found)


@pytest.mark.parametrize("workload", [{}, {"training": True, "optimizer": "adam"}],
                         ids=["inference", "training"])  # fmt: skip
@pytest.mark.parametrize(
    "names",
    [("seed000", "seed000?batch_norm=no"), ("seed001-mlp", "seed001-cnn4"), ("resnet18", "vgg16")],
)
def test_parts_by_a_profile_add_up(names, workload):
    made = profile([], training=bool(workload))
    found = explained(*map(zoo.load, names), on=device.load("laptop-cpu"), under="torch",
                      profile=made, **workload)  # fmt: skip
    assert found.predictions[0].basis == "calibrated"
    assert_exact(found)


def residual(*, apart, filters=32):
    """A convolution, a ReLU, a sum; the sum reads the convolution too where they are apart."""
    b = Builder("apart" if apart else "together", framework="keras")
    x = b.add(Input(Tensor.of(batch=BATCH, height=32, width=32, channel=16)), name="image")
    conv = b.add(Conv(filters=filters, windows=window(3, padding="same")), x, name="conv")
    relu = b.add(Activation("relu"), conv, name="relu")
    b.add(Merge("add"), conv if apart else relu, relu, name="sum")
    return b.build()


class TestFusion:
    def test_a_layer_that_loses_its_kernel_s_company(self):
        found = explained(residual(apart=False), residual(apart=True))
        together, apart = (
            {layer.name: layer for layer in each.layers} for each in found.predictions
        )
        assert together["relu"].fused_into == "conv"
        assert apart["relu"].fused_into is None
        parts = {(part.layer, part.cause): part.seconds for part in found.differences}
        assert parts["relu", "fusion"] == apart["relu"].seconds
        assert {cause for layer, cause in parts if layer in ("relu", "conv")} == {"fusion"}
        assert_exact(found)
        (fusion,) = (each for each in found.causes if each.cause == "fusion")
        assert fusion.seconds == pytest.approx(parts["relu", "fusion"]
                                               + parts.get(("conv", "fusion"), 0.0))  # fmt: skip

    def test_the_other_way_it_is_gained(self):
        lost = explained(residual(apart=False), residual(apart=True))
        gained = explained(residual(apart=True), residual(apart=False))
        of = [next(c.seconds for c in x.causes if c.cause == "fusion") for x in (lost, gained)]
        assert of[0] > 0 > of[1]
        assert of[0] == pytest.approx(-of[1])

    def test_another_size_is_no_fusion(self):
        found = explained(residual(apart=False, filters=64), residual(apart=True))
        causes = {(part.layer, part.cause) for part in found.differences}
        assert ("relu", "fusion") in causes
        assert ("conv", "fusion") not in causes
        assert ("conv", "memory") in causes or ("conv", "compute") in causes
        assert_exact(found)

    def test_what_only_one_network_has_is_what_it_costs_itself(self):
        """Without its BatchNorm a ReLU runs in the convolution's kernel: that is gained."""

        def net(*, norm):
            b = Builder("with" if norm else "without", framework="keras")
            x = b.add(Input(Tensor.of(batch=BATCH, height=32, width=32, channel=16)))
            x = b.add(Conv(filters=32, windows=window(3, padding="same")), x, name="conv")
            x = b.add(BatchNorm(), x, name="norm") if norm else x
            b.add(Activation("relu"), x, name="relu")
            return b.build()

        found = explained(net(norm=True), net(norm=False))
        causes = {(part.layer, part.cause): part for part in found.differences}
        assert causes["relu", "fusion"].seconds < 0
        assert causes["norm", "memory"].only_in == 0
        assert causes["norm", "launch"].seconds == -2 * 1.2e-5
        assert ("norm", "fusion") not in causes
        assert_exact(found)


def test_seed_000_by_cause():
    found = explained(*map(zoo.load, ("seed000", "seed000?batch_norm=no")), under="keras-tf1")
    assert {part.layer for part in found.differences} == {"batch_normalization_1"}
    assert [each.cause for each in found.causes] == ["memory", "launch"]
    assert all(part.only_in == 0 for part in found.differences)
    kernels = found.predictions[0].layers[2].kernels
    assert [x.kernel.name for x in kernels] == [
        "batch_normalization_1/multiply", "batch_normalization_1/add",
    ]  # fmt: skip
    assert found.causes[0].seconds == pytest.approx(-sum(x.memory for x in kernels))
    document = found.to_dict()
    assert document["causes"][0] == {
        "a": "seed000?batch_norm=false", "b": "seed000", "cause": "memory",
        "seconds": found.causes[0].seconds,
    }  # fmt: skip
    assert document["differences"][0]["only_in"] == "seed000"


def test_equal_networks_have_no_parts():
    found = explained(zoo.load("resnet18"), zoo.load("resnet18"), under="torch")
    assert found.differences == ()
    assert found.causes == ()
    assert found.to_dict()["causes"] == []


def test_a_layer_that_is_computed_faster_is_told_by_what_changed():
    wide, thin = (zoo.load(f"seed001-cnn?filters={x}") for x in ("64,128", "64,96"))
    found = explained(wide, thin)
    parts = {(part.layer, part.cause): part.seconds for part in found.differences}
    before, after = (
        predict(net, Workload(batch=32), device=I9, runtime=runtime.load("keras-tensorflow"))
        for net in (wide, thin)
    )
    conv = [next(x for x in each.layers if x.name == "conv2d_37") for each in (before, after)]
    assert [x.bound for x in conv] == ["compute", "compute"]
    assert parts["conv2d_37", "compute"] == pytest.approx(
        conv[1].kernels[0].compute - conv[0].kernels[0].compute
    )
    assert ("conv2d_37", "memory") not in parts
