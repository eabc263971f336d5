"""What every rewrite has to fulfil: a summary, a law, a place, a refusal, a valid network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import convcost
from convcost.network.surgery import rebuilt
from convcost.rewrite.registry import rewrite_of, rewrites
from convcost.rewrite.rewrite import Refused, Rewrite, Site
from convcost.rewrite.running.valued import filled, without_values
from convcost.rewrite.sites import done, sites_of
from convcost.write.exchange import to_text
from support.rewrite_samples import SAMPLES
from support.rewriting import results

if TYPE_CHECKING:
    from convcost.network.network import Network
    from convcost.rewrite.sites import Done

each_rewrite = pytest.mark.parametrize("name", rewrites())


def everywhere(net: Network, rewrite: Rewrite) -> Done:
    found = sites_of(net, rewrite).sites
    return done(net, rewrite, {site.layer: (site.sizes or (None,))[0] for site in found})


def test_the_samples_are_those_of_the_rewrites() -> None:
    assert SAMPLES.keys() == rewrites().keys()


@each_rewrite
def test_it_says_what_it_does_and_when_it_saves(name: str) -> None:
    rewrite = rewrite_of(name)
    assert rewrite.name == name
    assert type(rewrite).__module__.split(".")[-2] == rewrite.kind
    assert 20 < len(rewrite.summary) <= 90
    assert not rewrite.summary.endswith(".")
    assert len(rewrite.law) > 20


@each_rewrite
def test_it_finds_a_place_and_names_what_changes(name: str) -> None:
    rewrite, net = rewrite_of(name), SAMPLES[name].place()
    found = [each for each in rewrite.sites(net) if isinstance(each, Site)]
    assert found
    for site in found:
        assert site.text
        assert list(site.sizes) == sorted(set(site.sizes), reverse=True)
        for size in site.sizes or (None,):
            changes = rewrite.changes(net, site, size)
            assert changes.keys() <= set(site.layers)
            assert changes == {} or rebuilt(net, changes).layers != net.layers


@each_rewrite
def test_it_refuses_what_only_looks_like_a_place(name: str) -> None:
    make = SAMPLES[name].near
    if make is None:
        pytest.skip("it refuses nothing")
    net = make()
    found = list(rewrite_of(name).sites(net))
    assert found
    for each in found:
        assert isinstance(each, Refused), each
        assert len(each.why) > 10
        net.layer(each.layer)


@each_rewrite
def test_what_comes_out_is_a_network_that_costs_no_more_macs(name: str) -> None:
    rewrite, net = rewrite_of(name), filled(SAMPLES[name].place())
    found = everywhere(net, rewrite)
    after = found.network
    assert found.sites
    tensors = [[each.tensor(ref) for ref in each.outputs] for each in (after, net)]
    assert tensors[0] == tensors[1]
    assert after.name == net.name
    (again,) = convcost.read_all(to_text(after))
    before, then = (convcost.count(each).total for each in (net, again))
    assert then.forward.macs <= before.forward.macs
    if name not in {"drop-identities", "constant-initializers"}:
        assert (then.parameters, then.forward.macs) != (before.parameters, before.forward.macs)


@each_rewrite
def test_values_are_carried_over_but_where_it_has_to_be_trained(name: str) -> None:
    rewrite, net = rewrite_of(name), filled(SAMPLES[name].place())
    after = everywhere(net, rewrite).network
    if rewrite.kind == "retrain":
        assert without_values(after)
        return
    assert not without_values(after)
    for one, other in zip(results(after), results(net), strict=True):
        assert one.shape == other.shape
        assert np.isfinite(one).all()


@each_rewrite
def test_without_values_the_structure_is_rewritten_all_the_same(name: str) -> None:
    rewrite = rewrite_of(name)
    net = SAMPLES[name].place()
    after, valued = (everywhere(each, rewrite).network for each in (net, filled(net)))
    assert [layer.op for layer in after.layers] == [layer.op for layer in valued.layers]
    assert all(p.values is None for p in after.table.values())
