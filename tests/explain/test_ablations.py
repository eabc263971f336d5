"""Each ablation where it has something to take out, where it has not, and where it does not fit."""

import re
from functools import partial
from pathlib import Path

import pytest

from convcost import device, runtime, zoo
from convcost.count import Workload, count
from convcost.errors import NetworkError, UsageError
from convcost.explain.ablations import ablations
from convcost.explain.evidence import Case
from convcost.network.builder import BATCH, Builder
from convcost.network.dataclass import replace
from convcost.network.network import Measured
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.depthwise import DepthwiseConv
from convcost.ops.input import Input
from convcost.ops.merge import Merge
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.regularization import Dropout
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.predict import predict
from support.explained import explanation

I9 = device.load("i9-10940x")


def case(network, *, under="torch", **workload):
    network = zoo.load(network) if isinstance(network, str) else network
    workload = Workload(**({"batch": 32} | workload))
    found = predict(network, workload, device=I9, runtime=runtime.load(under))
    return Case(0, network, count(network, workload), found)


def without(name, network, **options):
    return ablations()[name].without(case(network, **options))


def image(side=16, channels=4):
    builder = Builder("made", framework="keras")
    shape = Tensor.of(batch=BATCH, height=side, width=side, channel=channels)
    return builder, builder.add(Input(shape), name="image")


def figures(network, **workload):
    """What a network costs in all, without names."""
    total = count(network, Workload(batch=32, **workload)).total
    return total.parameters, total.statistics, total.forward


def test_every_ablation_is_documented_and_says_what_it_looks_for():
    page = (Path(__file__).parents[2] / "docs" / "explaining.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(ablations())
    assert all(each.LOOKS_FOR for each in ablations().values())


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("batch-norm", "seed000?batch_norm=no"),
        ("local-response-norm", "vgg16"),
        ("dropout", "alexnet"),  # at inference it does nothing
        ("few-channels", "vgg16"),
        ("padding", "seed001-mlp"),
        ("framework-loop", "vgg16"),
    ],
)
def test_nothing_to_take_out(name, network):
    assert without(name, network) is None


def test_nothing_to_make_linear():
    builder, ref = image()
    ref = builder.add(Conv(filters=4, windows=window(3)), ref)
    builder.add(Dense(units=4, activation="sigmoid"), builder.add(Flatten(), ref))
    assert without("activations", builder.build()) is None


class TestBatchNorm:
    def test_the_network_is_the_one_that_was_built_without(self):
        found = without("batch-norm", "seed000")
        assert found.layers == ("batch_normalization_1",)
        assert figures(found.network) == figures(zoo.load("seed000?batch_norm=no"))
        assert found.meaning == "folded forward into dense_1: the results stay the same"

    def test_a_layer_that_it_is_folded_into_gets_a_bias(self):
        found = without("batch-norm", "resnet18")
        convolutions = [x.op for x in found.network.layers if isinstance(x.op, Conv)]
        assert len(found.layers) == len(convolutions) == 20
        assert all(op.bias for op in convolutions)
        before = [x.op for x in zoo.load("resnet18").layers if isinstance(x.op, Conv)]
        assert not any(op.bias for op in before)
        assert found.meaning == ("20 folded back into the layers beside them: the results stay "
                                 "the same")  # fmt: skip
        # shift and scale become biases: two numbers per channel are one
        whole, cut = (count(net).total for net in (zoo.load("resnet18"), found.network))
        assert whole.statistics == 2 * (whole.parameters - cut.parameters)
        assert cut.statistics == 0

    def test_in_training_nothing_is_folded(self):
        found = without("batch-norm", "resnet18", training=True)
        assert found.meaning.startswith("they are dropped: in training nothing can be folded")
        assert not any(x.op.bias for x in found.network.layers if isinstance(x.op, Conv))

    @pytest.mark.parametrize("number", [1, 2])
    def test_one_that_folds_nowhere_changes_the_results(self, number):
        builder, ref = image()
        for _ in range(number):
            ref = builder.add(Conv(filters=4, windows=window(3), activation="relu"), ref)
            ref = builder.add(BatchNorm(), ref)
            ref = builder.add(Pool(function="max", windows=window(2, 2)), ref)
        found = without("batch-norm", builder.build())
        assert found.meaning.endswith("beside it: the results change" if number == 1
                                      else "beside them: the results change")  # fmt: skip
        assert "dropped" in found.meaning


