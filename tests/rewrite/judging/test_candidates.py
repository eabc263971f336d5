"""The verdict before anything is done: figures, sizes by predicted time, reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import convcost
from convcost import device, runtime, zoo
from convcost.count import Workload
from convcost.errors import NetworkError, UsageError
from convcost.network.dims import symbol
from convcost.network.tensor import Tensor
from convcost.ops.activation import Activation
from convcost.ops.conv import Conv
from convcost.ops.dense import Dense
from convcost.ops.norm import BatchNorm
from convcost.ops.pool import Pool
from convcost.ops.reshape import Flatten
from convcost.ops.window import window
from convcost.predict import Estimate
from convcost.predict.columns import TERMS
from convcost.rewrite import sites as places
from convcost.rewrite.applying import Choice, applied
from convcost.rewrite.judging.candidates import Candidate, Candidates, candidates
from convcost.rewrite.judging.effect import Effect, effect
from convcost.rewrite.judging.excerpt import excerpt, near
from convcost.rewrite.judging.figures import Figures, priced
from convcost.rewrite.judging.parts import Parts
from convcost.rewrite.judging.search import largest_worth_it
from convcost.rewrite.judging.setting import Setting
from convcost.rewrite.judging.verdict import Judged, judged
from convcost.rewrite.registry import rewrite_of
from convcost.rewrite.rewrite import Site
from convcost.rewrite.sites import done, groups, sites_of
from support.profiles import profile
from support.rewriting import chain, image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcost.predict.work import Work

HERE = Setting(
    workload=Workload(batch=8), device=device.load("laptop-cpu"),
    runtime=runtime.load("keras-tensorflow"),
)  # fmt: skip


def of(net: str, *names: str, batch: int = 8) -> Candidates:
    setting = Setting(workload=Workload(batch=batch), device=HERE.device, runtime=HERE.runtime)
    return candidates(zoo.load(net), setting, names=names)


def only(found: Candidates) -> Candidate:
    (each,) = found.found
    return each


def test_seed000_is_told_to_fold_forward() -> None:
    found = of("seed000", "fold-batch-norm", "fold-batch-norm-forward", batch=32)
    each = only(found)
    assert each.name == "fold-batch-norm-forward"
    assert each.text == "fold batch_normalization_1 into dense_1"
    assert each.verdict == "worth it"
    assert (each.before.parameters, each.after.parameters) == (1_410_027, 1_409_963)
    assert (each.before.statistics, each.after.statistics) == (64, 0)
    assert each.before.macs == each.after.macs == 32 * 2_293_760
    # it is the whole BatchNorm that goes
    prediction = convcost.predict(
        zoo.load("seed000"), device="laptop-cpu", runtime="keras-tensorflow", batch=32
    )
    norm = next(x for x in prediction.layers if x.name == "batch_normalization_1")
    assert each.saved == pytest.approx(norm.seconds, rel=0.05)
    ((name, refused),) = found.refused
    assert (name, refused.layer) == ("fold-batch-norm", "batch_normalization_1")
    assert refused.why == "behind the ReLU it cannot go back into conv2d_1"


@pytest.mark.parametrize("name", ["fold-batch-norm", "spatial-svd", "narrow", "bottleneck"])
def test_figures_are_those_of_the_rewritten_network(name: str) -> None:
    """Differences of parts are taken for the whole; here they are compared with the whole."""
    net, rewrite = zoo.load("resnet18?image=64"), rewrite_of(name)
    for each in candidates(net, HERE, names=(name,)).found[:3]:
        sizes = dict.fromkeys(each.places, each.size)
        whole = priced(done(net, rewrite, sizes).network, HERE).figures
        for figure in ("macs", "parameters", "statistics", "bytes"):
            assert getattr(each.after, figure) == getattr(whole, figure), each.places
        assert each.after.seconds.value == pytest.approx(whole.seconds.value, rel=0.03)


def test_all_places_of_an_exact_rewrite_are_one_candidate_and_alike_ones_of_others() -> None:
    found = of("resnet18", "fold-batch-norm", "spatial-svd")
    exact = [each for each in found.found if each.kind == "exact"]
    assert [len(each.places) for each in exact] == [20]
    others = [each for each in found.found if each.kind != "exact"]
    assert any(len(each.places) == 4 for each in others)  # layer1's four convolutions
    places = [place for each in others for place in each.places]
    assert len(places) == len(set(places))


def test_places_that_are_known_are_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    net, rewrite = zoo.load("resnet18?image=64"), rewrite_of("bottleneck")
    there = sites_of(net, rewrite)
    wanted = [{x.layer: x.sizes[-1] for x in group} for group in groups(net, rewrite, there.sites)]
    others = [done(net, rewrite, each) for each in wanted]

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(places, "sites_of", never)
    for each, other in zip(wanted, others, strict=True):
        found = done(net, rewrite, each, there=there)
        assert (found.network.layers, found.sites) == (other.network.layers, other.sites)
        assert found.refused == other.refused == ()


def test_the_most_saved_come_first_and_what_is_not_worth_it_last() -> None:
    found = of("alexnet", batch=1).found
    worth = [each for each in found if each.verdict == "worth it"]
    assert list(found[: len(worth)]) == worth
    order = ("worth it", "undecided", "not worth it")
    for verdict in order:
        saved = [each.saved for each in found if each.verdict == verdict]
        assert saved == sorted(saved, reverse=True)
    places = [order.index(each.verdict) for each in found]
    assert places == sorted(places)
    assert {each.verdict for each in found} >= {"worth it", "not worth it"}
    for each in worth:
        assert each.ratio.high < 1
        assert each.ratio.value < 0.98
        assert each.after.memory_bytes is not None
        assert each.before.memory_bytes is not None


def test_the_largest_size_that_is_worth_it_is_chosen_by_predicted_time() -> None:
    net = zoo.load("vgg16")
    rewrite = rewrite_of("spatial-svd")
    each = max(of("vgg16", "spatial-svd", batch=1).found, key=lambda x: x.saved)
    assert each.size is not None
    site = next(s for s in rewrite.sites(net) if s.layer == each.places[0])
    sizes = site.sizes  # type: ignore[union-attr]
    assert each.size in sizes
    setting = Setting(workload=Workload(), device=HERE.device, runtime=HERE.runtime)
    larger = [size for size in sizes if size > each.size]
    for size in larger[-1:]:
        network = net
        for place in each.places:
            network = applied(network, [Choice(rewrite.name, place, size)], setting).network
        change = effect(priced(net, setting), priced(network, setting))
        assert not judged(rewrite, change, each.before).worth_it


def test_a_network_bound_by_launches_is_told_so() -> None:
    """LeNet, a digit at a time: starting kernels is most of what it does."""
    lenet = chain(
        ("conv1", Conv(filters=6, windows=window(5), activation="tanh")),
        ("pool1", Pool(function="average", windows=window(2, 2))),
        ("conv2", Conv(filters=16, windows=window(5), activation="tanh")),
        ("pool2", Pool(function="average", windows=window(2, 2))),
        ("flat", Flatten()),
        ("dense1", Dense(units=120, activation="tanh")),
        ("dense2", Dense(units=10)),
        image=image(channel=1, height=28, width=28),
    )
    setting = Setting(
        workload=Workload(), device=device.load("gtx-1080-ti"), runtime=runtime.load("torch")
    )
    found = candidates(lenet, setting)
    assert len(found.found) > 5
    assert found.worth_it == ()
    assert any("bound by launches" in each.reason for each in found.found)
    assert any("goes into starting" in each.reason for each in found.found)


def test_a_rewrite_whose_gain_is_not_predicted_says_so() -> None:
    from dataclasses import replace

    net = zoo.load("seed000")
    table = {id_: replace(p, overridable=True) for id_, p in net.table.items()}
    each = only(candidates(replace(net, table=table), HERE, names=("constant-initializers",)))
    assert each.verdict == "worth it"
    assert each.ratio.value == 1
    assert "--verify measures it" in each.reason


def test_in_training_what_is_for_inference_only_is_refused() -> None:
    setting = Setting(
        workload=Workload(batch=8, training=True), device=HERE.device, runtime=HERE.runtime
    )
    found = candidates(zoo.load("resnet18"), setting, names=("fold-batch-norm", "spatial-svd"))
    assert {each.name for each in found.found} == {"spatial-svd"}
    whys = {each.why for name, each in found.refused if name == "fold-batch-norm"}
    assert whys == {
        ("the network is to be trained: it fixes the statistics, which training estimates anew in "
         "every batch")
    }  # fmt: skip


def test_open_sizes_are_named() -> None:
    open_ = Tensor.of(batch=symbol("N"), height=symbol("H"), width=8, channel=3)
    net = chain(("conv", Conv(filters=4, windows=window(3))), image=open_)
    with pytest.raises(NetworkError, match="sizes that are not known: H") as caught:
        candidates(net, HERE)
    assert "--dim H=32" in str(caught.value.hint)


def test_a_pattern_that_fits_no_layer_and_an_unknown_name_are_refused() -> None:
    with pytest.raises(UsageError, match="unknown layer 'cnv\\*'"):
        candidates(zoo.load("seed000"), HERE, pattern="cnv*")
    with pytest.raises(UsageError, match="unknown rewrite 'fold-batchnorm'") as caught:
        of("seed000", "fold-batchnorm")
    assert "fold-batch-norm" in str(caught.value.hint)


def test_a_pattern_chooses_places() -> None:
    found = candidates(zoo.load("resnet18"), HERE, pattern="layer2.*")
    assert found.found
    assert all(any(name.startswith("layer2.") for name in each.layers) for each in found.found)


FIGURES = Figures(
    macs=1000, parameters=10, statistics=0, bytes=100, seconds=Estimate(1.0, 0.8, 1.25),
    complete=True,
)  # fmt: skip
NOTHING = {"macs": 0, "parameters": 0, "statistics": 0, "bytes": 0, "gone_launches": 0.0,
           "new_launches": 0.0, "gone_kernels": 1, "new_kernels": 3}  # fmt: skip


def verdict(gone: float, new: float, **more: float) -> Judged:
    change = Effect(**(NOTHING | {"gone": gone, "new": new} | more))  # type: ignore[arg-type]
    return judged(rewrite_of("spatial-svd"), change, FIGURES)


@pytest.mark.parametrize(
    ("found", "wanted", "reason"),
    [
        (verdict(0.5, 0.1), "worth it", "saves 40 %"),
        (verdict(0.3, 0.25), "undecided", "saves 5.0 % by prediction, which is not sure of it"),
        (verdict(0.3, 0.29), "not worth it", "saves less than 2.0 % (0.99x the time)"),
        (verdict(0.3, 0.29, gone_launches=0.2), "not worth it", (
         "saves less than 2.0 % (0.99x the time): what it changes is bound by launches, 67 % of "
         "that goes into starting 1 kernel")),
        (verdict(0.3, 0.6, macs=-400), "not worth it",
         "would take longer: 1.30x the time, with 0.6x the MACs"),
        (verdict(0.3, 0.6, macs=-400, new_launches=0.4), "not worth it",
         ("would take longer: 1.30x the time, with 0.6x the MACs; 67 % of what is new goes into "
          "starting 3 kernels")),
    ],
)  # fmt: skip
def test_verdicts_have_their_reason(found: Judged, wanted: str, reason: str) -> None:
    assert found.verdict == wanted
    assert found.reason.startswith(reason)


def test_an_excerpt_takes_what_the_whole_takes() -> None:
    net = zoo.load("resnet18")
    around = excerpt(net, near(net, ["layer2.0.conv2"], 4))
    whole, part = (priced(x, HERE) for x in (net, around))
    rows = {row.name: row.seconds for row in whole.prediction.layers}
    for row in part.prediction.layers:
        if row.op in {"conv", "batch_norm"} and row.seconds:
            assert row.seconds == pytest.approx(rows[row.name])


def test_an_excerpt_of_branches_is_whole() -> None:
    net = zoo.load("googlenet")
    part = excerpt(net, near(net, [net.layers[40].name], 2))
    assert convcost.count(part).complete
    names = {layer.name for layer in part.layers}
    assert all(ref.layer in names for layer in part.layers for ref in layer.inputs)


def test_what_is_equal_cancels_in_the_ratio() -> None:
    net = chain(
        ("conv", Conv(filters=64, windows=window(3, padding="same"))), ("norm", BatchNorm()),
        ("relu", Activation("relu")), image=image(channel=64, height=32, width=32),
    )  # fmt: skip
    each = only(candidates(net, HERE, names=("fold-batch-norm",)))
    # the convolution stays, so its error does not count
    spread = each.before.seconds.high / each.before.seconds.low
    assert each.ratio.high / each.ratio.low < spread**0.6


class Cold:
    """A model by which kernels take long in a run of so many MACs, and hardly anything in less."""

    def __init__(self, macs: int) -> None:
        self.macs = macs

    def knows(self, work: Work) -> bool:
        return work.kind is not None

    def seconds_and_terms(self, works: Sequence[Work]) -> tuple[Any, Any]:
        times = [1e-3 if work.run_macs > self.macs else 1e-9 for work in works]  # type: ignore[operator]
        return np.array(times), np.ones((len(works), len(TERMS)))


def test_a_part_is_predicted_as_a_part_of_its_networks_run() -> None:
    """What a profile says of a kernel depends on what else passes through the caches."""
    net, rewrite = zoo.load("resnet18?image=64"), rewrite_of("depthwise-separable")
    known: Any = profile([], runtime="keras-tensorflow", whole=(0.0, 0.0, 0.0),
                         model=Cold(9 * of("resnet18?image=64").before.macs // 80))  # fmt: skip
    setting = Setting(workload=Workload(), device=HERE.device, runtime=HERE.runtime, profile=known)
    whole = priced(net, setting)
    site = next(x for x in rewrite.sites(net) if x.layer == "layer2.0.conv2")
    assert isinstance(site, Site)
    found = largest_worth_it(Parts(whole, setting), rewrite, [site])
    assert found is not None
    change = effect(whole, priced(rewrite.rewritten(net, {site: None}), setting))
    assert found.effect.gone == pytest.approx(change.gone)
    assert found.effect.gone == pytest.approx(1e-3)
    assert found.effect.new == pytest.approx(2e-3)
