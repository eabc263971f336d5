"""What every convention has to fulfil, over every op, every network of the zoo and pasted texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from convcost.count import Count, Workload, count
from convcost.count.conventions.difference import OtherCount, count_as
from convcost.count.conventions.registry import convention, conventions
from convcost.count.conventions.sites import operators, sites
from convcost.network.builder import BATCH, Builder
from convcost.ops.input import Input
from convcost.ops.unknown import Unknown
from convcost.read import read_source
from convcost.zoo import load, names
from support.op_samples import SAMPLES as OP_SAMPLES

if TYPE_CHECKING:
    from convcost.network.network import Network

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE.parents[1] / "examples").glob("*.txt"))
SAMPLES = {
    f"{kind.__name__}-{position}": sample
    for kind, samples in OP_SAMPLES.items()
    for position, sample in enumerate(samples)
}

each_tool = pytest.mark.parametrize("tool", conventions())
each_op = pytest.mark.parametrize("name", SAMPLES)


@cache
def alone(name: str) -> Network:
    """A network of one op."""
    op, inputs = SAMPLES[name].make(BATCH)
    builder = Builder(name)
    refs = [builder.add(Input(tensor)) for tensor in inputs]
    builder.add(op, *refs, name="layer")
    return builder.build()


@cache
def counted(name: str, workload: Workload) -> tuple[Network, Count]:
    """An op alone, or a network of the zoo, and our count of it."""
    net = alone(name) if name in SAMPLES else load(name)
    return net, count(net, workload)


def check(other: OtherCount, ours: Count) -> None:
    """The figures are integers, every difference has a reason, and the reasons add up."""
    per_mac = {"MAC": 1, "FLOP": 2}[other.convention.unit]
    assert other.ours == per_mac * ours.total.forward.macs
    assert [x.name for x in other.layers] == [x.name for x in ours.layers]
    for layer in other.layers:
        assert type(layer.theirs) in (int, type(None)), layer
        assert layer.theirs is None or layer.theirs >= 0, layer
        assert bool(layer.because) == layer.differs, layer
        assert layer.differs or not layer.fault, layer
    causes = other.causes
    assert sum(cause.difference for cause in causes) == other.operations - other.ours
    named = [name for cause in causes for name in cause.layers]
    assert sorted(named) == sorted(x.name for x in other.layers if x.differs)
    assert type(other.operations) is int
    assert type(other.parameters) in (int, type(None))
    assert other.convention.activations is None or type(other.activations) is int


@each_tool
def test_a_convention_says_what_it_is(tool: str) -> None:
    found = convention(tool)
    assert found.name == tool
    assert found.says
    assert found.counts
    assert not found.counts.endswith(".")


@each_tool
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", names())
def test_networks_of_the_zoo(tool: str, name: str, *, training: bool) -> None:
    workload = Workload(batch=2, training=training)
    net, ours = counted(name, workload)
    check(count_as(net, tool, workload), ours)


@each_tool
@pytest.mark.parametrize("training", [False, True])
@each_op
def test_ops(tool: str, name: str, *, training: bool) -> None:
    workload = Workload(batch=3, training=training)
    net, ours = counted(name, workload)
    other = count_as(net, tool, workload)
    check(other, ours)
    assert other.our_parameters == ours.total.parameters


@each_tool
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_pasted_texts(tool: str, path: Path) -> None:
    for net in read_source(str(path)):
        check(count_as(net, tool), count(net))


@pytest.mark.parametrize("mode", ["inference", "training"])
@each_op
def test_operators_are_the_whole_layer(name: str, mode: Any) -> None:
    """Written with PyTorch, the parts of a layer have all of its products."""
    net = alone(name).bind({str(BATCH): 3})
    site = sites(net, mode)[-1]
    if not isinstance(site.layer.op, Unknown):
        whole = sum(equation.macs for equation in site.layer.op.equations(site.call))
        assert sum(operator.macs for operator in operators(site)) == whole
        named = [operator for operator in operators(site) if operator.macs]
        assert all(operator.name for operator in named)