class TestPadding:
    def test_valid_in_place_of_same(self):
        found = without("padding", "seed003?kernel=5&padding=same")
        assert found.layers == ("conv2d_1", "conv2d_2")
        assert figures(found.network) == figures(zoo.load("seed003?kernel=5&padding=valid"))
        assert (found.subject, found.usual) == ("padding", True)

    def test_same_in_place_of_valid_has_to_be_asked_for(self):
        found = without("padding", "seed003?kernel=5&padding=valid")
        assert figures(found.network) == figures(zoo.load("seed003?kernel=5&padding=same"))
        assert not found.usual

    def test_explicit_padding_of_depthwise_convolutions_too(self):
        builder, ref = image(8)
        ref = builder.add(DepthwiseConv(windows=window(3, padding=(1, 1))), ref, name="deep")
        builder.add(Conv(filters=2, windows=window(1, padding="same")), ref, name="point")
        found = without("padding", builder.build())
        assert found.layers == ("deep",)
        assert found.network.layer("point").outputs[0].shape[1:] == (6, 6, 2)

    @pytest.mark.parametrize("name", ["resnet18", "googlenet"])
    def test_sums_and_branches_do_not_fit_then(self, name):
        with pytest.raises(NetworkError):
            without("padding", name)


class TestFewChannels:
    def test_filters_fill_whole_vectors(self):
        found = without("few-channels", "seed001-cnn4", under="keras-tensorflow")
        assert found.layers == ("conv2d_38", "conv2d_39")
        assert figures(found.network) == figures(zoo.load("seed001-cnn?filters=16,16"))
        assert found.per_mac
        assert "conv2d_38 from 4 to 16 filters" in found.meaning

    def test_other_widths_behind_have_to_follow(self):
        builder, ref = image(channels=32)
        one = builder.add(Conv(filters=4, windows=window(1)), ref)
        two = builder.add(DepthwiseConv(windows=window(1)), one)
        builder.add(Merge("add"), one, two)
        assert without("few-channels", builder.build()).network is not None
        builder, ref = image(channels=4)
        one = builder.add(Conv(filters=4, windows=window(1)), ref)
        builder.add(Merge("add"), one, ref)
        with pytest.raises(NetworkError):
            without("few-channels", builder.build())


class TestOthers:
    def test_local_response_normalisation(self):
        found = without("local-response-norm", "alexnet-caffe")
        assert len(found.layers) == 2
        assert all(x.op.kind != "local_response_norm" for x in found.network.layers)

    def test_dropout_in_training(self):
        found = without("dropout", "alexnet", training=True)
        assert found.layers == ("classifier.0", "classifier.3")
        assert not any(isinstance(x.op, Dropout) for x in found.network.layers)

    def test_activations_but_those_of_the_results(self):
        builder, ref = image()
        ref = builder.add(Conv(filters=4, windows=window(3), activation="relu"), ref, name="conv")
        ref = builder.add(Activation("tanh"), ref, name="tanh")
        ref = builder.add(Activation("softmax"), ref, name="rows")
        builder.add(Dense(units=4, activation="relu"), builder.add(Flatten(), ref), name="dense")
        found = without("activations", builder.build())
        assert found.layers == ("conv", "tanh")
        assert [x.name for x in found.network.layers if isinstance(x.op, Activation)] == ["rows"]
        assert found.network.layer("conv").op.activation == "linear"
        assert found.network.layer("dense").op.activation == "relu"

    def test_the_loop_where_the_framework_has_one(self):
        network = zoo.load("seed000")
        found = without("framework-loop", network, under="keras-tensorflow")
        assert found.network is None
        assert (found.subject, found.usual) == ("the loop of evaluate", False)
        told = replace(network, measured=(Measured(seconds=4.6),))
        assert without("framework-loop", told, under="keras-tensorflow").usual
        training = without("framework-loop", network, under="keras-tensorflow", training=True)
        assert training.subject == "the loop of fit"


explained = partial(explanation, under="keras-tensorflow")


