"""Parts of a network, priced by what is known of them: as if everything were worked out anew."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from convcost import device, runtime, zoo
from convcost.count import Workload, count, totals
from convcost.network.cost import FIGURES, Cost
from convcost.network.dataclass import replace
from convcost.network.surgery import New, rebuilt
from convcost.predict import predict
from convcost.predict.work import Works
from convcost.rewrite.judging.effect import effect
from convcost.rewrite.judging.excerpt import excerpt, near
from convcost.rewrite.judging.figures import Figures, Priced, memory_of, priced
from convcost.rewrite.judging.parts import Parts
from convcost.rewrite.judging.setting import Setting
from convcost.rewrite.registry import rewrites
from convcost.rewrite.rewrite import Site
from convcost.runtime.memory import memory
from support.profiles import profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcost.network.network import Network

NETWORKS = ("seed000", "seed003", "resnet18?image=64", "mobilenet?image=64")
#: Steps around a change, as `Parts` has them.
AROUND = 4


def setting(name: str = "keras-tensorflow", *, known: bool = False, **workload: Any) -> Setting:
    """By data sheet; or by a profile."""
    asked = Workload(**{"batch": 8, **workload})
    by = runtime.load(name)
    works = Works(zoo.load("resnet18").bind({"N": 8}), asked)
    found = [works.of((row.layer.name,), "forward") for row in works.costs]
    learned = profile(found, runtime=name, training=asked.training) if known else None
    return Setting(workload=asked, device=device.load("laptop-cpu"), runtime=by, profile=learned)


SETTINGS = {
    "data sheet": setting(),
    "onnxruntime": setting("onnxruntime", batch=1),
    "profile": setting("torch", known=True),
    "training": setting("torch", training=True, optimizer="adam"),
    "float16": setting("torch", dtype="float16"),
}


def anew(network: Network, by: Setting, beside: Cost) -> Priced:
    """Priced by the verbs alone: the whole ledger, the whole prediction, nothing known before."""
    network = replace(network, name=network.name)
    counted = count(network, by.workload)
    total = counted.total
    cost = total.step if by.workload.training else total.forward
    prediction = predict(
        network, by.workload, device=by.device, runtime=by.runtime, profile=by.profile,
        beside=beside,
    )  # fmt: skip
    figures: dict[str, Any] = {
        "macs": cost.macs, "parameters": total.parameters, "statistics": total.statistics,
        "bytes": cost.bytes, "seconds": prediction.seconds, "complete": counted.complete,
    }  # fmt: skip
    bound = network.bind({"N": by.workload.batch})
    return Priced(network, bound, Figures(**figures), prediction, total.forward)


def minus(whole: Cost, part: Cost) -> Cost:
    return Cost(**{name: getattr(whole, name) - getattr(part, name) for name in FIGURES})


def changes(network: Network) -> Iterator[tuple[str, Mapping[str, Sequence[New]]]]:
    """Of every rewrite: its second place, or else its first, in its largest and smallest size."""
    for rewrite in rewrites().values():
        sites = (each for each in rewrite.sites(network) if isinstance(each, Site))
        for site in [*itertools.islice(sites, 2)][-1:]:
            for size in {*site.sizes[:1], *site.sizes[-1:]} or {None}:
                yield f"{rewrite.name} {site.layer}", rewrite.changes(network, site, size)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *(("seed000", how) for how in SETTINGS),
        ("seed003", "training"),
        ("mobilenet?image=64", "onnxruntime"),
        ("resnet18?image=64", "data sheet"),
        ("resnet18?image=64", "profile"),
    ],
)
def test_a_change_is_priced_as_if_nothing_were_known(name: str, how: str) -> None:
    network, by = zoo.load(name), SETTINGS[how]
    whole = priced(network, by)
    assert whole.figures == anew(network, by, Cost()).figures
    parts, seen = Parts(whole, by), 0
    for label, change in changes(network):
        read = {ref.layer for new in change.values() for each in new for ref in each.inputs}
        start = {*change, *(read & {layer.name for layer in network.layers})}
        part = excerpt(network, near(network, start, AROUND))
        rest = minus(whole.forward, count(part, by.workload).total.forward)
        before, after = anew(part, by, rest), anew(rebuilt(part, change), by, rest)
        assert parts.around(change).changed(change) == effect(before, after), label
        assert parts.around(change).changed(change) == effect(before, after), f"{label}, again"
        seen += 1
    assert seen > 3


@pytest.mark.parametrize("how", ["data sheet", "training"])
def test_what_a_rebuilt_network_knows_already_is_what_it_would_find(how: str) -> None:
    by = SETTINGS[how]
    network = zoo.load("resnet18?image=64").bind({"N": by.workload.batch})
    for label, change in changes(network):
        totals(network, by.workload)
        made = rebuilt(network, change)
        assert count(made, by.workload) == count(replace(made, name=made.name), by.workload), label
        for layer in made.layers:
            kept = made.call(layer, by.workload.mode)
            assert kept.inputs == tuple(made.tensor(ref) for ref in layer.inputs), label
            assert kept.parameters == tuple(made.table[id_] for id_ in layer.parameters), label


@pytest.mark.parametrize("by", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("name", NETWORKS)
def test_memory_is_that_of_the_verb(name: str, by: Setting) -> None:
    network = zoo.load(name)
    peak = memory(network, by.workload, runtime=by.runtime).peak
    assert memory_of(network, by) == memory_of(priced(network, by).bound, by) == peak