class TestPredicted:
    def test_the_change_is_that_of_the_two_predictions(self):
        found = explained("seed000", "seed000?batch_norm=no", ablate=["batch-norm"])
        (one,) = found.ablations
        with_, without_ = (each.seconds.value for each in found.predictions)
        assert one.network == 0
        assert one.predicted.seconds == pytest.approx(without_ - with_)
        assert one.predicted.share == pytest.approx(without_ / with_ - 1)
        assert one.predicted.low < one.predicted.seconds < one.predicted.high
        # and what the layer is made responsible for where both networks are compared
        causes = {each.cause: each.seconds for each in found.causes}
        assert dict(one.causes) == pytest.approx(causes)
        assert (one.measured, one.agreement, one.interrupted) == (None, None, False)
        (line,) = found.checks
        assert line.startswith("without BatchNorm seed000 takes ")
        assert line.endswith(f" less, {100 * -one.predicted.share:.0f} %, by prediction")

    def test_per_mac_it_is_what_the_macs_would_take_at_the_other_rate(self):
        (one,) = explained("seed001-cnn4", ablate=["few-channels"]).ablations
        thin, wide = case("seed001-cnn4", under="keras-tensorflow"), case(
            "seed001-cnn?filters=16,16", under="keras-tensorflow"
        )  # fmt: skip
        per_mac = [each.seconds / each.macs for each in (thin, wide)]
        assert one.predicted.share == pytest.approx(per_mac[1] / per_mac[0] - 1)
        assert one.predicted.share < 0 < wide.seconds - thin.seconds
        assert one.causes == {}

    def test_the_loop_by_the_runtime_s_rules(self):
        (one,) = explained("seed000", ablate=["framework-loop"]).ablations
        loop = runtime.load("keras-tensorflow").rules["cpu"].loop_seconds.value
        seconds = case("seed000", under="keras-tensorflow").seconds
        assert one.predicted.seconds == -loop
        assert one.predicted.share == pytest.approx(-loop / (loop + seconds))
        assert dict(one.causes) == {"loop": -loop}
        training = explained("seed000", ablate=["framework-loop"], training=True)
        assert training.ablations[0].predicted.share is None  # of a step only a part is predicted

    def test_largest_share_first_and_whatever_applies(self):
        explanation = explained("seed000", "seed001-cnn4", ablate=["all"])
        found = explanation.ablations
        shares = [each.predicted.share for each in found]
        assert shares == sorted(shares)
        assert len(explanation.checks) == 3
        assert {(each.name, each.network) for each in found} == {
            ("batch-norm", 0), ("padding", 0), ("framework-loop", 0), ("activations", 0),
            ("few-channels", 1), ("padding", 1), ("framework-loop", 1), ("activations", 1),
        }  # fmt: skip

    def test_none_without_being_asked(self):
        assert explained("seed000", ablate=None).ablations == ()
        assert explained("seed000", ablate=["none"]).ablations == ()
        assert "ablations" not in explained("seed000", ablate=()).to_dict()

    def test_the_dictionary(self):
        (one,) = explained("seed000", ablate=["batch-norm"]).to_dict()["ablations"]
        assert set(one) == {
            "name", "network", "layers", "subject", "meaning", "per_mac", "predicted",
        }  # fmt: skip
        assert set(one["predicted"]) == {"seconds", "low", "high", "share", "causes"}
        assert (one["name"], one["network"]) == ("batch-norm", "seed000")

    def test_one_network_of_two_may_refuse(self):
        found = explained("resnet18", "vgg16", ablate=["padding"], under="torch")
        assert [each.network for each in found.ablations] == [1]
        assert any(x.startswith("padding stays in resnet18: ") for x in found.assumptions)


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        (["batchnorm"], "unknown ablation 'batchnorm'", "did you mean batch-norm"),
        (["none", "padding"], "'none' and other ablations exclude each other", ""),
        (
            ["local-response-norm"],
            "there is nothing in resnet18 for 'local-response-norm' to take out",
            "local-response-norm looks for local response normalisation",
        ),
        (["padding"], "padding stays in resnet18: ", "padding looks for convolutions larger"),
    ],
)
def test_what_is_refused(names, message, hint):
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        explained("resnet18", ablate=names, under="torch")
    assert hint in (caught.value.hint or "")
